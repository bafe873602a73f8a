"""Customer groups that get another owner through the API (part 1 §11.6). Nobody is told."""

from datetime import timedelta

from django.db import transaction

from guideapp.core.clock import day_of, day_range
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, GroupChat, User
from guideapp.sandbox.models.groups import GroupMember
from guideapp.sandbox.models.transfers import GroupTransfer
from guideapp.sandbox.services import ids, scope

BATCH_MAX, PER_DAY, PER_GROUP, PER_DAYS, MEMBERS_MAX = 100, 300, 2, 90, 500
INHERITED = 3  # GroupChat.status


def transfer(
    app: App, *, chat_ids: list[str], new_owner: str, on_job: bool
) -> list[dict[str, object]]:
    """Give each group to `new_owner` at once; the groups that could not be given, with codes."""
    if not 1 <= len(chat_ids) <= BATCH_MAX:
        raise Refused(40058, "chat_id_list")
    owner = User.objects.named(new_owner) if new_owner else None
    if owner is None:
        raise Refused(46004)
    if not scope.sees(app, owner):
        raise Refused(60011)
    if owner.status != User.Status.ACTIVE:
        raise Refused(41054)
    failed = []
    for chat_id in chat_ids:
        try:
            _give(chat_id, owner, on_job)
        except Refused as refused:
            entry = {"chat_id": chat_id, "errcode": refused.errcode, "errmsg": refused.reason}
            failed.append(entry)
    return failed


@transaction.atomic
def _give(chat_id: str, owner: User, on_job: bool) -> None:
    standing = GroupChat.objects.standing().select_related("owner")
    group = standing.select_for_update(of=("self",)).filter(chat_id=chat_id).first()
    if group is None:
        raise Refused(90501)
    _check(group, owner, on_job)
    inside = group.stays.present()
    if not inside.filter(person=owner.userid).exists():
        if inside.count() >= MEMBERS_MAX:
            raise Refused(90503)
        GroupMember.objects.create(group=group, person=owner.userid, is_user=True, joined_at=now())
        group.version = ids.random_text(32)
    before, group.owner = group.owner.userid, owner
    group.status = group.status if on_job else INHERITED
    group.save()
    GroupTransfer.objects.create(
        chat_id=chat_id, from_userid=before, to_userid=owner.userid, on_job=on_job, at=now()
    )


def _check(group: GroupChat, owner: User, on_job: bool) -> None:
    if not on_job and group.status == INHERITED:
        raise Refused(90508)
    employed = group.owner.deleted_at is None
    if employed and not on_job:
        raise Refused(90500)
    if on_job and not employed:
        raise Refused(90502)
    if group.owner == owner:
        raise Refused(90504)
    given = GroupTransfer.objects.all()
    today = given.filter(from_userid=group.owner.userid, to_userid=owner.userid)
    if today.filter(at__gte=day_range(day_of(now()))[0]).count() >= PER_DAY:
        raise Refused(45009)
    since = day_range(day_of(now()) - timedelta(days=PER_DAYS))[0]
    often = given.filter(chat_id=group.chat_id, on_job=True, at__gte=since)
    if on_job and often.count() >= PER_GROUP:
        raise Refused(40128)
