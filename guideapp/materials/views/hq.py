"""Headquarters' library: the list with its figures, the upload panel, the form, the shelves."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guideapp.core.clock import now
from guideapp.core.errors import GuideAppError, NoRoom
from guideapp.core.htmx import render_fragment
from guideapp.core.kept_files import files_with_rows, lost_a_file
from guideapp.core.search import matching
from guideapp.materials.errors import UploadRefused
from guideapp.materials.forms import HqFilterForm, MaterialForm, UploadedForm, stores_of
from guideapp.materials.models import Category, Material, MaterialFile, Standing
from guideapp.materials.services import (
    MaterialText,
    cover_url,
    file_url,
    publish,
    save_material,
    store_upload,
    withdraw_material,
)
from guideapp.materials.services.addresses import COVER
from guideapp.materials.services.editing import FILE_KINDS
from guideapp.materials.services.figures import library_figures, quiet_materials
from guideapp.materials.services.files import largest_upload, limits, limits_in_words
from guideapp.materials.services.versions import earlier_versions
from guideapp.materials.views.public import page_context
from guideapp.organisation.auth import GuideRequest, content_required
from guideapp.organisation.models import Guide

PER_PAGE = 10
_TITLE_MAX = 40


@require_GET
@content_required
def hq_library(request: GuideRequest) -> HttpResponse:
    """素材库: figures, filters, the table, the upload panel."""
    return _library_page(request, UploadedForm(), [])


def _library_page(
    request: GuideRequest,
    panel: UploadedForm,
    uploaded: list[dict[str, Any]],
    *,
    refusal: str = "",
) -> HttpResponse:
    form = HqFilterForm(request.GET)
    form.is_valid()  # a bad filter is dropped, so that an old address still opens
    wanted = form.cleaned_data
    found = _found(wanted)
    page = Paginator(found.order_by("-created_at", "-pk"), PER_PAGE).get_page(wanted.get("page"))
    context: dict[str, Any] = {
        "section": "materials",
        "page": page,
        "rows": [(material, cover_url(material)) for material in page],
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "tabs": _tabs(wanted),
        "categories": Category.objects.select_related("brand").order_by("order", "name"),
        "wanted": wanted,
        "panel": panel,
        "uploaded": uploaded,
        "refusal": refusal,
        "limits": limits(),
        "limits_in_words": limits_in_words(),
        "kinds": [Material.Kind.LINK, Material.Kind.MINI_PROGRAM, Material.Kind.TEXT],
    }
    if request.headers.get("HX-Target") != "hq-list":
        context |= {"figures": library_figures(), "guides": Guide.objects.active().count()}
        context["as_of"] = now()
    return render_fragment(request, "materials/hq_library.html", "list", context)


def _found(wanted: dict[str, Any]) -> QuerySet[Material]:
    found = Material.objects.select_related("category", "file", "cover").filter(
        matching("search_terms", wanted.get("q", ""))
    )
    if wanted.get("category"):
        found = found.filter(category=wanted["category"])
    status = wanted.get("status")
    if status == "quiet":
        return found.standing(Standing.LIVE, at=now()).filter(quiet_materials())
    return found.standing(status, at=now()) if status else found


def _tabs(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The status tabs with their counts over the whole library. One query."""
    at = now()
    begun = Q(valid_from=None) | Q(valid_from__lte=at)
    lasting = Q(valid_until=None) | Q(valid_until__gt=at)
    live = Q(status=Material.Status.LIVE)
    counts = Material.objects.aggregate(
        all=Count("pk"),
        live=Count("pk", filter=live & begun & lasting),
        timed=Count("pk", filter=live & Q(valid_from__gt=at)),
        draft=Count("pk", filter=Q(status=Material.Status.DRAFT)),
        expired=Count("pk", filter=live & Q(valid_until__lte=at)),
        withdrawn=Count("pk", filter=Q(status=Material.Status.WITHDRAWN)),
    )
    tabs = [("", _("全部"), counts["all"])]
    tabs += [(standing.value, str(standing.label), counts[standing.value]) for standing in Standing]
    chosen = wanted.get("status") or ""
    return [
        {"value": value, "label": label, "count": count, "is_on": value == chosen}
        for value, label, count in tabs
    ]


# Before the token is read Django reads the whole body: what is far too big is refused unread.
@csrf_exempt
@require_POST
@content_required
def upload(request: GuideRequest) -> HttpResponse:
    """One file a request; the answer is its row in the panel, with a title to edit."""
    if int(request.headers.get("Content-Length") or 0) > largest_upload():
        return _upload_refused(request, UploadRefused(limits_in_words()), "")
    response: HttpResponse = _upload(request)
    return response


@csrf_protect
def _upload(request: GuideRequest) -> HttpResponse:
    sent = request.FILES.get("file")
    if lost_a_file(request):
        return _upload_refused(request, NoRoom(), "")
    if not isinstance(sent, UploadedFile):
        return _upload_refused(request, UploadRefused(_("没有收到文件")), "")
    try:
        stored = store_upload(upload=sent, guide=request.actor.guide)
    except (UploadRefused, NoRoom) as refusal:
        return _upload_refused(request, refusal, sent.name or "")
    context = {"item": _item(stored)}
    return render(request, "materials/hq_library.html#uploaded", context)


def _upload_refused(request: GuideRequest, refusal: GuideAppError, name: str) -> HttpResponse:
    context = {"name": name, "message": refusal.message}
    page = "materials/hq_library.html#upload_refused"
    return render(request, page, context, status=refusal.status)


def _item(file: MaterialFile, title: str | None = None) -> dict[str, Any]:
    stem = file.name.rpartition(".")[0] or file.name
    return {
        "file": file,
        "title": stem[:_TITLE_MAX] if title is None else title,
        "cover": file_url(file, variant=COVER) if file.cover_path else "",
    }


@require_POST
@content_required
def create_from_files(request: GuideRequest) -> HttpResponse:
    """Make one material of each uploaded file; files that came with the form are taken in first."""
    form = UploadedForm(request.POST)
    refusals, files = _files_of(request, form)
    items = [_item(file, title) for file, title in files]
    if not items:
        refusals.append(_("先选文件"))
    if refusals or not form.is_valid():
        return _library_page(request, form, items, refusal="；".join(refusals))
    try:
        made = _make_materials(request, form, files)
    except GuideAppError as refusal:
        return _library_page(request, form, items, refusal=str(refusal.message))
    if len(made) == 1:
        return redirect("materials:hq_edit", made[0].pk)
    return redirect(f"{reverse('materials:hq_library')}?made={len(made)}")


def _files_of(
    request: GuideRequest, form: UploadedForm
) -> tuple[list[str], list[tuple[MaterialFile, str]]]:
    """Refusals, and the files with their titles: uploaded before, or along with this form."""
    refusals = []
    titles = form.titles()
    own = MaterialFile.objects.filter(pk__in=titles, uploaded_by=request.actor.guide)
    files = [(file, titles[file.pk]) for file in own.order_by("pk")]
    for sent in request.FILES.getlist("files"):
        try:
            file = store_upload(upload=sent, guide=request.actor.guide)
        except (UploadRefused, NoRoom) as refusal:
            refusals.append(f"{sent.name}：{refusal.message}")
        else:
            files.append((file, _item(file)["title"]))
    for _file, title in files:
        if not 0 < len(title) <= _TITLE_MAX:
            words = {"limit": _TITLE_MAX, "n": len(title)}
            refusals.append(_("标题要有 1 到 %(limit)s 个字，现在 %(n)s 个") % words)
    return refusals, files


@transaction.atomic
def _make_materials(
    request: GuideRequest, form: UploadedForm, files: list[tuple[MaterialFile, str]]
) -> list[Material]:
    data = form.cleaned_data
    earn = data.get("earn_yuan")
    made = []
    for file, title in files:
        material = save_material(
            material=None,
            kind=file.kind,
            text=MaterialText(
                title=title,
                category=data["category"],
                earn_hint_fen=int(earn * 100) if earn is not None else None,
                drawing="g-bag",
                file=file,
                valid_from=data["valid_from"] if data["timed"] else None,
            ),
            only_stores=[],
            editor=request.actor.guide,
        )
        if "publish" in request.POST:
            material = publish(material_id=material.pk, editor=request.actor.guide)
        made.append(material)
    return made


@require_http_methods(["GET", "POST"])
@content_required
def new(request: GuideRequest) -> HttpResponse:
    """A new material of the kind that the address names."""
    kind = request.GET.get("kind", Material.Kind.LINK)
    if kind not in Material.Kind.values:
        kind = Material.Kind.LINK
    return _form_page(request, kind, None)


@require_http_methods(["GET", "POST"])
@content_required
def edit(request: GuideRequest, material_id: int) -> HttpResponse:
    """Change a material; a live one gets a new version."""
    materials = Material.objects.select_related("file", "cover", "category", "edited_by", "brand")
    material = get_object_or_404(materials, pk=material_id)
    return _form_page(request, material.kind, material)


def _form_page(request: GuideRequest, kind: str, material: Material | None) -> HttpResponse:
    refusal, status = "", 200
    if request.method == "POST":
        status = 422
        form = MaterialForm(request.POST, request.FILES, kind=kind, material=material)
        if form.is_valid():
            try:
                saved = _save(request, form, kind, material)
            except GuideAppError as error:
                refusal, status = str(error.message), error.status
            else:
                return redirect(f"{reverse('materials:hq_edit', args=[saved.pk])}?saved=1")
    else:
        form = MaterialForm(kind=kind, material=material)
    context = {
        "section": "materials",
        "form": form,
        "kind": Material.Kind(kind),
        "material": material,
        "versions": earlier_versions(material) if material else [],
        "cover": cover_url(material) if material else "",
        "refusal": refusal,
        "limits_in_words": limits_in_words(),
        "saved": "saved" in request.GET and request.method == "GET",
    }
    return render(request, "materials/hq_form.html", context, status=status)


@files_with_rows()
@transaction.atomic
def _save(
    request: GuideRequest, form: MaterialForm, kind: str, material: Material | None
) -> Material:
    """Files, row and, where asked for, the publishing: all or nothing."""
    editor = request.actor.guide
    file = _upload_of(form, "file", editor, material.file if material else None)
    cover = _upload_of(form, "cover", editor, material.cover if material else None)
    if cover is not None and not cover.cover_path:
        raise UploadRefused(_("封面要用图片"))
    if file is not None and kind in FILE_KINDS and file.kind != kind:
        raise UploadRefused(_("文件的类型和素材不一致，换一个文件"))
    saved = save_material(
        material=material,
        kind=kind,
        text=form.text(file=file, cover=cover),
        only_stores=list(stores_of(form)),
        editor=editor,
    )
    if "publish" in request.POST:
        saved = publish(material_id=saved.pk, editor=editor)
    return saved


def _upload_of(
    form: MaterialForm, name: str, editor: Guide, kept: MaterialFile | None
) -> MaterialFile | None:
    sent = form.cleaned_data.get(name)
    return store_upload(upload=sent, guide=editor) if sent else kept


@require_POST
@content_required
def withdraw(request: GuideRequest, material_id: int) -> HttpResponse:
    """Take a material down."""
    withdraw_material(material_id=material_id, editor=request.actor.guide)
    return redirect("materials:hq_edit", material_id)


@require_GET
@content_required
def preview(request: GuideRequest, material_id: int) -> HttpResponse:
    """The customer's page as it would be, without a visit."""
    materials = Material.objects.select_related("brand", "file", "cover")
    material = get_object_or_404(materials, pk=material_id)
    context = page_context(request, material, "preview") | {"is_preview": True}
    return render(request, "materials/public.html", context)
