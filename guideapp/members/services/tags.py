"""Company tags: read from WeCom, put on relations and taken off again."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.tasks import task

from guideapp.core.clock import now
from guideapp.members.errors import RelationEnded, TagGone
from guideapp.members.models import FollowRelation, Tag, TagGroup, TagMark
from guideapp.organisation.models import Guide
from guideapp.wecom import outbox
from guideapp.wecom.client import client
from guideapp.wecom.client.contacts import Contacts
from guideapp.wecom.models import OutboxCall
from guideapp.wecom.types import CorpTagGroup

_KEY = "mark_tag"  # keys are mark_tag:<follow>:<add or remove>:<mark>
_UNDER_WAY = (
    OutboxCall.State.WAITING,
    OutboxCall.State.SENDING,
    OutboxCall.State.UNCERTAIN,
)
# A tap this shortly before an answer was asked for may not have reached WeCom by then.
_SETTLING = timedelta(minutes=1)


def sync_tags(contacts: Contacts | None = None) -> int:
    """Read all company tags and groups; those that WeCom no longer has are gone. How many are left.

    Safe to run at any time and in any order: the answer is the whole truth. `contacts` is who
    answers, when that is not WeCom.
    """
    groups = (contacts or client().contacts).corp_tags()
    with transaction.atomic():
        return _apply_groups(groups)


@task(queue_name="normal")
def read_tags() -> None:
    """`sync_tags` as a job."""
    sync_tags()


def add_tag(follow: FollowRelation, tag: Tag, by: Guide) -> TagMark:
    """Put `tag` on the relation at once and owe it to WeCom; a second tap is the same mark.

    Raises TagGone, or RelationEnded when the customer left meanwhile.
    """
    with transaction.atomic():
        locked = _locked(follow)
        if tag.gone_at or tag.group.gone_at:
            raise TagGone
        mark, is_new = TagMark.objects.get_or_create(
            follow=locked, tag=tag, removed_at=None, defaults={"author": by, "marked_at": now()}
        )
        if is_new:
            _owe(locked, "add", mark, add=[tag.wecom_id])
    return mark


def remove_tag(follow: FollowRelation, tag: Tag, by: Guide) -> None:
    """Take `tag` off the relation at once and owe that to WeCom; not there is fine.

    `by` need not be the one who put it there. Raises RelationEnded.
    """
    with transaction.atomic():
        locked = _locked(follow)
        mark = TagMark.objects.filter(follow=locked, tag=tag, removed_at=None).first()
        if mark is None:
            return
        mark.removed_at, mark.removed_by = now(), by
        mark.save()
        _owe(locked, "remove", mark, remove=[tag.wecom_id])


def apply_tags(told: dict[int, list[str]], *, asked_at: datetime) -> int:
    """Make the marks of relations (by follow id) those that WeCom listed; how many differed.

    What a guide tapped and WeCom may not have heard yet is left as it is. Tags that we do not
    know are passed over; `sync_tags` learns them.
    """
    waiting = _under_way()
    told = {follow: ids for follow, ids in told.items() if follow not in waiting}
    known = dict(
        Tag.objects.filter(
            wecom_id__in={wecom_id for ids in told.values() for wecom_id in ids}
        ).values_list("wecom_id", "pk")
    )
    wanted = {(follow, known[i]) for follow, ids in told.items() for i in ids if i in known}
    marks = list(TagMark.objects.filter(follow__in=told))
    held = {_pair(mark) for mark in marks if mark.removed_at is None}
    settling = {_pair(mark) for mark in marks if _tapped_after(mark, asked_at - _SETTLING)}
    left = wanted | settling
    gone = [mark.pk for mark in marks if mark.removed_at is None and _pair(mark) not in left]
    new = [
        TagMark(follow_id=follow, tag_id=tag, marked_at=asked_at)
        for follow, tag in wanted - held - settling
    ]
    TagMark.objects.bulk_create(new, ignore_conflicts=True, batch_size=1000)
    return len(new) + TagMark.objects.filter(pk__in=gone).update(removed_at=asked_at)


def unknown_tags(ids: Iterable[str]) -> bool:
    """True when WeCom named a tag that we have not read yet."""
    wanted = set(ids)
    return Tag.objects.filter(wecom_id__in=wanted).count() < len(wanted)


def _locked(follow: FollowRelation) -> FollowRelation:
    """The open relation, locked: two taps are marked one after the other."""
    rows = FollowRelation.objects.select_for_update(of=("self",)).active()
    row = rows.select_related("guide", "contact").filter(pk=follow.pk).first()
    if row is None:
        raise RelationEnded
    return row


def _owe(
    follow: FollowRelation,
    step: str,
    mark: TagMark,
    *,
    add: list[str] | None = None,
    remove: list[str] | None = None,
) -> None:
    earlier = OutboxCall.objects.filter(
        kind="mark_tag", state=OutboxCall.State.WAITING, key__startswith=f"{_KEY}:{follow.pk}:"
    )
    outbox.send(
        "mark_tag",
        {
            "userid": follow.guide.userid,
            "external_userid": follow.contact.external_userid,
            "add": add or [],
            "remove": remove or [],
            "after": list(earlier.values_list("pk", flat=True)),
        },
        key=f"{_KEY}:{follow.pk}:{step}:{mark.pk}",
    )


def _pair(mark: TagMark) -> tuple[int, int]:
    return mark.follow_id, mark.tag_id


def _tapped_after(mark: TagMark, moment: datetime) -> bool:
    """True when a guide, not a reading of WeCom, last changed the mark, and after `moment`."""
    if mark.removed_at is not None:
        return mark.removed_by_id is not None and mark.removed_at > moment
    return mark.author_id is not None and mark.marked_at > moment


def _under_way() -> set[int]:
    """Ids of relations whose taps are still on their way to WeCom."""
    keys = OutboxCall.objects.filter(kind="mark_tag", state__in=_UNDER_WAY).values_list(
        "key", flat=True
    )
    return {int(key.split(":")[1]) for key in keys if key.startswith(f"{_KEY}:")}


def _apply_groups(groups: list[CorpTagGroup]) -> int:
    present = [group for group in groups if not group.get("deleted")]
    kept: dict[str, list[str]] = defaultdict(list)
    for group in present:
        row, _is_new = TagGroup.objects.update_or_create(
            wecom_id=group["group_id"],
            defaults={
                "name": group["group_name"][:64],
                "order": group.get("order", 0),
                "gone_at": None,
            },
        )
        tags = [
            Tag(wecom_id=tag["id"], group=row, name=tag["name"][:64], order=tag.get("order", 0))
            for tag in group["tag"]
            if not tag.get("deleted")
        ]
        Tag.objects.bulk_create(
            tags,
            update_conflicts=True,
            unique_fields=["wecom_id"],
            update_fields=["group", "name", "order", "gone_at"],
        )
        kept["tags"] += [tag.wecom_id for tag in tags]
        kept["groups"].append(row.wecom_id)
    at = now()
    Tag.objects.filter(gone_at=None).exclude(wecom_id__in=kept["tags"]).update(gone_at=at)
    TagGroup.objects.filter(gone_at=None).exclude(wecom_id__in=kept["groups"]).update(gone_at=at)
    return len(kept["tags"])
