"""The library: sixty materials with drawings of our own."""

import io
from datetime import datetime, timedelta
from random import Random

from PIL import Image

from guideapp.core.templatetags.page import TINTS
from guideapp.demo import drawings
from guideapp.demo.company import DAYS, SEED
from guideapp.demo.content import MaterialWords, Words
from guideapp.materials.models import Category, Material, MaterialFile
from guideapp.materials.services import (
    MaterialText,
    add_category,
    publish,
    save_material,
    store_content,
    withdraw_material,
)
from guideapp.organisation.models import Brand, Guide, Store

_DRAFTS, _EXPIRED, _WITHDRAWN, _LOCAL = 3, 3, 2, 4  # of the sixty, from the end
_SHOP = "https://mall.example.com"
_APP_ID = "wx0a1b2c3d4e5f6071"


def seed(said: Words, *, brand: Brand, at: datetime) -> None:
    """Write and publish what headquarters would: most of it live, some drafts, some past."""
    random = Random(SEED + 2)  # noqa: S311 -- a story, not a secret
    editor = Guide.objects.with_userid(said.hq_content.userid).get()
    shelves = {
        name: add_category(brand=brand, name=name, editor=editor) for name in said.categories
    }
    stores = list(Store.objects.order_by("code"))
    covers: dict[tuple[str, str], MaterialFile] = {}
    total = len(said.materials)
    for place, wanted in enumerate(said.materials):
        tint = TINTS[place % len(TINTS)]
        if (wanted.drawing, tint) not in covers:
            picture = drawings.cover(wanted.drawing, tint, variant=place)
            covers[wanted.drawing, tint] = store_content(
                content=picture, name=f"{wanted.title}.png", guide=editor
            )
        text = _text(said, wanted, shelves[wanted.category], covers[wanted.drawing, tint], editor)
        local = _DRAFTS + _EXPIRED + _WITHDRAWN <= total - 1 - place < 12
        material = save_material(
            material=None,
            kind=wanted.kind,
            text=text,
            only_stores=stores[:_LOCAL] if local else [],
            editor=editor,
        )
        _bring_out(material, total - 1 - place, editor, at, random)


def _bring_out(
    material: Material, from_end: int, editor: Guide, at: datetime, random: Random
) -> None:
    """Publish at some day of the last months; the last few stay drafts, expire or are withdrawn."""
    if from_end < _DRAFTS:
        return
    published = at - timedelta(days=random.triangular(2, DAYS, DAYS), hours=random.randrange(9))
    publish(material_id=material.pk, editor=editor, at=published)
    if from_end < _DRAFTS + _EXPIRED:
        Material.objects.filter(pk=material.pk).update(valid_until=at - timedelta(days=1))
    elif from_end < _DRAFTS + _EXPIRED + _WITHDRAWN:
        withdraw_material(material_id=material.pk, editor=editor)


def _text(
    said: Words, wanted: MaterialWords, shelf: Category, cover: MaterialFile, editor: Guide
) -> MaterialText:
    kind = Material.Kind(wanted.kind)
    file = {Material.Kind.IMAGE: cover}.get(kind)
    if kind == Material.Kind.FILE:
        file = store_content(content=_booklet(wanted), name=f"{wanted.title}.pdf", guide=editor)
    style = next((row.style_no for row in said.products if row.name in wanted.title), "")
    return MaterialText(
        title=wanted.title,
        category=shelf,
        summary=wanted.summary,
        body=said.texts.get(wanted.title) or said.body.format(summary=wanted.summary),
        tags=" ".join(filter(None, (wanted.category, style))),
        link_url=f"{_SHOP}/p/{style or 'new'}" if kind == Material.Kind.LINK else "",
        mini_program_appid=_APP_ID if kind == Material.Kind.MINI_PROGRAM else "",
        mini_program_page="pages/product.html" if kind == Material.Kind.MINI_PROGRAM else "",
        earn_hint_fen=wanted.earn_yuan * 100 or None,
        drawing=wanted.drawing,
        file=file,
        cover=cover,
    )


def _booklet(wanted: MaterialWords) -> bytes:
    """A PDF of eight drawn pages."""
    pages = [
        Image.open(io.BytesIO(drawings.cover(wanted.drawing, tint, variant=place)))
        for place, tint in enumerate((*TINTS, *TINTS[:3]))
    ]
    target = io.BytesIO()
    pages[0].save(target, "PDF", save_all=True, append_images=pages[1:])
    return target.getvalue()
