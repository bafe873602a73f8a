"""Moments (客户朋友圈): a job makes tasks, members publish them. WeCom sends no event of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import App, CorpTag, Customer, Department, Follow, User
from guideapp.sandbox.models.campaigns import Moment, MomentReaction, MomentTask
from guideapp.sandbox.services import campaign_rules, ids, media, scope
from guideapp.sandbox.services.media import Pool

TEXT_MAX_CHARACTERS, TEXT_MAX_BYTES = 2000, 4000
JOB_LIFE = timedelta(hours=24)
# Kind of attachment → how many of it; kinds do not mix.
_MOST = {"image": 9, "video": 1, "link": 1}


@dataclass(frozen=True)
class Draft:
    """A request of add_moment_task. No senders and no tags: every member, for everybody."""

    text: str = ""
    attachments: list[Any] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


@transaction.atomic
def create(draft: Draft, app: App) -> Moment:
    """Begin the job; members outside the range are left out and named in its result."""
    _check_content(draft)
    rules = campaign_rules.current()
    moment = now()
    if Moment.objects.filter(done_at__gt=moment).exclude(jobid="").count() >= rules.moment_jobs_max:
        raise Refused(41078)
    able = scope.users_of(app).filter(contact_right=True)
    tags = CorpTag.objects.filter(tag_id__in=draft.tags, deleted=False, group__strategy_id=0)
    row = Moment.objects.create(
        moment_id=f"mom{ids.random_text(29)}",
        jobid=ids.random_text(40),
        slug=app.slug,
        text=draft.text,
        attachments=draft.attachments,
        is_public=not draft.tags,
        invalid=_invalid(draft, able, tags),
        created_at=moment,
        done_at=moment + timedelta(seconds=rules.moment_job_seconds),
    )
    _make_tasks(row, draft, _senders(draft, able), tags)
    return row


@transaction.atomic
def cancel(moment_id: str) -> None:
    """Stop the members who have not published; what is published stays."""
    row = api_named(moment_id, of_company=True)
    row.cancelled_at = now()
    row.save(update_fields=["cancelled_at"])


def api_named(moment_id: str, *, of_company: bool = False) -> Moment:
    """The moment. Raises Refused 41059, 41060, and 41067 for a personal one."""
    if not moment_id:
        raise Refused(41059)
    row = Moment.objects.filter(moment_id=moment_id, deleted_at=None, done_at__lte=now()).first()
    if row is None:
        raise Refused(41060)
    if of_company and row.creator:
        raise Refused(41067)
    return row


def published_task(moment_id: str, userid: str) -> MomentTask:
    """The member's part. Raises Refused 41061 for another's moment, 41062 when not published."""
    row = api_named(moment_id)
    if not userid:
        raise Refused(41009)
    task = row.tasks.filter(user__folded=userid.lower()).select_related("user").first()
    if task is None:
        raise Refused(41061)
    if task.published_at is None:
        raise Refused(41062)
    return task


def is_dispatched(row: Moment) -> bool:
    """The members have it: the job is done, and a few seconds have passed (41079 before)."""
    waits = timedelta(seconds=campaign_rules.current().dispatch_seconds)
    return bool(row.creator) or row.done_at + waits <= now()


@transaction.atomic
def publish(
    *, moment_id: str, userid: str, external_userids: Sequence[str] | None = None
) -> MomentTask:
    """The member confirms in the client, for all in the range or only some of them."""
    tasks = MomentTask.objects.select_for_update(of=("self",)).select_related("moment", "user")
    task = tasks.filter(moment__moment_id=moment_id, user__folded=userid.lower()).first()
    if task is None or not is_dispatched(task.moment):
        raise UnknownEvent(f"no task of {userid} in {moment_id} yet")
    if task.published_at or task.moment.cancelled_at:
        raise UnknownEvent(f"already published or cancelled: {moment_id}")
    if external_userids is not None:
        task.customers = [id for id in task.customers if id in external_userids]
    task.published_at = now()
    task.save()
    return task


@transaction.atomic
def publish_personal(*, userid: str, text: str) -> Moment:
    """A member publishes a moment of their own to all their customers."""
    user = User.objects.named(userid)
    if user is None:
        raise UnknownEvent(f"unknown member: {userid}")
    moment = now()
    row = Moment.objects.create(
        moment_id=f"mom{ids.random_text(29)}",
        slug="",
        creator=user.userid,
        text=text,
        created_at=moment,
        done_at=moment,
    )
    friends = Follow.objects.standing().filter(user=user, customer_left_at=None)
    names = list(friends.values_list("customer__external_userid", flat=True))
    MomentTask.objects.create(moment=row, user=user, customers=names, published_at=moment)
    return row


def react(*, kind: str, moment_id: str, userid: str, person: str) -> MomentReaction:
    """Somebody likes or comments the moment that `userid` published."""
    task = MomentTask.objects.filter(
        moment__moment_id=moment_id, user__folded=userid.lower(), published_at__isnull=False
    ).first()
    is_user = User.objects.named(person) is not None
    known = is_user or Customer.objects.filter(external_userid=person).exists()
    if task is None or not known:
        raise UnknownEvent(f"not published by {userid}, or unknown: {person}")
    return task.reactions.create(kind=kind, person=person, is_user=is_user, at=now())


def delete(*, moment_id: str) -> None:
    """The moment is deleted in the client; the API no longer returns it."""
    if not Moment.objects.filter(moment_id=moment_id).update(deleted_at=now()):
        raise UnknownEvent(f"unknown moment: {moment_id}")


def seen_by(task: MomentTask) -> list[str]:
    """External userids of those who can see the member's moment now: friends still."""
    friends = Follow.objects.standing().filter(user=task.user, customer_left_at=None)
    still = set(friends.values_list("customer__external_userid", flat=True))
    return [id for id in task.customers if id in still]


def _check_content(draft: Draft) -> None:
    text = draft.text
    if not text and not draft.attachments:
        raise Refused(41089)
    if len(text) > TEXT_MAX_CHARACTERS or len(text.encode()) > TEXT_MAX_BYTES:
        raise Refused(40058, "invalid text size")
    kinds = {row.get("msgtype") if isinstance(row, dict) else None for row in draft.attachments}
    if len(kinds) > 1 or kinds - set(_MOST):
        raise Refused(41065)
    for kind in kinds:
        if len(draft.attachments) > _MOST[str(kind)]:
            raise Refused(41064)
    for row in draft.attachments:
        kind = row["msgtype"]
        _check_attachment(kind, row.get(kind))


def _check_attachment(kind: str, given: Any) -> None:
    if not isinstance(given, dict):
        raise Refused(41065)
    if kind == "link":
        title = given.get("title") or ""
        if not given.get("url") or not isinstance(title, str) or len(title.encode()) > 64:
            raise Refused(40058, "link: url is missing or title exceed max length 64")
    media_id = given.get("media_id")
    wanted = "video" if kind == "video" else "image"
    media.living(media_id if isinstance(media_id, str) else "", pool=Pool.MOMENT, kind=wanted)


def _senders(draft: Draft, able: QuerySet[User]) -> list[User]:
    users = {user.folded: user for user in able}
    if not draft.users and not draft.departments:
        return list(users.values())
    inside = set().union(*(scope.below(id) for id in draft.departments))
    named = {userid.lower() for userid in draft.users}
    return [
        user for name, user in users.items() if name in named or inside & set(user.department_ids())
    ]


def _make_tasks(row: Moment, draft: Draft, senders: list[User], tags: QuerySet[CorpTag]) -> None:
    """With tags only members who follow such customers get a task."""
    follows = Follow.objects.standing().filter(user__in=senders, customer_left_at=None)
    if draft.tags:
        follows = follows.filter(tags__in=tags).distinct()
    reach: dict[int, list[str]] = {} if draft.tags else {user.pk: [] for user in senders}
    for user_id, name in follows.order_by("id").values_list("user_id", "customer__external_userid"):
        reach.setdefault(user_id, []).append(name)
    MomentTask.objects.bulk_create(
        (MomentTask(moment=row, user_id=pk, customers=names) for pk, names in reach.items()),
        batch_size=500,
    )


def _invalid(
    draft: Draft, able: QuerySet[User], tags: QuerySet[CorpTag]
) -> dict[str, dict[str, list[Any]]]:
    users = set(able.values_list("folded", flat=True))
    departments = set(Department.objects.values_list("pk", flat=True))
    known = set(tags.values_list("tag_id", flat=True))
    return {
        "invalid_sender_list": {
            "user_list": [id for id in draft.users if id.lower() not in users],
            "department_list": [id for id in draft.departments if id not in departments],
        },
        "invalid_external_contact_list": {
            "tag_list": [id for id in draft.tags if id not in known],
        },
    }
