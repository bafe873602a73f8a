"""Transfers of customers and groups (part 1 §11): one code for each of them."""

from functools import partial

from django.core import signing
from django.db.models import QuerySet

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Follow
from guideapp.sandbox.models.transfers import Transfer
from guideapp.sandbox.services import group_transfers, transfers
from guideapp.sandbox.views.api.paging import page_of
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)

_PAGE, _ROWS_BY_PAGE_MAX = 1000, 50_000
_SALT = "sandbox.unassigned"
_TIMED = {Transfer.Status.DONE, Transfer.Status.WAITING}


@endpoint("externalcontact/transfer_customer")
def transfer_customer(call: ApiCall) -> Answer:
    """§11.1, of a member in service."""
    return {"customer": _started(call, message=call.text("transfer_success_msg"))}


@endpoint("externalcontact/resigned/transfer_customer")
def transfer_of_resigned(call: ApiCall) -> Answer:
    """§11.3, of a member who left; no words of its own."""
    return {"customer": _started(call, resigned=True)}


@endpoint("externalcontact/transfer_result")
def transfer_result(call: ApiCall) -> Answer:
    """§11.2."""
    return _results(call, resigned=False)


@endpoint("externalcontact/resigned/transfer_result")
def transfer_result_of_resigned(call: ApiCall) -> Answer:
    """§11.4."""
    return _results(call, resigned=True)


@endpoint("externalcontact/get_unassigned_list")
def get_unassigned_list(call: ApiCall) -> Answer:
    """§11.5: by page_id for small sets, without a next_cursor then; by cursor for any."""
    size = call.integer("page_size", _PAGE)
    size = size if 1 <= size <= _PAGE else _PAGE
    rows = transfers.unassigned()
    if call.given("page_id"):
        start = call.integer("page_id") * size
        if start >= _ROWS_BY_PAGE_MAX:
            raise Refused(40058, "page_id * page_size")
        return _unassigned(rows, start, size)
    start = _position(call.text("cursor"))
    answer = _unassigned(rows, start, size)
    more = "" if answer["is_last"] else signing.dumps(start + size, salt=_SALT)
    return answer | {"next_cursor": more}


@endpoint("externalcontact/groupchat/transfer")
def groupchat_transfer(call: ApiCall) -> Answer:
    """§11.6, of an owner who left."""
    return _groups(call, on_job=False)


@endpoint("externalcontact/groupchat/onjob_transfer")
def groupchat_onjob_transfer(call: ApiCall) -> Answer:
    """§11.6, of an owner in service."""
    return _groups(call, on_job=True)


def _started(call: ApiCall, *, message: str = "", resigned: bool = False) -> list[object]:
    asked = transfers.start(
        call.app,
        handover=call.text("handover_userid"),
        takeover=call.text("takeover_userid"),
        external_userids=call.texts("external_userid"),
        message=message,
        resigned=resigned,
    )
    return list(asked)


def _results(call: ApiCall, *, resigned: bool) -> Answer:
    handover, takeover = call.text("handover_userid"), call.text("takeover_userid")
    rows = transfers.results(handover, takeover, resigned=resigned)
    of = f"transfers/{handover}/{takeover}/{resigned}"
    page, cursor = page_of(call, rows, of=of, most=_PAGE, default=_PAGE)
    listed = [
        {
            "external_userid": row.customer.external_userid,
            "status": row.status,
            "takeover_time": _takeover_time(row),
        }
        for row in page
    ]
    return {"customer": listed, "next_cursor": cursor}


def _takeover_time(row: Transfer) -> int:
    return int(row.takeover_at.timestamp()) if row.status in _TIMED else 0


def _unassigned(rows: QuerySet[Follow], start: int, size: int) -> dict[str, object]:
    found = list(rows[start : start + size + 1])
    listed = [
        {
            "handover_userid": row.user.userid,
            "external_userid": row.customer.external_userid,
            "dimission_time": int(row.user.deleted_at.timestamp()) if row.user.deleted_at else 0,
        }
        for row in found[:size]
    ]
    return {"info": listed, "is_last": len(found) <= size}


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(signing.loads(cursor, salt=_SALT))
    except signing.BadSignature:
        raise Refused(50100) from None


def _groups(call: ApiCall, *, on_job: bool) -> Answer:
    failed = group_transfers.transfer(
        call.app,
        chat_ids=call.texts("chat_id_list"),
        new_owner=call.text("new_owner"),
        on_job=on_job,
    )
    return {"failed_chat_list": failed}
