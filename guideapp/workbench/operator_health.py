"""The health line: does everything that talks with WeCom run, and how much waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Model, Q
from django.utils.translation import gettext as _

from guideapp.core.clock import now, seconds_ahead
from guideapp.core.health import WORKER_SILENT_AFTER
from guideapp.core.jobs.lanes import LANES
from guideapp.core.models import Job, WorkerHeartbeat
from guideapp.wecom.budget import Usage, usage
from guideapp.wecom.models import ApiCall, CallbackEvent, Credential, OutboxCall

OK, WARN, BAD = "ok", "warn", "bad"
_HOUR = timedelta(hours=1)
_INTERFACES = 12  # the busiest ones of this hour
_QUIET = timedelta(hours=12)  # no callback for so long: somebody should look
_SLOW, _STUCK = timedelta(minutes=1), timedelta(minutes=10)
_URGENT_SLOW, _URGENT_STUCK = timedelta(seconds=10), timedelta(seconds=60)
_WARN_RATE, _BAD_RATE = 0.02, 0.2
_CLOCK_SECONDS = 5  # clocks that are kept right differ by milliseconds
_NONE: tuple[int, datetime | None] = (0, None)

type Waiting = dict[str, tuple[int, datetime | None]]  # by state or lane: how many, the oldest


@dataclass(frozen=True, slots=True)
class Key:
    """A token or ticket: of which app (agent 0 is 通讯录同步), how old, until when."""

    row: Credential
    verdict: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane: the workers that beat just now, and the newest beat of any."""

    name: str
    workers: int
    beat_at: datetime | None

    @property
    def verdict(self) -> str:
        """Nobody working it off is bad."""
        return OK if self.workers else BAD


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits or was given up: how many, and the oldest since when.

    `list_name` is the URL name of its list, where `state` is chosen.
    """

    label: str
    list_name: str
    state: str
    count: int
    oldest_at: datetime | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Calls:
    """The last hour of the call ledger."""

    total: int
    failed: int

    @property
    def rate(self) -> float | None:
        """Calls without success, 0–1; None without calls."""
        return self.failed / self.total if self.total else None

    @property
    def verdict(self) -> str:
        """A few refusals are part of the business."""
        rate = self.rate or 0
        return BAD if rate > _BAD_RATE else WARN if rate > _WARN_RATE else OK


@dataclass(frozen=True, slots=True)
class Quota:
    """What is used and left of one interface's budget."""

    usage: Usage

    @property
    def minute_left(self) -> int:
        """Calls that may still go out in this minute."""
        return max(0, self.usage.minute_budget - self.usage.minute_used)

    @property
    def hour_left(self) -> int:
        """Calls that may still go out in this hour."""
        return max(0, self.usage.hour_budget - self.usage.hour_used)


@dataclass(frozen=True, slots=True)
class Health:
    """Everything on the line."""

    keys: list[Key]
    callback_at: datetime | None
    callback_verdict: str
    lanes: list[Lane]
    clock_seconds: int  # how far a machine's clock is from the database's, at most
    calls: Calls
    queues: list[Queue]
    quotas: list[Quota]

    @property
    def keys_verdict(self) -> str:
        """The worst of the keys; none fetched yet is worth a look."""
        return worst([key.verdict for key in self.keys] or [WARN])

    @property
    def lanes_verdict(self) -> str:
        """The worst of the lanes and of the machines' clocks."""
        return worst([self.clock_verdict, *(lane.verdict for lane in self.lanes)])

    @property
    def clock_verdict(self) -> str:
        """A machine whose clock nobody keeps right is worth a look."""
        return WARN if self.clock_seconds > _CLOCK_SECONDS else OK

    @property
    def queues_verdict(self) -> str:
        """The worst of the queues."""
        return worst([queue.verdict for queue in self.queues])


def health() -> Health:
    """The line as it is now. Ten small queries, each by an index."""
    at = now()
    beats = list(WorkerHeartbeat.objects.order_by("-beat_at")[:200])
    last = CallbackEvent.objects.order_by("-received_at").only("received_at").first()
    callback_at = last.received_at if last else None
    is_quiet = callback_at is None or at - callback_at > _QUIET
    return Health(
        keys=[Key(row, _key_verdict(row, at)) for row in _keys()],
        callback_at=callback_at,
        callback_verdict=WARN if is_quiet else OK,
        lanes=_lanes(beats, at),
        clock_seconds=_clock_seconds(beats, at),
        calls=_calls(at),
        queues=[*_inbox(at), *_outbox(at), *_jobs(at), _dead_jobs()],
        quotas=[Quota(one) for one in usage()[:_INTERFACES]],
    )


def worst(verdicts: list[str]) -> str:
    """The gravest of several."""
    return next((verdict for verdict in (BAD, WARN) if verdict in verdicts), OK)


def _keys() -> list[Credential]:
    fetched = Credential.objects.exclude(expires_at=None).defer("value")
    return list(fetched.order_by("agent_id", "kind"))


def _key_verdict(row: Credential, at: datetime) -> str:
    return OK if row.expires_at is not None and row.expires_at > at else BAD


def _lanes(beats: list[WorkerHeartbeat], at: datetime) -> list[Lane]:
    lanes = []
    for name in LANES:
        ours = [beat.beat_at for beat in beats if name in beat.lanes.split(",")]
        alive = sum(at - beat_at <= WORKER_SILENT_AFTER for beat_at in ours)
        lanes.append(Lane(name, alive, max(ours, default=None)))
    return lanes


def _clock_seconds(beats: list[WorkerHeartbeat], at: datetime) -> int:
    """Of the machines whose workers beat just now, and of the one that makes this page."""
    alive = [beat.seconds_ahead for beat in beats if at - beat.beat_at <= WORKER_SILENT_AFTER]
    return max(abs(seconds) for seconds in (*alive, round(seconds_ahead())))


def _calls(at: datetime) -> Calls:
    succeeded = Count("pk", filter=Q(errcode=0))
    found = ApiCall.objects.filter(at__gt=at - _HOUR).aggregate(all=Count("pk"), ok=succeeded)
    return Calls(found["all"], found["all"] - found["ok"])


def _inbox(at: datetime) -> list[Queue]:
    states = CallbackEvent.State
    waits, first = _count_of(CallbackEvent, states.PENDING, "received_at")
    dead, first_dead = _count_of(CallbackEvent, states.DEAD, "received_at")
    late = _age_verdict(first, at)
    return [
        Queue(_("收到的事件"), "wecom_inbox", states.PENDING, waits, first, late),
        Queue(_("放弃的事件"), "wecom_inbox", states.DEAD, dead, first_dead, BAD if dead else OK),
    ]


def _outbox(at: datetime) -> list[Queue]:
    states = OutboxCall.State
    told = [states.WAITING, states.UNCERTAIN, states.FAILED]
    rows = OutboxCall.objects.filter(state__in=told).order_by()
    counted = rows.values("state").annotate(rows=Count("pk"), first=Min("created_at"))
    found: Waiting = {row["state"]: (row["rows"], row["first"]) for row in counted}
    labels = [_("要发出的"), _("不确定发出没有"), _("没发成的")]
    queues = []
    for state, label in zip(told, labels, strict=True):
        count, first = found.get(state, _NONE)
        verdict = _age_verdict(first, at) if state == states.WAITING else WARN if count else OK
        queues.append(Queue(label, "wecom_outbox", state, count, first, verdict))
    return queues


def _jobs(at: datetime) -> list[Queue]:
    state = Job.State.READY
    due = Job.objects.filter(state=state, run_at__lte=at).order_by()
    rows = due.values("lane").annotate(rows=Count("pk"), first=Min("run_at"))
    found: Waiting = {row["lane"]: (row["rows"], row["first"]) for row in rows}
    queues = []
    for name in LANES:
        count, first = found.get(name, _NONE)
        verdict = _age_verdict(first, at, urgent=name == "urgent")
        label = _("后台任务 %(lane)s") % {"lane": name}
        queues.append(Queue(label, "wecom_jobs", state, count, first, verdict))
    return queues


def _dead_jobs() -> Queue:
    state = Job.State.DEAD
    dead, first = _count_of(Job, state, "finished_at")
    return Queue(_("放弃的任务"), "wecom_jobs", state, dead, first, BAD if dead else OK)


def _count_of(model: type[Model], state: str, since: str) -> tuple[int, datetime | None]:
    """How many rows of a state there are, by its partial index, and the oldest moment."""
    rows = model._default_manager.filter(state=state)
    found = rows.aggregate(rows=Count("pk"), first=Min(since))
    return found["rows"], found["first"]


def _age_verdict(first: datetime | None, at: datetime, *, urgent: bool = False) -> str:
    if first is None:
        return OK
    slow, stuck = (_URGENT_SLOW, _URGENT_STUCK) if urgent else (_SLOW, _STUCK)
    return BAD if at - first > stuck else WARN if at - first > slow else OK
