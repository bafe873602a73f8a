"""周晚晴, the customer of the README and of the pictures: what everybody knows about her."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from guideapp.catalogue.models import Product, Sku
from guideapp.core.clock import SHANGHAI
from guideapp.core.fields import blind_index
from guideapp.materials.models import Material
from guideapp.materials.services import (
    SharedThen,
    ViewedThen,
    record_share_history,
    record_visit_history,
)
from guideapp.members.models import Contact, ImportantDate, Member, MemberAsset
from guideapp.members.services import (
    Purchase,
    PurchaseLine,
    apply_rules_to_everybody,
    merge,
    note_preference,
    save_rule,
)
from guideapp.organisation.models import Brand, Guide

NUMBER, POINTS = "HY2026007731", 3260
_BALANCE_FEN = 50_000
_EVENINGS = (2, 4)  # days ago that she looked at something at eight
# Days ago, and what was paid for each piece, in yuan: 9 orders, 23 pieces, ¥12,680.
_ORDERS = (
    (18, (899,)),
    (40, (569,)),
    (75, (899, 459, 329)),
    (110, (1899, 259)),
    (150, (629, 459, 399)),
    (190, (699, 469, 299)),
    (230, (629, 329, 259)),
    (270, (499, 329, 299)),
    (320, (699, 699, 459, 212)),
)


def purchases(
    member: Member, guide: Guide, skus: list[tuple[Sku, Product]], at: datetime
) -> list[Purchase]:
    """Her nine orders; the first two are those of the pictures."""
    fixed = iter((_named(skus, "圆领羊绒开衫", "鼠尾草绿"), _named(skus, "高腰直筒西裤", "燕麦")))
    others = _of_size(skus)
    return [
        Purchase(
            member=member,
            order_no=f"WH{at:%y}7731{number:02d}",
            lines=[_line(*next(fixed, None) or next(others), yuan) for yuan in paid],
            store=guide.store,
            guide=guide,
            at=at - timedelta(days=days),
        )
        for number, (days, paid) in enumerate(_ORDERS)
    ]


def seed(*, external_userid: str, guide: str, brand: Brand, at: datetime) -> None:
    """After people, identity and history."""
    contact = Contact.objects.select_related("member").get(external_userid=external_userid)
    linxm = Guide.objects.with_userid(guide).get()
    if contact.member is None:
        return
    _one_person(contact.member, at)
    contact.member.cards.filter(brand=brand).update(balance_fen=_BALANCE_FEN)
    _assets(contact.member, brand, at)
    birthday = (at + timedelta(days=3)).astimezone(SHANGHAI)
    ImportantDate.objects.update_or_create(
        member=contact.member,
        kind=ImportantDate.Kind.BIRTHDAY,
        ended_at=None,
        defaults={"month": birthday.month, "day": birthday.day, "source": "会员系统", "at": at},
    )
    note_preference(contact, linxm, "top_size", "M", at=at - timedelta(days=60))
    _evenings(contact, linxm, at)
    save_rule(name="近期看大衣", trigger="viewed", params={"word": "大衣", "times": 2, "days": 14})
    save_rule(name="晚上 8 点活跃", trigger="hour", params={"hour": 20, "times": 2, "days": 30})
    apply_rules_to_everybody.call()


def _one_person(member: Member, at: datetime) -> None:
    """The till knew her by phone before WeCom did."""
    old = Member.objects.create(
        name=member.name,
        phone=member.phone,
        phone_bidx=member.phone_bidx,
        phone_tail_bidx=blind_index(member.phone[-4:]),
        phone_verified=True,
        number="POS00412",
        source="收银系统",
        as_of=at,
    )
    merge(member, old, evidence="phone")


def _assets(member: Member, brand: Brand, at: datetime) -> None:
    MemberAsset.objects.bulk_create(
        MemberAsset(
            member=member,
            brand=brand,
            code=f"Q7731{number}",
            title=title,
            amount_fen=amount_fen,
            threshold_fen=threshold_fen,
            expires_at=at + timedelta(days=days),
            source="会员系统",
            as_of=at,
        )
        for number, (title, amount_fen, threshold_fen, days) in enumerate(
            (("满 500 减 80", 8000, 50000, 4), ("满 1,000 减 120", 12000, 100000, 40))
        )
    )


def _evenings(contact: Contact, guide: Guide, at: datetime) -> None:
    """Two evenings on which she looked at what she had been sent."""
    material = Material.objects.exclude(status=Material.Status.DRAFT).order_by("pk")[1]
    evenings = [
        (at.astimezone(SHANGHAI) - timedelta(days=days)).replace(hour=20, minute=12)
        for days in _EVENINGS
    ]
    shares = record_share_history(
        [
            SharedThen(
                material=material,
                guide=guide,
                contact=contact,
                at=evening - timedelta(minutes=50),
            )
            for evening in evenings
        ]
    )
    record_visit_history(
        [
            ViewedThen(share=share, at=evening, dwell_ms=41_000, depth=70)
            for share, evening in zip(shares, evenings, strict=True)
        ]
    )


def _named(skus: list[tuple[Sku, Product]], name: str, colour: str) -> tuple[Sku, Product]:
    in_size = [(sku, product) for sku, product in skus if sku.size == "M"]
    of_name = [pair for pair in in_size if pair[1].name == name] or in_size
    return next((pair for pair in of_name if pair[0].colour == colour), of_name[0])


def _of_size(skus: list[tuple[Sku, Product]]) -> Iterator[tuple[Sku, Product]]:
    """Other goods in her size, one after the other."""
    in_size = [pair for pair in skus if pair[0].size == "M"]
    while True:
        yield from in_size[::7]


def _line(sku: Sku, product: Product, yuan: int) -> PurchaseLine:
    return PurchaseLine(sku.code, product.name, sku.colour, sku.size, 1, yuan * 100)
