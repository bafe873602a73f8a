"""「联系我」 codes (part 1 §9). An app sees only those that it made."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models.contact_ways import ContactWay
from guideapp.sandbox.services import contact_ways
from guideapp.sandbox.views.api.paging import page_of
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)

_PAGE, _PAGE_MAX, _DAYS = 100, 1000, 90
_NUMBERS = ("type", "scene", "style", "expires_in", "chat_expires_in")
_TEXTS = ("remark", "state", "unionid")
_FLAGS = ("skip_verify", "is_temp", "is_exclusive", "mark_source")


@endpoint("externalcontact/add_contact_way")
def add_contact_way(call: ApiCall) -> Answer:
    """The config_id is shown here and never again by name; qr_code only for a QR code."""
    way = contact_ways.create(call.app, _given(call), origin=call.origin)
    answer = {"config_id": way.config_id}
    return answer | ({"qr_code": way.qr_code} if way.qr_code else {})


@endpoint("externalcontact/get_contact_way")
def get_contact_way(call: ApiCall) -> Answer:
    """An object; old replies had a list."""
    return {"contact_way": _shown(contact_ways.own(call.app, call.text("config_id")))}


@endpoint("externalcontact/list_contact_way")
def list_contact_way(call: ApiCall) -> Answer:
    """Those made between two times, by default in the last ninety days; no temporary ones."""
    end = _moment(call, "end_time", now())
    start = _moment(call, "start_time", end - timedelta(days=_DAYS))
    ways = ContactWay.objects.filter(
        slug=call.app.slug, deleted_at=None, is_temp=False, created_at__range=(start, end)
    )
    of = f"ways/{call.app.slug}"
    page, cursor = page_of(call, ways, of=of, most=_PAGE_MAX, default=_PAGE)
    listed = {"contact_way": [{"config_id": way.config_id} for way in page]}
    return listed | ({"next_cursor": cursor} if cursor else {})


@endpoint("externalcontact/update_contact_way")
def update_contact_way(call: ApiCall) -> Answer:
    """Who is behind a printed code can change; the code stays."""
    contact_ways.update(call.app, call.text("config_id"), _given(call))
    return {}


@endpoint("externalcontact/del_contact_way")
def del_contact_way(call: ApiCall) -> Answer:
    """The code leads nowhere from now on."""
    contact_ways.delete(call.app, call.text("config_id"))
    return {}


@endpoint("externalcontact/close_temp_chat")
def close_temp_chat(call: ApiCall) -> Answer:
    """Only where a temporary code made the chat."""
    if not call.text("userid"):
        raise Refused(41009)
    if not call.text("external_userid"):
        raise Refused(41035)
    contact_ways.close_temporary_chat(
        userid=call.text("userid"), external_userid=call.text("external_userid")
    )
    return {}


def _given(call: ApiCall) -> dict[str, Any]:
    given: dict[str, Any] = {name: call.integer(name) for name in _NUMBERS if call.given(name)}
    given |= {name: call.text(name) for name in _TEXTS if call.given(name)}
    given |= {name: call.flag(name, name in {"skip_verify", "mark_source"}) for name in _FLAGS}
    given |= {"user": call.texts("user")} if call.given("user") else {}
    given |= {"party": call.integers("party")} if call.given("party") else {}
    conclusions = call.typed("conclusions", dict)
    given |= {"conclusions": conclusions} if conclusions else {}
    absent = [name for name in _FLAGS if not call.given(name)]
    return {name: value for name, value in given.items() if name not in absent}


def _moment(call: ApiCall, name: str, default: datetime) -> datetime:
    seconds = call.integer(name)
    return datetime.fromtimestamp(seconds, UTC) if seconds else default


def _shown(way: ContactWay) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "config_id": way.config_id,
        "type": way.type,
        "scene": way.scene,
        "style": way.style,
        "remark": way.remark,
        "skip_verify": way.skip_verify,
        "state": way.state,
        "user": way.users,
        "party": way.departments,
        "is_temp": way.is_temp,
        "is_exclusive": way.is_exclusive,
        "mark_source": way.mark_source,
    }
    if way.qr_code:
        shown["qr_code"] = way.qr_code
    if way.is_temp:
        shown |= {"expires_in": way.expires_in, "chat_expires_in": way.chat_expires_in}
        shown |= {"unionid": way.unionid, "conclusions": way.conclusions}
    return shown
