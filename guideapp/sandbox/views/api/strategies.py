"""Rule groups (part 1 §8.7): only the secret of 客户联系."""

from functools import partial
from typing import Any

from guideapp.sandbox.models.strategies import Strategy
from guideapp.sandbox.services import strategies
from guideapp.sandbox.views.api.paging import page_of, slice_of
from guideapp.sandbox.views.api.registry import CUSTOMER, Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, kinds=CUSTOMER)

_FOLDER = "externalcontact/customer_strategy"
_PAGE = 1000


@endpoint(f"{_FOLDER}/list")
def strategy_list(call: ApiCall) -> Answer:
    """Ids by cursor."""
    rows, cursor = page_of(call, Strategy.objects.all(), of="rules", most=_PAGE, default=_PAGE)
    return {"strategy": [{"strategy_id": row.pk} for row in rows], "next_cursor": cursor}


@endpoint(f"{_FOLDER}/get")
def strategy_get(call: ApiCall) -> Answer:
    """An object."""
    row = strategies.named(call.integer("strategy_id"))
    return {
        "strategy": {
            "strategy_id": row.pk,
            "parent_id": row.parent_id,
            "strategy_name": row.name,
            "create_time": int(row.created_at.timestamp()),
            "admin_list": row.admins,
            "privilege": row.privilege,
        }
    }


@endpoint(f"{_FOLDER}/get_range")
def strategy_range(call: ApiCall) -> Answer:
    """Members and departments by cursor."""
    row = strategies.named(call.integer("strategy_id"))
    of = f"range/{row.pk}"
    found, cursor = slice_of(call, row.range, of=of, most=_PAGE, default=_PAGE)
    return {"range": found, "next_cursor": cursor}


@endpoint(f"{_FOLDER}/create")
def strategy_create(call: ApiCall) -> Answer:
    """Answers the id."""
    row = strategies.create(_given(call), reach=call.typed("range", list) or [])
    return {"strategy_id": row.pk}


@endpoint(f"{_FOLDER}/edit")
def strategy_edit(call: ApiCall) -> Answer:
    """What is missing stays; the range is changed by range_add and range_del."""
    add, remove = call.typed("range_add", list) or [], call.typed("range_del", list) or []
    strategies.edit(call.integer("strategy_id"), _given(call), add=add, remove=remove)
    return {}


@endpoint(f"{_FOLDER}/del")
def strategy_delete(call: ApiCall) -> Answer:
    """With everything under it."""
    strategies.delete(call.integer("strategy_id"))
    return {}


def _given(call: ApiCall) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if call.given("strategy_name"):
        given["strategy_name"] = call.text("strategy_name")
    if call.given("parent_id"):
        given["parent_id"] = call.integer("parent_id")
    if call.given("admin_list"):
        given["admin_list"] = call.texts("admin_list")
    privilege = call.typed("privilege", dict)
    return given | ({"privilege": privilege} if privilege is not None else {})
