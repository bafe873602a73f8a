"""Headquarters arranges the shelves of the library (管理分类)."""

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from guideapp.core.errors import GuideAppError
from guideapp.materials.forms import CategoryForm
from guideapp.materials.models import Category
from guideapp.materials.services import add_category, remove_category, rename_category
from guideapp.organisation.auth import GuideRequest, content_required
from guideapp.organisation.models import Brand


@require_http_methods(["GET", "POST"])
@content_required
def categories(request: GuideRequest) -> HttpResponse:
    """All shelves with how many materials stand on each; POST puts up a new one."""
    if request.method == "GET":
        return _page(request, CategoryForm())
    form = CategoryForm(request.POST)
    brand = get_object_or_404(Brand, pk=request.POST.get("brand", "0"))
    if form.is_valid():
        try:
            add_category(brand=brand, name=form.cleaned_data["name"], editor=request.actor.guide)
        except GuideAppError as refusal:
            form.add_error("name", str(refusal.message))
        else:
            return redirect("materials:hq_categories")
    return _page(request, form)


def _page(request: GuideRequest, form: CategoryForm, refusal: str = "") -> HttpResponse:
    shelves = Category.objects.select_related("brand").annotate(n=Count("materials"))
    context = {
        "section": "materials",
        "form": form,
        "refusal": refusal,
        "brands": Brand.objects.order_by("name"),
        "shelves": shelves.order_by("brand", "order", "name"),
    }
    status = 422 if form.errors or refusal else 200
    return render(request, "materials/hq_categories.html", context, status=status)


@require_POST
@content_required
def change_category(request: GuideRequest, category_id: int) -> HttpResponse:
    """Rename or move a shelf, or with `remove` take an empty one down."""
    category = get_object_or_404(Category, pk=category_id)
    form = CategoryForm(request.POST)
    editor = request.actor.guide
    try:
        if "remove" in request.POST:
            remove_category(category=category, editor=editor)
        elif form.is_valid():
            name, order = form.cleaned_data["name"], form.cleaned_data["order"]
            rename_category(
                category=category,
                name=name,
                order=category.order if order is None else order,
                editor=editor,
            )
    except GuideAppError as refusal:
        return _page(request, CategoryForm(), str(refusal.message))
    if form.errors and "remove" not in request.POST:
        return _page(request, CategoryForm(), " ".join(map(str, form.errors["name"])))
    return redirect("materials:hq_categories")
