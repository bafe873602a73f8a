"""Ninety days of sends, views and logins; the last hours go the way real ones go."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from random import Random

from guideapp.core.clock import SHANGHAI, day_of
from guideapp.demo.company import DAYS, SEED, Company
from guideapp.materials.models import Material, Share
from guideapp.materials.services import (
    SharedThen,
    ViewedThen,
    open_material,
    record_beacon,
    record_share_history,
    record_visit_history,
)
from guideapp.members.models import FollowRelation
from guideapp.organisation.models import Guide, LoginDay

_SENDS_A_DAY = (0, 0, 1, 1, 2, 3, 5)
_STATES = (Share.State.SENT, Share.State.CANCELLED, Share.State.FAILED)
_STATE_WEIGHTS = (93, 5, 2)
_VIEWED_SHARE = 0.54
_LOGIN_SHARE = 0.86
_BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"
_STAR_GUIDE, _STAR_MATERIAL = "linxm", 0


def seed(company: Company, *, at: datetime) -> None:
    """Write it all for the guides of the plan."""
    random = Random(SEED + 3)  # noqa: S311 -- a story, not a secret
    materials = list(
        Material.objects.exclude(status=Material.Status.DRAFT)
        .exclude(kind=Material.Kind.TEXT)
        .order_by("pk")
    )
    relations: dict[int, list[FollowRelation]] = defaultdict(list)
    for row in FollowRelation.objects.active().select_related("guide", "contact").order_by("pk"):
        relations[row.guide_id].append(row)
    facts = [
        fact
        for _guide, rows in sorted(relations.items())
        for fact in _sends(rows, materials, at, random)
    ]
    facts.sort(key=lambda fact: fact.at)
    shares = record_share_history(facts)
    record_visit_history(_views(shares, at, random))
    _logins(shares, at, random)
    _lately(company, materials, relations, at)


def _sends(
    rows: list[FollowRelation], materials: list[Material], at: datetime, random: Random
) -> list[SharedThen]:
    eager = random.uniform(0.4, 1.5)  # some guides send much, some little
    facts = []
    for back in range(DAYS, 0, -1):
        for _ in range(round(random.choice(_SENDS_A_DAY) * eager)):
            moment = _working_hour(at, back, random)
            row, material = random.choice(rows), _liked(materials, random)
            if row.followed_at < moment and (material.published_at or at) < moment:
                facts.append(
                    SharedThen(
                        material=material,
                        guide=row.guide,
                        contact=row.contact,
                        at=moment,
                        state=random.choices(_STATES, _STATE_WEIGHTS)[0],
                    )
                )
    return facts


def _liked(materials: list[Material], random: Random) -> Material:
    """A few materials are sent often, many seldom."""
    return materials[int(len(materials) * random.random() ** 2)]


def _working_hour(at: datetime, back: int, random: Random) -> datetime:
    day = at.astimezone(SHANGHAI) - timedelta(days=back)
    return day.replace(hour=random.randint(10, 20), minute=random.randrange(60), second=30)


def _views(shares: list[Share], at: datetime, random: Random) -> list[ViewedThen]:
    views = []
    for share in shares:
        # Nobody is told whether a mini program was looked at.
        unseen = share.material.kind == Material.Kind.MINI_PROGRAM
        if unseen or share.state != Share.State.SENT or random.random() > _VIEWED_SHARE:
            continue
        moment = share.tapped_at + timedelta(minutes=random.lognormvariate(3.5, 1.3))
        if moment < at - timedelta(hours=25):
            dwell = int(min(random.lognormvariate(2.9, 0.8), 300) * 1000)
            views.append(
                ViewedThen(
                    share=share, at=moment, dwell_ms=dwell, depth=random.choice((40, 70, 100))
                )
            )
    return views


def _logins(shares: list[Share], at: datetime, random: Random) -> None:
    """A guide was there on each day they sent something, and on most others."""
    first: dict[tuple[int, date], datetime] = {}
    for share in shares:
        key = (share.guide_id, day_of(share.tapped_at))
        first[key] = min(share.tapped_at, first.get(key, share.tapped_at))
    rows = []
    for guide in Guide.objects.active().exclude(store=None).order_by("pk"):
        for back in range(DAYS, 0, -1):
            moment = _working_hour(at, back, random).replace(hour=9)
            there = first.get((guide.pk, day_of(moment)))
            if there or random.random() < _LOGIN_SHARE:
                rows.append(
                    LoginDay(
                        guide=guide,
                        store_id=guide.store_id,
                        day=day_of(moment),
                        first_at=min(there or moment, moment),
                    )
                )
    LoginDay.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def _lately(
    company: Company,
    materials: list[Material],
    relations: dict[int, list[FollowRelation]],
    at: datetime,
) -> None:
    """Yesterday evening's sends that customers have just opened, through the real path."""
    by_guide = {rows[0].guide.userid: rows for rows in relations.values()}
    star = company.people[0].external_userid
    plans: list[tuple[FollowRelation, int, tuple[float, ...]]] = []
    for userid, rows in sorted(by_guide.items()):
        if userid == _STAR_GUIDE:
            rows = sorted(rows, key=lambda row: row.contact.external_userid != star)
            plans.append((rows[0], _STAR_MATERIAL, (200, 10)))
            plans += [(row, 1 + place, (150 * (place + 1),)) for place, row in enumerate(rows[1:3])]
        else:
            plans.append((rows[0], 2, (90, 25)))
    shares = record_share_history(
        [
            SharedThen(
                material=materials[number],
                guide=row.guide,
                contact=row.contact,
                at=_working_hour(at, 1, Random(number)),  # noqa: S311
            )
            for row, number, _minutes in plans
        ]
    )
    for share, (row, _number, minutes) in zip(shares, plans, strict=True):
        for ago in minutes:
            visit = open_material(
                material=share.material,
                token=share.nonce,
                visitor=f"seed {row.contact_id}",
                user_agent=_BROWSER,
                at=at - timedelta(minutes=ago),
            )
            record_beacon(visit=visit, dwell_ms=36_000, depth=90, left=True)
