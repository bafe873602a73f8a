"""Put one tag on many customers, as a job whose progress can be looked at."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.tasks import task
from django.utils.translation import gettext as _

from guideapp.core.clock import now
from guideapp.core.errors import GuideAppError
from guideapp.members.errors import TagRefused
from guideapp.members.models import BulkTagging, FollowRelation, Tag, TagMark
from guideapp.members.services.tags import add_tag, settable_tags
from guideapp.members.services.topics import require_allowed
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Guide, RoleGrant

BULK_AT_MOST = 5_000  # customers at once: each is a call to WeCom
_STEP = 50


@transaction.atomic
def start_bulk_tagging(*, tag: Tag, follows: Sequence[int], by: Guide) -> BulkTagging:
    """Owe `tag` to these relations (ids that `by` may edit). Raises TagRefused, TopicRefused."""
    require_allowed(tag.name)
    if not follows:
        raise TagRefused(_("没有符合条件的客户"))
    if len(follows) > BULK_AT_MOST:
        raise TagRefused(_("一次最多 %(most)s 位客户，缩小范围再试") % {"most": BULK_AT_MOST})
    row = BulkTagging.objects.create(tag=tag, by=by, follow_ids=list(follows), total=len(follows))
    tag_in_bulk.enqueue(row.pk)
    return row


@task(queue_name="bulk")
def tag_in_bulk(bulk_id: int) -> None:
    """Work one list off. What is done is kept every few customers: a stopped job goes on there."""
    while _step(bulk_id):
        pass


@transaction.atomic
def _step(bulk_id: int) -> bool:
    """The next few customers of the list; False when there are none left."""
    rows = BulkTagging.objects.select_for_update(of=("self",)).select_related("by")
    row = rows.filter(pk=bulk_id).first()
    if row is None or row.finished_at:
        return False
    some = row.follow_ids[row.done : row.done + _STEP]
    tag = Tag.objects.select_related("group").get(pk=row.tag_id)
    follows = _still_theirs(row.by, tag, some)
    held = set(
        TagMark.objects.filter(follow__in=some, tag=tag, removed_at=None).values_list(
            "follow", flat=True
        )
    )
    marked = refused = 0
    for pk in some:
        if pk in held:
            continue
        follow = follows.get(pk)
        if follow is not None and _may_add(follow, tag, row):
            marked += 1
        else:
            refused += 1
    is_over = row.done + len(some) >= row.total
    BulkTagging.objects.filter(pk=row.pk).update(
        done=F("done") + len(some),
        marked=F("marked") + marked,
        refused=F("refused") + refused,
        finished_at=now() if is_over else None,
    )
    return not is_over


def _still_theirs(by: Guide, tag: Tag, some: Sequence[int]) -> dict[int, FollowRelation]:
    """Relations that `by` may put the tag on now: rights may have ended since the list was made."""
    actor = Actor(guide=by, grants=tuple(RoleGrant.objects.in_force().filter(guide=by)))
    rows = FollowRelation.objects.active().editable_by(actor).select_related("guide", "contact")
    found = rows.in_bulk(some)
    stores = {follow.guide.store_id for follow in found.values()}
    open_in = {store for store in stores if settable_tags(actor, store).filter(pk=tag.pk).exists()}
    return {pk: follow for pk, follow in found.items() if follow.guide.store_id in open_in}


def _may_add(follow: FollowRelation, tag: Tag, row: BulkTagging) -> bool:
    try:
        add_tag(follow, tag, row.by)
    except GuideAppError:  # the customer left, or headquarters took the tag away
        return False
    return True
