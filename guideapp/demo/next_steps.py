"""What 下一步 is made of: birthdays, coupons, contacts of this week, and what guides did before."""

from datetime import datetime, timedelta
from random import Random

from guideapp.compliance.errors import ContactedEnough
from guideapp.compliance.services import take_slot
from guideapp.core.clock import SHANGHAI
from guideapp.demo.company import SEED
from guideapp.materials.models import Share, Visit
from guideapp.members.models import (
    Contact,
    ImportantDate,
    Member,
    MemberAsset,
    Suggestion,
    TimelineEvent,
)
from guideapp.members.services import RULES, Ordered, look_at_contacts, mark_ordered
from guideapp.organisation.models import Brand

_COUPONS = (
    ("满 1,000 减 120", 12000, 100000),
    ("针织 8.8 折券", 0, 0),
    ("满 500 减 50", 5000, 50000),
)
_BIRTHDAY_KNOWN, _HAS_COUPON, _SEEN, _MONTH = 0.6, 0.25, 0.8, 30
_STATES = (Suggestion.State.DONE, Suggestion.State.WITHDRAWN, Suggestion.State.DISMISSED)
_STATE_WEIGHTS = (46, 42, 12)


def seed(*, brand: Brand, at: datetime) -> None:
    """After people and history; the rules then find by themselves what there is to do."""
    random = Random(SEED + 7)  # noqa: S311 -- a story, not a secret
    members = list(Member.objects.filter(contacts__isnull=False).distinct().order_by("pk"))
    _birthdays(members, at, random)
    _coupons(members, brand, at, random)
    _contacts_of_this_week(at)
    _what_was_done(at, random)
    last = Contact.objects.order_by("pk").last()
    if last is not None:
        look_at_contacts.call(1, last.pk)


def _birthdays(members: list[Member], at: datetime, random: Random) -> None:
    """As the member system knows them; who has one already keeps it."""
    first = at.astimezone(SHANGHAI).date()
    rows = []
    for member in members:
        on = first + timedelta(days=random.randrange(365))
        if random.random() < _BIRTHDAY_KNOWN:
            rows.append(
                ImportantDate(
                    member=member,
                    kind=ImportantDate.Kind.BIRTHDAY,
                    month=on.month,
                    day=on.day,
                    source="会员系统",
                    at=at,
                )
            )
    ImportantDate.objects.bulk_create(rows, ignore_conflicts=True)


def _coupons(members: list[Member], brand: Brand, at: datetime, random: Random) -> None:
    rows = []
    for member in members:
        title, amount_fen, threshold_fen = random.choice(_COUPONS)
        days = random.randint(1, 60)
        if random.random() < _HAS_COUPON:
            rows.append(
                MemberAsset(
                    member=member,
                    brand=brand,
                    code=f"Q{member.pk:08d}",
                    title=title,
                    amount_fen=amount_fen,
                    threshold_fen=threshold_fen,
                    valid_from=at - timedelta(days=30),
                    expires_at=at + timedelta(days=days),
                    source="会员系统",
                    as_of=at,
                )
            )
    MemberAsset.objects.bulk_create(rows, ignore_conflicts=True)


def _contacts_of_this_week(at: datetime) -> None:
    """What was sent since Monday took its slots, as it does today."""
    today = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    sent = Share.objects.filter(state=Share.State.SENT, tapped_at__gte=monday)
    for share in sent.select_related("contact", "guide").order_by("tapped_at", "pk"):
        try:
            take_slot(share.contact, "share", f"share:{share.pk}", share.guide, share.tapped_at)
        except ContactedEnough:  # made before there was a cap
            continue


def _what_was_done(at: datetime, random: Random) -> None:
    """A month of suggestions about views, some of them followed by orders that there were."""
    rule = RULES["viewed_material"]
    views = Visit.objects.filter(
        counted=True,
        link__contact__isnull=False,
        opened_at__gt=at - timedelta(days=_MONTH),
        opened_at__lt=at - timedelta(days=2),
    ).select_related("link", "material")
    rows = []
    for view in views.order_by("pk"):
        link = view.link
        if link is None or link.contact_id is None or random.random() > _SEEN:
            continue
        seen_at = view.opened_at + timedelta(minutes=random.randint(2, 400))
        rows.append(
            Suggestion(
                rule=rule.name,
                rule_version=rule.version,
                priority=rule.priority,
                contact_id=link.contact_id,
                guide_id=link.guide_id,
                evidence={
                    "title": view.material.title,
                    "times": 1,
                    "viewed_at": view.opened_at.isoformat(),
                    "dwell_ms": view.dwell_ms,
                },
                earn_fen=view.material.earn_hint_fen,
                action_url="/g/customers/",
                state=random.choices(_STATES, _STATE_WEIGHTS)[0],
                proposed_at=view.opened_at,
                until=view.opened_at + timedelta(days=1),
                first_shown_at=seen_at,
                decided_at=seen_at + timedelta(minutes=3),
            )
        )
    Suggestion.objects.bulk_create(rows, batch_size=1000)
    orders = TimelineEvent.objects.filter(kind="purchase", at__gt=at - timedelta(days=_MONTH))
    mark_ordered(
        Ordered(event.member_id, event.params["brand_id"], event.at)
        for event in orders.iterator()
        if event.member_id
    )
