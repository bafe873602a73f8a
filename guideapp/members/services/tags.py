"""Tags: the company's, read from WeCom; a guide's own; put on relations and taken off again."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.tasks import task
from django.utils.translation import gettext as _

from guideapp.core.bulk import insert_missing
from guideapp.core.clock import now
from guideapp.members.errors import RelationEnded, TagGone, TagRefused
from guideapp.members.models import FollowRelation, Tag, TagGroup, TagMark
from guideapp.members.services.topics import require_allowed
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Guide, Role
from guideapp.wecom import outbox
from guideapp.wecom.client import client
from guideapp.wecom.client.contacts import Contacts
from guideapp.wecom.models import OutboxCall
from guideapp.wecom.types import CorpTagGroup

OWN_TAG_MAX = 12  # characters
OWN_TAGS_AT_MOST = 50
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


def manages(actor: Actor, store_id: int | None) -> bool:
    """True for a manager of this very store: managers' rights end at its customers."""
    return store_id is not None and any(
        grant.role == Role.STORE_MANAGER and grant.store_id == store_id for grant in actor.grants
    )


def settable_tags(actor: Actor, store_id: int | None) -> QuerySet[Tag]:
    """Tags that the person may put on customers of this store's guides and take off.

    By the right of each group. Automatic ones are nobody's to set; personal ones are their
    owner's alone.
    """
    of_company = Q(group__kind=TagGroup.Kind.COMPANY)
    if manages(actor, store_id):
        of_company &= ~Q(group__set_by=TagGroup.Setter.NOBODY)
    else:
        of_company &= Q(group__set_by=TagGroup.Setter.GUIDES, group__seen_by_guides=True)
    own = Q(group__kind=TagGroup.Kind.PERSONAL, owner=actor.guide)
    return Tag.objects.filter(of_company | own)


def change_group(
    group: TagGroup, *, set_by: str, seen_by_guides: bool, stale_after_days: int | None
) -> None:
    """Who may set the tags of a company group, who sees them, and after how long they are asked."""
    group.set_by = TagGroup.Setter(set_by)
    group.seen_by_guides = seen_by_guides
    group.stale_after_days = stale_after_days
    group.save(update_fields=["set_by", "seen_by_guides", "stale_after_days"])


@transaction.atomic
def make_own_tag(by: Guide, name: str) -> Tag:
    """The personal tag `name` of a guide, which nobody else sees; WeCom never hears of it.

    Raises TagRefused (empty, too long, too many), TopicRefused for sensitive information.
    """
    name = " ".join(name.split())
    if not name or len(name) > OWN_TAG_MAX or not name.isprintable():
        raise TagRefused(_("写 1 到 %(most)s 个字") % {"most": OWN_TAG_MAX})
    require_allowed(name)
    Guide.objects.select_for_update(no_key=True).get(pk=by.pk)
    own = Tag.objects.filter(owner=by, gone_at=None)
    known = own.filter(name=name).select_related("group").first()
    if known:
        return known
    if own.count() >= OWN_TAGS_AT_MOST:
        raise TagRefused(_("自己的标签最多 %(most)s 个") % {"most": OWN_TAGS_AT_MOST})
    group = TagGroup.objects.filter(kind=TagGroup.Kind.PERSONAL).order_by("pk").first()
    group = group or TagGroup.objects.create(kind=TagGroup.Kind.PERSONAL, name="个人标签")
    return Tag.objects.create(group=group, owner=by, name=name)


def confirm_tag(follow: FollowRelation, tag: Tag) -> None:
    """Still right, somebody said: the mark counts as fresh from now on."""
    marks = TagMark.objects.filter(follow=follow, tag=tag, removed_at=None)
    marks.update(confirmed_at=now())


def add_tag(follow: FollowRelation, tag: Tag, by: Guide) -> TagMark:
    """Put `tag` on the relation at once and owe it to WeCom; a second tap is the same mark.

    Whether `by` may set it is said by `settable_tags`. Raises TagGone, TopicRefused for a tag that
    names sensitive information, or RelationEnded when the customer left meanwhile.
    """
    require_allowed(tag.name)
    with transaction.atomic():
        locked = _locked(follow)
        if tag.gone_at or tag.group.gone_at:
            raise TagGone
        mark, is_new = TagMark.objects.get_or_create(
            follow=locked, tag=tag, removed_at=None, defaults={"author": by, "marked_at": now()}
        )
        if is_new and tag.wecom_id:
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
        if tag.wecom_id:
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
    # What WeCom does not know it cannot have taken away: tags of our own stay.
    marks = list(TagMark.objects.filter(follow__in=told, tag__wecom_id__isnull=False))
    held = {_pair(mark) for mark in marks if mark.removed_at is None}
    settling = {_pair(mark) for mark in marks if _tapped_after(mark, asked_at - _SETTLING)}
    left = wanted | settling
    gone = [mark.pk for mark in marks if mark.removed_at is None and _pair(mark) not in left]
    new = [
        TagMark(follow_id=follow, tag_id=tag, marked_at=asked_at)
        for follow, tag in wanted - held - settling
    ]
    insert_missing(new, ignore_conflicts=True)  # a guide may tap the same tag meanwhile
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
        row, _created = TagGroup.objects.update_or_create(
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
        kept["tags"] += [tag.wecom_id or "" for tag in tags]
        kept["groups"].append(row.wecom_id or "")
    at = now()
    told = {"gone_at": None, "wecom_id__isnull": False}  # our own tags are not WeCom's to take
    Tag.objects.filter(**told).exclude(wecom_id__in=kept["tags"]).update(gone_at=at)
    TagGroup.objects.filter(**told).exclude(wecom_id__in=kept["groups"]).update(gone_at=at)
    return len(kept["tags"])
