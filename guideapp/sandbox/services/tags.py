"""Customer tags: what the console does (with events) and what the API does (without)."""

from collections.abc import Iterable
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Q

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import App, CorpTag, CorpTagGroup
from guideapp.sandbox.services import callbacks, ids

EVENT = "change_external_tag"
NAME_MAX = 30
TAGS_MAX = 3000


class MadeBy(TypedDict, total=False):
    """Who made a row: the console says nothing."""

    by_app: bool
    slug: str


@transaction.atomic
def console_creates(*, group_name: str, names: Iterable[str], origin: str = "") -> CorpTagGroup:
    """An admin makes tags, in a new group or one of that name; one event for each new thing."""
    group = CorpTagGroup.objects.filter(name=group_name, deleted=False, strategy_id=0).first()
    if group is None:
        group = _new_group(group_name)
        _tell("create", group.group_id, "tag_group", origin)
    for name in names:
        tag = _new_tag(group, name)
        _tell("create", tag.tag_id, "tag", origin)
    return group


@transaction.atomic
def console_updates(*, id: str, name: str, origin: str = "") -> None:
    """An admin renames a tag or a group."""
    row = _named(id)
    row.name = name
    row.save(update_fields=["name"])
    _tell("update", id, _kind(row), origin)


@transaction.atomic
def console_deletes(*, id: str, origin: str = "") -> None:
    """An admin deletes a tag or a group with its tags."""
    row = _named(id)
    kind = _kind(row)
    delete_rows([row])
    _tell("delete", id, kind, origin)


@transaction.atomic
def console_shuffles(*, id: str, tag_ids: list[str], origin: str = "") -> None:
    """An admin re-orders the tags of the group `id`: first in `tag_ids` is shown first."""
    tags = CorpTag.objects.filter(group__group_id=id, tag_id__in=tag_ids)
    places = {tag_id: len(tag_ids) - place for place, tag_id in enumerate(tag_ids)}
    for tag in tags:
        tag.order = places[tag.tag_id]
    CorpTag.objects.bulk_update(tags, ["order"])
    callbacks.enqueue(EVENT, "shuffle", {"Id": id}, origin=origin)


@transaction.atomic
def api_creates(
    app: App,
    *,
    group_id: str,
    group_name: str,
    order: int,
    tags: list[tuple[str, int]],
    strategy_id: int = 0,
) -> tuple[CorpTagGroup, list[CorpTag]]:
    """add_corp_tag: the group and only the new tags. Raises Refused with WeCom's codes."""
    wanted = dict(reversed(tags))  # a name twice in one request is one tag; the first order wins
    if not wanted:
        raise Refused(40063)
    for name in wanted:
        _check_name(name)
    if CorpTag.objects.filter(deleted=False).count() + len(wanted) > TAGS_MAX:
        raise Refused(40126)
    made_by: MadeBy = {"by_app": True, "slug": app.slug}
    group = _group_for(group_id, group_name, order, strategy_id, made_by)
    if group.tags.filter(deleted=False, name__in=wanted).exists():
        raise Refused(40071)
    names = dict.fromkeys(name for name, _order in tags)
    return group, [_new_tag(group, name, wanted[name], **made_by) for name in names]


@transaction.atomic
def api_edits(
    app: App, *, id: str, name: str | None, order: int | None, of_strategy: bool = False
) -> None:
    """edit_corp_tag on a tag or a group that the app made itself."""
    row = _own(app, [id], of_strategy)[0]
    if name is not None:
        _check_name(name)
        siblings = (
            CorpTag.objects.filter(group=row.group)
            if isinstance(row, CorpTag)
            else CorpTagGroup.objects.filter(strategy_id=row.strategy_id)
        )
        if siblings.filter(name=name, deleted=False).exclude(pk=row.pk).exists():
            raise Refused(40071)
        row.name = name
    if order is not None:
        row.order = order
    row.save()


@transaction.atomic
def api_deletes(
    app: App, *, tag_ids: list[str], group_ids: list[str], of_strategy: bool = False
) -> None:
    """del_corp_tag; the last tag takes its group with it."""
    if not tag_ids and not group_ids:
        raise Refused(40063)
    delete_rows(_own(app, [*tag_ids, *group_ids], of_strategy))


def delete_rows(rows: Iterable[CorpTag | CorpTagGroup]) -> None:
    """Mark tags and groups deleted, take them off every customer, and empty groups with them."""
    gone: list[int] = []
    for row in rows:
        if isinstance(row, CorpTagGroup):
            gone += row.tags.filter(deleted=False).values_list("pk", flat=True)
            CorpTagGroup.objects.filter(pk=row.pk).update(deleted=True)
        else:
            gone.append(row.pk)
    CorpTag.follows.through.objects.filter(corptag_id__in=gone).delete()
    CorpTag.objects.filter(pk__in=gone).update(deleted=True)
    touched = CorpTagGroup.objects.filter(tags__in=gone, deleted=False).distinct()
    for group in touched:
        if not group.tags.filter(deleted=False).exists():
            CorpTagGroup.objects.filter(pk=group.pk).update(deleted=True)


def _group_for(
    group_id: str, group_name: str, order: int, strategy_id: int, made_by: MadeBy
) -> CorpTagGroup:
    groups = CorpTagGroup.objects.filter(deleted=False, strategy_id=strategy_id)
    if group_id:
        group = groups.filter(group_id=group_id).first()
        if group is None:
            raise Refused(40068)
        return group
    _check_name(group_name)
    named = groups.filter(name=group_name).first()
    return named or _new_group(group_name, order, strategy_id=strategy_id, **made_by)


def _own(app: App, wanted: list[str], of_strategy: bool) -> list[CorpTag | CorpTagGroup]:
    """Rows that the app made; the secret of 客户联系 may touch every one."""
    tags = CorpTag.objects.filter(tag_id__in=wanted, deleted=False).select_related("group")
    groups = CorpTagGroup.objects.filter(group_id__in=wanted, deleted=False)
    rows: list[CorpTag | CorpTagGroup] = [
        *(tag for tag in tags if bool(tag.group.strategy_id) == of_strategy),
        *(group for group in groups if bool(group.strategy_id) == of_strategy),
    ]
    free = app.kind == App.Kind.CUSTOMER
    mine = all(free or (row.by_app and row.slug == app.slug) for row in rows)
    if len(rows) < len(set(wanted)) or not mine:
        raise Refused(40068)
    return rows


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= NAME_MAX:
        raise Refused(40072)


def _new_group(
    name: str, order: int = 0, *, strategy_id: int = 0, **made_by: Unpack[MadeBy]
) -> CorpTagGroup:
    return CorpTagGroup.objects.create(
        group_id=ids.tag_id(),
        name=name,
        order=order,
        strategy_id=strategy_id,
        created_at=now(),
        **made_by,
    )


def _new_tag(group: CorpTagGroup, name: str, order: int = 0, **made_by: Unpack[MadeBy]) -> CorpTag:
    return CorpTag.objects.create(
        tag_id=ids.tag_id(), group=group, name=name, order=order, created_at=now(), **made_by
    )


def _named(id: str) -> CorpTag | CorpTagGroup:
    row: CorpTag | CorpTagGroup | None = CorpTag.objects.filter(tag_id=id, deleted=False).first()
    row = row or CorpTagGroup.objects.filter(group_id=id, deleted=False).first()
    if row is None:
        raise UnknownEvent(f"unknown tag or group: {id}")
    return row


def _kind(row: CorpTag | CorpTagGroup) -> str:
    return "tag" if isinstance(row, CorpTag) else "tag_group"


def _tell(change_type: str, id: str, kind: str, origin: str) -> None:
    """StrategyId stands only in events of rule groups, and not where one is made."""
    groups = CorpTagGroup.objects.filter(Q(group_id=id) | Q(tags__tag_id=id))
    strategy_id = groups.values_list("strategy_id", flat=True).first()
    fields: dict[str, object] = {"Id": id, "TagType": kind}
    if strategy_id and change_type != "create":
        fields["StrategyId"] = strategy_id
    callbacks.enqueue(EVENT, change_type, fields, origin=origin)
