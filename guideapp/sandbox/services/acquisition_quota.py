"""What the company may still use acquisition links for: bought in batches that end one day."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.dispatch import receiver

from guideapp.core.clock import day_of, day_range
from guideapp.sandbox.clock import now, time_passed
from guideapp.sandbox.models.acquisition import AcquisitionQuota
from guideapp.sandbox.services import callbacks
from guideapp.sandbox.services.acquisition import EVENT

LOW = 20
SOON_DAYS = (14, 7, 3, 2, 1)


@transaction.atomic
def buy(*, uses: int, days: int = 365, origin: str = "") -> int:
    """The company buys `uses` that end after `days`; the new balance."""
    before = balance()
    last = day_of(now()) + timedelta(days=days)
    AcquisitionQuota.objects.create(bought=uses, balance=uses, expires_on=last)
    if before == 0 and uses > 0:
        callbacks.enqueue(EVENT, "balance_increased", {}, origin=origin)
    return balance()


@transaction.atomic
def use(*, origin: str = "") -> bool:
    """Take one use from the batch that ends first; False when none is left."""
    batch = living().select_for_update().filter(balance__gt=0).order_by("expires_on", "id").first()
    if batch is None:
        return False
    batch.balance -= 1
    batch.save(update_fields=["balance"])
    left = balance()
    if left == 0:
        callbacks.enqueue(EVENT, "balance_exhausted", {}, origin=origin)
    elif left == LOW - 1:
        callbacks.enqueue(EVENT, "balance_low", {}, origin=origin)
    return True


def balance() -> int:
    """Uses left."""
    return living().aggregate(left=Sum("balance"))["left"] or 0


def bought() -> int:
    """Every use that was ever bought."""
    return AcquisitionQuota.objects.aggregate(all=Sum("bought"))["all"] or 0


def living() -> QuerySet[AcquisitionQuota]:
    """Batches that have not ended."""
    return AcquisitionQuota.objects.filter(expires_on__gt=day_of(now()))


def ends_at(batch: AcquisitionQuota) -> datetime:
    """Midnight of the day that the batch ends on."""
    return day_range(batch.expires_on)[0]


@receiver(time_passed)
def tell_what_ends_soon(origin: str = "", **_signal: object) -> None:
    """quota_expire_soon, once for each of the days before."""
    today = day_of(now())
    for batch in living().filter(balance__gt=0):
        days = (batch.expires_on - today).days
        reached = [day for day in SOON_DAYS if day >= days]
        if not reached or reached[-1] in batch.told_days:
            continue
        batch.told_days = reached
        batch.save(update_fields=["told_days"])
        fields = {"ExpireTime": int(ends_at(batch).timestamp()), "ExpireQuotaNum": batch.balance}
        callbacks.enqueue(EVENT, "quota_expire_soon", fields, origin=origin)
