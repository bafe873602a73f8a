"""Customer tags through the API (part 1 §8.6). What the app does here raises no callback."""

from functools import partial
from typing import Any

from django.db.models import QuerySet

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import CorpTag, CorpTagGroup
from guideapp.sandbox.services import strategies, tags
from guideapp.sandbox.views.api.registry import CUSTOMER, Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)


@endpoint("externalcontact/get_corp_tag_list")
def get_corp_tag_list(call: ApiCall) -> Answer:
    """All tags, or those asked for (`group_id` before `tag_id`), deleted ones then too."""
    return {"tag_group": _listed(call, CorpTagGroup.objects.filter(strategy_id=0))}


@endpoint("externalcontact/add_corp_tag")
def add_corp_tag(call: ApiCall) -> Answer:
    """The answer's tag_group is an object and holds only the new tags."""
    return {"tag_group": _added(call, 0)}


@endpoint("externalcontact/edit_corp_tag")
def edit_corp_tag(call: ApiCall) -> Answer:
    """A tag or a group that this app made; others are 40068."""
    _edit(call, of_strategy=False)
    return {}


@endpoint("externalcontact/del_corp_tag")
def del_corp_tag(call: ApiCall) -> Answer:
    """Tags and groups that this app made."""
    tags.api_deletes(call.app, tag_ids=call.texts("tag_id"), group_ids=call.texts("group_id"))
    return {}


@any_endpoint("externalcontact/get_strategy_tag_list", kinds=CUSTOMER)
def get_strategy_tag_list(call: ApiCall) -> Answer:
    """Tags of rule groups (规则组标签): only the secret of 客户联系."""
    groups = CorpTagGroup.objects.exclude(strategy_id=0)
    if call.integer("strategy_id"):
        groups = groups.filter(strategy_id=call.integer("strategy_id"))
    shown = _listed(call, groups)
    of = dict(CorpTagGroup.objects.values_list("group_id", "strategy_id"))
    return {"tag_group": [group | {"strategy_id": of[group["group_id"]]} for group in shown]}


@any_endpoint("externalcontact/add_strategy_tag", kinds=CUSTOMER)
def add_strategy_tag(call: ApiCall) -> Answer:
    """As add_corp_tag, inside one rule group of the first level."""
    strategy = strategies.named(call.integer("strategy_id"))
    if strategy.parent_id:
        raise Refused(40058, "strategy_id is not of the first level")
    return {"tag_group": _added(call, strategy.pk)}


@any_endpoint("externalcontact/edit_strategy_tag", kinds=CUSTOMER)
def edit_strategy_tag(call: ApiCall) -> Answer:
    """As edit_corp_tag."""
    _edit(call, of_strategy=True)
    return {}


@any_endpoint("externalcontact/del_strategy_tag", kinds=CUSTOMER)
def del_strategy_tag(call: ApiCall) -> Answer:
    """As del_corp_tag."""
    tag_ids, group_ids = call.texts("tag_id"), call.texts("group_id")
    tags.api_deletes(call.app, tag_ids=tag_ids, group_ids=group_ids, of_strategy=True)
    return {}


def _listed(call: ApiCall, groups: QuerySet[CorpTagGroup]) -> list[dict[str, Any]]:
    group_ids, tag_ids = call.texts("group_id"), call.texts("tag_id")
    groups = groups.order_by("-order", "id")
    rows = CorpTag.objects.order_by("-order", "id").select_related("group")
    if group_ids:
        groups, rows = (
            groups.filter(group_id__in=group_ids),
            rows.filter(group__group_id__in=group_ids),
        )
    elif tag_ids:
        rows = rows.filter(tag_id__in=tag_ids)
        groups = groups.filter(tags__tag_id__in=tag_ids).distinct()
    else:
        groups, rows = groups.filter(deleted=False), rows.filter(deleted=False)
    told = bool(group_ids or tag_ids)
    of_group: dict[int, list[CorpTag]] = {}
    for row in rows:
        of_group.setdefault(row.group_id, []).append(row)
    return [_group(group, of_group.get(group.pk, []), told=told) for group in groups]


def _added(call: ApiCall, strategy_id: int) -> dict[str, Any]:
    wanted = [entry for entry in call.typed("tag", list) or [] if isinstance(entry, dict)]
    group, made = tags.api_creates(
        call.app,
        group_id=call.text("group_id"),
        group_name=call.text("group_name"),
        order=call.integer("order"),
        tags=[(str(entry.get("name", "")), _order(entry)) for entry in wanted],
        strategy_id=strategy_id,
    )
    return _group(group, made, told=False)


def _edit(call: ApiCall, *, of_strategy: bool) -> None:
    tags.api_edits(
        call.app,
        id=call.text("id"),
        name=call.text("name") if call.given("name") else None,
        order=call.integer("order") if call.given("order") else None,
        of_strategy=of_strategy,
    )


def _order(entry: dict[str, Any]) -> int:
    order = entry.get("order", 0)
    return order if isinstance(order, int) and 0 <= order < 2**32 else 0


def _group(group: CorpTagGroup, rows: list[CorpTag], *, told: bool) -> dict[str, Any]:
    """`told`: the keys `deleted` stand only in answers to a query by id."""
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "create_time": int(group.created_at.timestamp()),
        "order": group.order,
        **({"deleted": group.deleted} if told else {}),
        "tag": [
            {
                "id": row.tag_id,
                "name": row.name,
                "create_time": int(row.created_at.timestamp()),
                "order": row.order,
                **({"deleted": row.deleted} if told else {}),
            }
            for row in rows
        ],
    }
