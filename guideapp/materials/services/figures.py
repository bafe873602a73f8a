"""Sends and views counted by material and day, kept with each fact and proven from the facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.tasks import task

from guideapp.core.clock import day_of, day_range, now, today
from guideapp.core.jobs.schedule import periodic
from guideapp.materials.models import Material, MaterialDay, Share, Standing, Visit

QUIET_AFTER = timedelta(days=7)  # a material nobody sends is noticed after this
QUIET_BELOW = 10  # sends
_DAYS = 7
_SPARK_WIDTH, _SPARK_HEIGHT = 64, 24
_PROVEN_DAYS = 3


@dataclass(frozen=True, slots=True)
class LibraryFigures:
    """What headquarters sees above the library. Rates are 0–1, None where nothing was sent."""

    sent: int
    sent_change: float | None
    sent_spark: str
    viewed_rate: float | None
    viewed_change: float | None
    viewed_spark: str
    live: int
    ending: int  # live ones whose time is over within 7 days
    quiet: int  # live for 7 days or more, sent fewer than 10 times


def count_sent(share: Share) -> None:
    """Count a share that was just reported sent, and its view if one came first.

    The caller holds the share's row, so that a view arriving now is counted once.
    """
    viewed = 1 if share.link.visits.filter(counted=True).exists() else 0
    _add(share, sent=1, viewed=viewed)


def count_first_view(share: Share) -> None:
    """Count that a sent share was looked at for the first time; the caller holds its row."""
    _add(share, sent=0, viewed=1)


def _add(share: Share, *, sent: int, viewed: int) -> None:
    day = MaterialDay.objects.filter(material=share.material_id, day=day_of(share.tapped_at))
    more = {"sent": F("sent") + sent, "viewed": F("viewed") + viewed}
    if not day.update(**more):
        # Two first sends of a day meet here: the constraint lets one insert, the other adds.
        MaterialDay.objects.get_or_create(
            material_id=share.material_id, day=day_of(share.tapped_at)
        )
        day.update(**more)
    Material.objects.filter(pk=share.material_id).update(
        sent_count=F("sent_count") + sent, viewed_count=F("viewed_count") + viewed
    )


def recount_days(days: Iterable[date]) -> int:
    """Count the given Shanghai days anew from the shares; returns how many rows were wrong."""
    return sum(_recount_day(day) for day in sorted(set(days)))


@transaction.atomic
def _recount_day(day: date) -> int:
    """The rows are locked before the facts are read, so that a view arriving now is not lost."""
    rows = MaterialDay.objects.select_for_update().filter(day=day)
    kept = {row.material_id: (row.sent, row.viewed) for row in rows}
    true = _facts_of(day)
    wrong = [pk for pk in true | kept if true.get(pk) != kept.get(pk)]
    MaterialDay.objects.bulk_create(
        [
            MaterialDay(material_id=pk, day=day, sent=sent, viewed=viewed)
            for pk in wrong
            for sent, viewed in [true.get(pk, (0, 0))]
        ],
        update_conflicts=True,
        unique_fields=["material", "day"],
        update_fields=["sent", "viewed"],
    )
    _sum_up(wrong)
    return len(wrong)


def _facts_of(day: date) -> dict[int, tuple[int, int]]:
    """Sent and viewed shares of a day, by material."""
    start, end = day_range(day)
    looked_at = Visit.objects.filter(link=OuterRef("link"), counted=True)
    facts = (
        Share.objects.filter(state=Share.State.SENT, tapped_at__gte=start, tapped_at__lt=end)
        .annotate(seen=Exists(looked_at))
        .values("material")
        .annotate(n=Count("pk"), n_seen=Count("pk", filter=Q(seen=True)))
    )
    return {fact["material"]: (fact["n"], fact["n_seen"]) for fact in facts}


def _sum_up(material_ids: list[int]) -> None:
    """Bring the totals of these materials in line with their days."""
    locked = Material.objects.select_for_update().filter(pk__in=material_ids).order_by("pk")
    known = list(locked.values_list("pk", flat=True))
    days = MaterialDay.objects.filter(material=OuterRef("pk")).values("material")
    sums = {
        "sent_count": Coalesce(Subquery(days.values(n=Sum("sent"))), 0),
        "viewed_count": Coalesce(Subquery(days.values(n=Sum("viewed"))), 0),
    }
    Material.objects.filter(pk__in=known).update(**sums)


@periodic("40 3 * * *", name="materials.recount", catch_up=True)
@task(queue_name="bulk")
def recount_recent_days() -> int:
    """Prove the counts of the days before from the facts, night by night."""
    return recount_days(today() - timedelta(days=n) for n in range(1, _PROVEN_DAYS + 1))


def quiet_materials() -> Q:
    """Live for a week, and hardly anybody sends them."""
    return Q(published_at__lte=now() - QUIET_AFTER, sent_count__lt=QUIET_BELOW)


def library_figures() -> LibraryFigures:
    """The figures of the last 7 days beside the 7 before, all from rows. Three queries."""
    last = today()
    first = last - timedelta(days=2 * _DAYS - 1)
    rows = (
        MaterialDay.objects.filter(day__gte=first, day__lte=last)
        .values("day")
        .annotate(n=Sum("sent"), seen=Sum("viewed"))
    )
    by_day = {row["day"]: (row["n"], row["seen"]) for row in rows}
    days = [by_day.get(first + timedelta(days=n), (0, 0)) for n in range(2 * _DAYS)]
    before, week = days[:_DAYS], days[_DAYS:]
    sent, sent_before = sum(n for n, _seen in week), sum(n for n, _seen in before)
    rate, rate_before = _rate(week), _rate(before)
    live = Material.objects.standing(Standing.LIVE, at=now())
    soon = Q(valid_until__lte=now() + timedelta(days=_DAYS))
    counts = live.aggregate(
        live=Count("pk"),
        ending=Count("pk", filter=soon),
        quiet=Count("pk", filter=quiet_materials()),
    )
    return LibraryFigures(
        sent=sent,
        sent_change=_moved((sent - sent_before) / sent_before) if sent_before else None,
        sent_spark=spark([n for n, _seen in week]),
        viewed_rate=rate,
        viewed_change=None if rate is None or rate_before is None else _moved(rate - rate_before),
        viewed_spark=spark([seen / n if n else 0 for n, seen in week]),
        **counts,
    )


def _rate(days: list[tuple[int, int]]) -> float | None:
    sent = sum(n for n, _seen in days)
    return sum(seen for _n, seen in days) / sent if sent else None


def _moved(change: float) -> float:
    """As exactly as it is shown, so that what reads 0 % is 0."""
    return round(change, 3)


def spark(values: list[float] | list[int]) -> str:
    """An SVG path through `values` inside 64 × 24; a flat line where nothing varies."""
    low, high = min(values), max(values)
    step = (_SPARK_WIDTH - 4) / (len(values) - 1)
    span = (high - low) or 1
    points = [
        f"{2 + n * step:.0f} {_SPARK_HEIGHT - 4 - (value - low) / span * 16:.0f}"
        for n, value in enumerate(values)
    ]
    return "M" + "L".join(points)
