"""Headquarters writes the library: save, publish, withdraw, categories. Everything is audited."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError
from django.utils.translation import gettext as _

from guideapp.compliance.services import require_clean
from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.search import search_terms
from guideapp.materials.errors import (
    CategoryInUse,
    CategoryTaken,
    MaterialUnknown,
    NotReadyToPublish,
)
from guideapp.materials.models import Category, Material, MaterialFile
from guideapp.materials.services.media import SENDABLE, enqueue_upload
from guideapp.materials.services.versions import keep_version
from guideapp.organisation.models import Brand, Guide, Store

_NOT_EDITED = (
    "status",
    "published_at",
    "withdrawn_at",
    "version",
    "sent_count",
    "viewed_count",
)
FILE_KINDS = frozenset({Material.Kind.IMAGE, Material.Kind.VIDEO, Material.Kind.FILE})


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialText:
    """What a person writes about a material; the brand is the category's."""

    title: str
    category: Category
    summary: str = ""
    body: str = ""
    tags: str = ""
    link_url: str = ""
    mini_program_appid: str = ""
    mini_program_page: str = ""
    earn_hint_fen: int | None = None
    drawing: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    file: MaterialFile | None = None
    cover: MaterialFile | None = None


@transaction.atomic
def save_material(
    *,
    material: Material | None,
    kind: str,
    text: MaterialText,
    only_stores: Sequence[Store],
    editor: Guide | None,
) -> Material:
    """Create a draft, or change a material; a live one gets a new version and is checked first.

    What a live one said before is kept (MaterialVersion), also when two people save at once.
    Raises NotReadyToPublish or WordingRefused when a live one would become unfit; nothing is saved.
    """
    is_new = material is None
    material = material or Material(kind=kind)
    before = _before(material)
    if before is not None:
        _refresh(material, before)
    changed = _apply(material, text, before)
    material.brand = text.category.brand
    material.search_terms = search_terms(f"{material.title} {material.tags}")
    material.edited_by = editor
    if material.status == Material.Status.LIVE:
        _require_fit(material)
        if changed and before is not None:
            keep_version(before, changed=changed, editor=editor)
            material.version += 1
        _enqueue_original(material)
    material.save()
    material.only_stores.set(only_stores)
    record_audit(
        actor=editor.userid if editor else "",
        action="material.create" if is_new else "material.edit",
        subject=f"material:{material.pk}",
        changed=sorted(changed),
        version=material.version,
    )
    return material


def _before(material: Material) -> Material | None:
    """The row as it stands, locked; the caller's may have been read before another save."""
    rows = Material.objects.select_for_update(of=("self",))
    related = rows.select_related("category", "file", "cover")
    return related.filter(pk=material.pk).first() if material.pk else None


def _refresh(material: Material, before: Material) -> None:
    """Take over what others may have written meanwhile: no save brings a withdrawn one back."""
    for name in _NOT_EDITED:
        setattr(material, name, getattr(before, name))


def _apply(material: Material, text: MaterialText, before: Material | None) -> set[str]:
    """Write the fields over; returns the names of those that differ now."""
    changed = set()
    for field in fields(text):
        value: Any = getattr(text, field.name)
        known = getattr(before, field.name) if before else None
        if value != known:
            changed.add(field.name)
        setattr(material, field.name, value)
    return changed


@transaction.atomic
def publish(*, material_id: int, editor: Guide | None, at: datetime | None = None) -> Material:
    """Put a draft or a withdrawn material into the library, now or from its `valid_from` on.

    Publishing a live one changes nothing. Raises MaterialUnknown, NotReadyToPublish (something a
    customer needs is missing) or WordingRefused.
    """
    material = _locked(material_id)
    if material.status == Material.Status.LIVE:
        return material
    at = at or now()
    _require_fit(material)
    if material.valid_until and material.valid_until <= at:
        raise NotReadyToPublish(_("有效期已经过了，先改结束时间"))
    material.status = Material.Status.LIVE
    material.published_at = max(at, material.valid_from or at)
    material.withdrawn_at = None
    material.edited_by = editor
    material.save()
    _enqueue_original(material)
    _audit("material.publish", material, editor)
    return material


@transaction.atomic
def withdraw_material(*, material_id: int, editor: Guide | None) -> Material:
    """Take a material out of the library at once; links sent before say that it is gone."""
    material = _locked(material_id)
    if material.status != Material.Status.WITHDRAWN:
        material.status = Material.Status.WITHDRAWN
        material.withdrawn_at = now()
        material.edited_by = editor
        material.save()
        _audit("material.withdraw", material, editor)
    return material


def _locked(material_id: int) -> Material:
    rows = Material.objects.select_for_update(of=("self",)).select_related("brand", "file")
    material = rows.filter(pk=material_id).first()
    if material is None:
        raise MaterialUnknown
    return material


def _audit(action: str, material: Material, editor: Guide | None) -> None:
    record_audit(
        actor=editor.userid if editor else "",
        action=action,
        subject=f"material:{material.pk}",
        version=material.version,
    )


def _enqueue_original(material: Material) -> None:
    if material.file is not None and material.file.content_type in SENDABLE:
        enqueue_upload(material.file)


def _require_fit(material: Material) -> None:
    """Everything that a customer will need is there, and no word that must not be."""
    missing = _missing(material)
    if missing:
        raise NotReadyToPublish(_("还缺%(what)s") % {"what": missing})
    words = (material.title, material.summary, material.body, material.tags)
    require_clean("\n".join(words), material.brand)


def _missing(material: Material) -> str:
    kind = material.kind
    if kind == Material.Kind.TEXT and not material.body:
        return _("正文")
    if kind == Material.Kind.LINK and not material.link_url:
        return _("链接地址")
    if kind == Material.Kind.MINI_PROGRAM:
        if not material.mini_program_appid:
            return _("小程序 AppID")
        if not material.mini_program_page:
            return _("小程序页面路径")
    if kind in FILE_KINDS and material.file is None:
        return _("文件")
    return ""


@transaction.atomic
def add_category(*, brand: Brand, name: str, editor: Guide | None) -> Category:
    """Put up a new shelf behind the others. Raises CategoryTaken."""
    last = Category.objects.filter(brand=brand).aggregate(last=Max("order"))["last"] or 0
    if Category.objects.filter(brand=brand, name=name).exists():
        raise CategoryTaken
    try:
        with transaction.atomic():
            category = Category.objects.create(brand=brand, name=name, order=last + 1)
    except IntegrityError:
        raise CategoryTaken from None
    _audit_category("category.create", category, editor)
    return category


@transaction.atomic
def rename_category(*, category: Category, name: str, order: int, editor: Guide | None) -> Category:
    """Give a shelf another name or place. Raises CategoryTaken."""
    category.name, category.order = name, order
    try:
        with transaction.atomic():
            category.save()
    except IntegrityError:
        raise CategoryTaken from None
    _audit_category("category.edit", category, editor)
    return category


@transaction.atomic
def remove_category(*, category: Category, editor: Guide | None) -> None:
    """Take an empty shelf down. Raises CategoryInUse."""
    _audit_category("category.remove", category, editor)
    try:
        with transaction.atomic():
            category.delete()
    except ProtectedError:
        raise CategoryInUse from None


def _audit_category(action: str, category: Category, editor: Guide | None) -> None:
    record_audit(
        actor=editor.userid if editor else "",
        action=action,
        subject=f"category:{category.pk}",
        name=category.name,
    )
