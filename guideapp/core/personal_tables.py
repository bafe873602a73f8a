"""What this room's own tables hold about people."""

from datetime import datetime

from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import GuideAppError
from guideapp.core.models import AccessLog, AuditEntry, Job, ScheduleSlot, WorkerHeartbeat
from guideapp.core.personal import About, Fate, Person, before_erasure, mentioning, table
from guideapp.core.retention import kept_for

_OTHERS = "other people may stand in the same row; what it led to stands elsewhere"
_of_jobs = mentioning("args", "kwargs", "dedupe_key", "result", "error")


class PersonBusy(GuideAppError):
    """A job about the person runs at this moment; the erasure comes after it."""

    code = "person_busy"
    status = 409
    rest_seconds = 5


@before_erasure
def wait_for_running_jobs(person: Person) -> None:
    """Raise PersonBusy while a job about the person runs: it may write what it has read."""
    if Job.objects.filter(_of_jobs(person), state=Job.State.RUNNING).exists():
        raise PersonBusy


def _profile(person: Person) -> list[str]:
    ours = (("member", person.members), ("contact", person.contacts))
    named = (*ours, ("follower", person.followers))
    return [f"{kind}:{pk}" for kind, pks in named for pk in pks]


def _told_by_id(person: Person) -> Q:
    """Acts on somebody who was named by an id of WeCom's: refusals, mostly."""
    return Q(subject__in=[f"customer:{mark}" for mark in person.marks])


table(
    Job,
    about=About.CUSTOMER,
    label=_("后台任务"),
    untold=_OTHERS,
    of=_of_jobs,
    fate=Fate.DELETE,
    p1="args kwargs dedupe_key result error",
    p3="id task lane priority state run_at attempts fence lease_until worker enqueued_at"
    " started_at finished_at error_class",
)
table(ScheduleSlot, p3="id name slot_at")
table(WorkerHeartbeat, p3="id worker lanes beat_at seconds_ahead")
table(
    AuditEntry,
    about=About.CUSTOMER,
    label=_("操作记录"),
    untold="who looked at the person stands in the list of accesses",
    of=_told_by_id,
    fate=Fate.BLANK,
    blank={"subject": Concat(Value("erased:"), Cast(F("pk"), TextField()))},
    p1="subject",
    p3="id at actor action reason detail request_id",
)
table(
    AccessLog,
    about=About.CUSTOMER,
    label=_("谁看过"),
    of=lambda person: Q(subject__in=_profile(person)),
    p3="id at actor_id subject screen request_id",  # ids of ours alone: the row proves who looked
)


@kept_for("ACCESS_LOG_DAYS", name="access_log", label=_("谁看过客户"), least=180)
def cut_accesses(before: datetime) -> int:
    """Reads of profiles."""
    return AccessLog.objects.all().cut_off(before)


@kept_for("AUDIT_DAYS", name="audit", label=_("操作记录"), least=3 * 365)
def cut_audit(before: datetime) -> int:
    """Acts and refusals."""
    return AuditEntry.objects.all().cut_off(before)
