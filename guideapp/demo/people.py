"""Members with cards, what they bought, and what guides noted about them."""

from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from guideapp.catalogue.models import Product, Sku
from guideapp.demo import star
from guideapp.demo.company import SEED, Company, Person
from guideapp.demo.content import Words
from guideapp.members.models import Contact, FollowRelation, Member
from guideapp.members.services import (
    Purchase,
    PurchaseLine,
    open_card,
    record_purchases,
    save_member,
    write_note,
)
from guideapp.organisation.models import Brand, Guide

_ORDERS = {"金卡": (5, 12), "银卡": (2, 6), "普卡": (0, 3)}  # by level, in the last year
_POINTS_PER_YUAN = 0.3
_CREDITED_SHARE = 0.7


def seed(said: Words, company: Company, *, brand: Brand, at: datetime) -> None:
    """Everything that a retailer knows about its members before WeCom comes."""
    random = Random(SEED + 1)  # noqa: S311 -- a story, not a secret
    skus = _goods(said)
    guides = {guide.userid: guide for guide in Guide.objects.select_related("store")}
    with transaction.atomic():
        members = {
            person.number: _member(person, guides, random)
            for person in company.people
            if person.is_member
        }
    purchases = [
        purchase
        for person in company.people
        if person.is_member
        for purchase in _purchases(person, members[person.number], guides, skus, at, random)
    ]
    record_purchases(sorted(purchases, key=lambda purchase: purchase.at))
    with transaction.atomic():
        _cards(company, members, purchases, brand, random)
        _notes(said, company, guides, at, random)


def _goods(said: Words) -> list[tuple[Sku, Product]]:
    products = Product.objects.bulk_create(
        Product(
            style_no=product.style_no,
            name=product.name,
            drawing=product.drawing,
            list_price_fen=product.price_yuan * 100,
        )
        for product in said.products
    )
    skus = Sku.objects.bulk_create(
        Sku(
            product=product,
            code=f"{product.style_no}-{colour_no}{size}",
            colour=colour,
            size=size,
        )
        for product in products
        for colour_no, colour in enumerate(said.colours)
        for size in said.sizes
    )
    return [(sku, sku.product) for sku in skus]


def _member(person: Person, guides: dict[str, Guide], random: Random) -> Member:
    first = guides[person.follows[0].userid]
    return save_member(
        name=person.full_name,
        phone=person.phone,
        unionid=person.unionid,
        home_store=first.store if random.random() < 0.9 else None,
    )


def _purchases(
    person: Person,
    member: Member,
    guides: dict[str, Guide],
    skus: list[tuple[Sku, Product]],
    at: datetime,
    random: Random,
) -> list[Purchase]:
    guide = guides[person.follows[0].userid]
    if person.number == 0:
        return star.purchases(member, guide, skus, at)
    count = random.randint(*_ORDERS[person.level])
    return [
        Purchase(
            member=member,
            order_no=f"WH{at:%y}{person.number:04d}{number:02d}{random.randrange(10**4):04d}",
            lines=[_line(*random.choice(skus)) for _ in range(random.choice((1, 1, 1, 2)))],
            store=guide.store,
            guide=guide if random.random() < _CREDITED_SHARE else None,
            at=at - timedelta(days=random.triangular(1, 360, 60), minutes=random.randrange(500)),
        )
        for number in range(count)
    ]


def _line(sku: Sku, product: Product) -> PurchaseLine:
    return PurchaseLine(
        sku_code=sku.code,
        title=product.name,
        colour=sku.colour,
        size=sku.size,
        quantity=1,
        amount_fen=product.list_price_fen,
    )


def _cards(
    company: Company,
    members: dict[int, Member],
    purchases: list[Purchase],
    brand: Brand,
    random: Random,
) -> None:
    spent: dict[int, int] = {}
    for purchase in purchases:
        spent[purchase.member.pk] = spent.get(purchase.member.pk, 0) + purchase.amount_fen
    for person in company.people:
        if person.member_since is None:
            continue
        member = members[person.number]
        # Points are the retailer's own figure: it hands them over with the card.
        points = int(spent.get(member.pk, 0) / 100 * _POINTS_PER_YUAN) + random.randrange(0, 200)
        open_card(
            member=member,
            brand=brand,
            number=f"HY{20260000 + person.number * 7 + 731:010d}" if person.number else star.NUMBER,
            level=person.level,
            points=points if person.number else star.POINTS,
            opened_at=person.member_since,
        )


def _notes(
    said: Words, company: Company, guides: dict[str, Guide], at: datetime, random: Random
) -> None:
    chosen = [company.people[0], *random.sample(company.people[2:], 90)]
    contacts = Contact.objects.in_bulk(
        [person.external_userid for person in chosen], field_name="external_userid"
    )
    follows = set(FollowRelation.objects.values_list("guide_id", "contact_id"))
    for place, person in enumerate(chosen):
        guide, contact = guides[person.follows[0].userid], contacts[person.external_userid]
        if (guide.pk, contact.pk) in follows:
            days = random.triangular(1, 60, 10)
            text = said.notes[place % len(said.notes)]
            write_note(contact, guide, text, at=at - timedelta(days=days))
