"""The list 试一试 of the demo's start page: four steps that tick themselves from real events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min
from django.utils.translation import gettext as _

from guideapp.acquisition.models import WelcomeDelivery
from guideapp.core.models import AccessLog
from guideapp.materials.models import Share, Visit
from guideapp.wecom.models import OutboxCall

CARD_SCREENS = ("sidebar",)  # the screen of an access row when a card was opened


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try; `done_at` is when it first happened since the start, None before."""

    name: str
    how: str
    done_at: datetime | None


def _from_the_beginning() -> datetime | None:
    return None


_start: list[Callable[[], datetime | None]] = [_from_the_beginning]


def begins_at(start: Callable[[], datetime | None]) -> None:
    """Have the list count from the moment that `start` names: when the demo was last reset."""
    _start[0] = start


def started_at() -> datetime | None:
    """The moment that the list counts from; None counts everything."""
    return _start[0]()


def steps(since: datetime | None) -> list[Step]:
    """The four steps with what happened at or after `since`. Four queries."""
    opened = AccessLog.objects.filter(screen__in=CARD_SCREENS)
    sent = Share.objects.filter(state=Share.State.SENT)
    viewed = Visit.objects.filter(counted=True, link__isnull=False)
    welcomed = WelcomeDelivery.objects.filter(call__state=OutboxCall.State.DONE)
    if since:
        opened = opened.filter(at__gte=since)
        sent = sent.filter(reported_at__gte=since)
        viewed = viewed.filter(opened_at__gte=since)
        welcomed = welcomed.filter(call__sent_at__gte=since)
    first_sent = sent.aggregate(first=Min("reported_at"))["first"]
    first_card = opened.aggregate(first=Min("at"))["first"]
    return [
        Step(
            _("打开侧边栏"),
            _("在沙盒里选一位导购，点开和客户的聊天"),
            # The sidebar opens on the tab that was used last: who sends from there has opened it.
            min(filter(None, (first_card, first_sent)), default=None),
        ),
        Step(
            _("发一条素材"),
            _("切到“素材”，点“发送”，聊天里就看得到"),
            first_sent,
        ),
        Step(
            _("客户看过"),
            _("换成客户打开链接，导购马上知道"),
            viewed.aggregate(first=Min("opened_at"))["first"],
        ),
        Step(
            _("欢迎新客户"),
            _("按“客户加导购”，几秒内收到欢迎语"),
            welcomed.aggregate(first=Min("call__sent_at"))["first"],
        ),
    ]
