"""What the database is asked for a card, made ready once for the guide's own customers."""

from datetime import date, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from guideapp.catalogue.models import Sku
from guideapp.compliance.models import ContactSlot
from guideapp.core.clock import now, today
from guideapp.core.prepared import Given, Prepared
from guideapp.materials.models import Visit
from guideapp.members.models import (
    Consent,
    FollowRelation,
    FollowRelationQuerySet,
    IdentityLink,
    ImportantDate,
    Member,
    MemberAsset,
    MembershipCard,
    MemberValue,
    Observation,
    OfficialFollower,
    Preference,
    Suggestion,
    TagMark,
    TimelineEvent,
)
from guideapp.members.services import owner_of, told_in
from guideapp.members.timeline import behaviours
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Brand, Role
from guideapp.workbench.card.lists import LinesOf, as_lines, as_object

SUGGESTIONS = 4  # one on top, three that could be done as well
_BEHAVIOURS_SHOWN = 3
_WELCOME_KINDS = ("welcome_sent", "welcome_missed")
_NUMBER = BigIntegerField()


def card_rows(actor: Actor) -> QuerySet[FollowRelation]:
    """Open relations that `actor` may see, each with what its card needs; the own one first."""
    own_first = Case(When(guide=actor.guide, then=0), default=1)
    return _rows(monday()).visible_to(actor).order_by(own_first, "followed_at")


def card_row(actor: Actor, external_userid: str) -> FollowRelation | None:
    """The first of `card_rows` about this customer; a guide's own one by a query made ready."""
    if actor.has(Role.GUIDE):
        own = _OWN.first(guide=actor.guide.pk, external_userid=external_userid, monday=monday())
        if own is not None or actor.roles == {Role.GUIDE}:
            return own
    return card_rows(actor).filter(contact__external_userid=external_userid).first()


def person_rows(root: int, brand: int) -> list[Member]:
    """Every record of a person with what this brand, and nobody else, knows of it."""
    return _PERSON.rows(root=root, brand=brand)


def suggested(follow: FollowRelation) -> list[Suggestion]:
    """What the guide could do next, the most important first."""
    return _SUGGESTED.rows(guide=follow.guide_id, contact=follow.contact_id, at=now())


def last_behaviours(follow: FollowRelation) -> list[TimelineEvent]:
    """The last things the customer did, newest first; `dwell_ms` where a page was looked at.

    At this owner, that is, by the store of then.
    """
    return _BEHAVIOURS.rows(
        contact=follow.contact_id, guide=follow.guide_id, brand=owner_of(follow.guide) or 0
    )


def purchases_of(brand: Any, **whose: Any) -> QuerySet[TimelineEvent]:
    """Orders of the member records `whose` at the brand, with the look of the first piece."""
    skus = Sku.objects.filter(code=OuterRef("sku_code"))
    return (
        TimelineEvent.objects.filter(**whose, kind="purchase")
        .annotate(
            of_brand=Cast(KT("params__brand_id"), _NUMBER),
            sku_code=KT("params__lines__0__sku_code"),
        )
        .filter(of_brand=brand)
        .annotate(
            drawing=Subquery(skus.values("product__drawing")[:1]),
            picture=Subquery(skus.values("product__picture_url")[:1]),
        )
        .select_related("store")
        .order_by("-at", "-pk")
    )


def monday() -> date:
    """The first day of this week."""
    return today() - timedelta(days=today().weekday())


def _rows(week: date | Combinable) -> FollowRelationQuerySet:
    """Open relations with what a card needs of the contact."""
    contact, brand = OuterRef("contact"), OuterRef("guide__store__region__brand")
    ours = told_in(brand, guide=OuterRef("guide"))
    notes = Observation.objects.filter(ours, contact=contact).order_by("-at", "-pk")
    welcomes = TimelineEvent.objects.filter(
        contact=contact, guide=OuterRef("guide"), kind__in=_WELCOME_KINDS
    )
    fans = OfficialFollower.objects.filter(
        ~Q(unionid_bidx=""), unionid_bidx=OuterRef("contact__unionid_bidx"), ended_at=None
    )
    return (
        FollowRelation.objects.active()
        .select_related("guide__store__region", "contact__member")
        .defer("contact__unionid", "contact__member__unionid")
        .annotate(
            note_json=as_object(notes, text="text", author="author__name", at="at"),
            welcome=Subquery(welcomes.order_by("-at").values("kind")[:1]),
            fan_since=_since(fans),
            tags_json=_tags(),
            preferences_json=as_lines(
                Preference.objects.filter(ours, contact=contact, ended_at=None),
                "contact",
                id="pk",
                kind="kind",
                value="value",
                author="author__name",
                at="at",
                confirmed_at="confirmed_at",
            ),
            dates_json=_dates(ours, contact=contact),
            slots_json=as_lines(
                ContactSlot.objects.filter(contact=contact, day__gte=week),
                "contact",
                guide="guide",
                name="guide__name",
                brand="guide__store__region__brand",
                kind="kind",
                at="at",
            ),
            links_json=as_lines(
                IdentityLink.objects.filter(contact=contact, undone_at=None),
                "contact",
                evidence="evidence",
            ),
        )
    )


def _since(fans: QuerySet[OfficialFollower]) -> Subquery:
    return Subquery(fans.order_by("followed_at").values("followed_at")[:1])


def _tags() -> Subquery:
    marks = TagMark.objects.filter(
        follow=OuterRef("pk"), removed_at=None, tag__gone_at=None, tag__group__gone_at=None
    )
    return as_lines(
        marks,
        "follow",
        id="tag",
        name="tag__name",
        kind="tag__group__kind",
        seen="tag__group__seen_by_guides",
        set_by="tag__group__set_by",
        stale_after_days="tag__group__stale_after_days",
        author="author__name",
        at="marked_at",
        confirmed_at="confirmed_at",
    )


def _dates(*told: Q, **whose: Any) -> Subquery:
    (group,) = whose
    rows = ImportantDate.objects.filter(*told, **whose, ended_at=None)
    return as_lines(
        rows,
        group,
        id="pk",
        kind="kind",
        label="label",
        year="year",
        month="month",
        day="day",
        repeats="repeats",
        at="at",
    )


def _own_rows() -> QuerySet[FollowRelation]:
    own = _rows(Given("monday", DateField())).filter(guide=Given("guide", _NUMBER))
    of_customer = own.filter(contact__external_userid=Given("external_userid", CharField()))
    return of_customer.order_by("followed_at")[:1]


def _person() -> QuerySet[Member]:
    brand, me = Given("brand", _NUMBER), OuterRef("pk")
    cards = MembershipCard.objects.filter(member=me, closed_at=None)
    links = IdentityLink.objects.filter(joined=me, undone_at=None)
    return (
        Member.objects.filter(Q(pk=Given("root", _NUMBER)) | Q(same_as=Given("root", _NUMBER)))
        .select_related("home_store__region")
        .defer("unionid")
        .annotate(
            card_json=as_object(
                cards.filter(brand=brand),
                level="level",
                number="number",
                points="points",
                balance_fen="balance_fen",
                as_of="as_of",
                source="source",
            ),
            of_mall=Exists(cards.filter(brand__is_mall=True)),
            of_brand=Exists(cards.filter(brand__is_mall=False)),
            value_json=as_object(
                MemberValue.objects.filter(member=me, brand=brand),
                spend_fen="spend_fen",
                year_orders="year_orders",
                year_spend_fen="year_spend_fen",
                last_purchase_at="last_purchase_at",
            ),
            coupons_json=as_lines(
                MemberAsset.objects.filter(
                    member=me, brand=brand, kind="coupon", used_at=None, voided_at=None
                ),
                "member",
                expires_at="expires_at",
            ),
            consents_json=as_lines(
                Consent.objects.filter(member=me, brand=brand, withdrawn_at=None),
                "member",
                purpose="purpose",
                given_at="given_at",
            ),
            dates_json=_dates(member=me),
            evidence=Subquery(links.values("evidence")[:1]),
            fan_since=_since(OfficialFollower.objects.filter(member=me, ended_at=None)),
            **_purchases(brand, me),
        )
        .order_by(F("same_as").asc(nulls_first=True), "pk")
    )


def _purchases(brand: Given, member: OuterRef) -> dict[str, Subquery]:
    """The last two orders there, and how many pieces they ever bought."""
    orders = purchases_of(brand, member=member)
    order = {
        "at": "at",
        "guide": "guide",
        "store": "store__name",
        "params": "params",
        "drawing": "drawing",
        "picture": "picture",
    }
    pieces = Coalesce(Cast(KT("params__pieces"), _NUMBER), Cast(LinesOf(F("params")), _NUMBER))
    all_of_them = orders.order_by().values("member").annotate(n=Sum(pieces))
    return {
        "bought_json": as_object(orders, **order),
        "bought_before_json": as_object(orders[1:], **order),
        "pieces": Subquery(all_of_them.values("n")),
    }


def _suggested() -> QuerySet[Suggestion]:
    rows = Suggestion.objects.filter(
        guide=Given("guide", _NUMBER), contact=Given("contact", _NUMBER)
    )
    showable = rows.showable(at=Given("at", DateTimeField()))
    return showable.order_by("priority", "-proposed_at")[:SUGGESTIONS]


def _last_behaviours() -> QuerySet[TimelineEvent]:
    visits = Visit.objects.filter(pk=OuterRef("visit_id")).values("dwell_ms")
    brand, guide = Given("brand", _NUMBER), Given("guide", _NUMBER)
    ours = Q(store__region__brand=brand) | Q(store=None, guide=guide)
    # What names neither a store nor a guide can only be ours where nobody else sells.
    nobodys = Q(store=None, guide=None) & ~Exists(Brand.objects.exclude(pk=brand))
    return (
        TimelineEvent.objects.filter(
            ours | nobodys, contact=Given("contact", _NUMBER), kind__in=behaviours()
        )
        .annotate(visit_id=Cast(KT("params__visit"), _NUMBER))
        .annotate(dwell_ms=Subquery(visits[:1]))
        .select_related("guide")
        .order_by("-at")[:_BEHAVIOURS_SHOWN]
    )


_OWN = Prepared(_own_rows)
_PERSON = Prepared(_person)
_SUGGESTED = Prepared(_suggested)
_BEHAVIOURS = Prepared(_last_behaviours)
