"""What members do with the app itself (part 2 §1.10.7), told to the app's own callback.

FromUserName is the member here, and there is no ChangeType.
"""

from typing import Any

from django.db import transaction

from guideapp.sandbox import config
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import App, AppMessage, User
from guideapp.sandbox.services import callbacks, ids, messages

_EMPTY: dict[str, object] = {}  # an element with nothing in it; an empty text is left out


def enter(*, userid: str, origin: str = "") -> None:
    """The member opens the app."""
    _tell(userid, "enter_agent", {"EventKey": _EMPTY}, origin)


def subscribe(*, userid: str, on: bool = True, origin: str = "") -> None:
    """The member gains the app, or loses it."""
    _tell(userid, "subscribe" if on else "unsubscribe", {}, origin)


def use_menu(*, userid: str, key: str, origin: str = "") -> None:
    """The member touches a button of the menu; an address opens a page (view)."""
    event = "view" if key.startswith(("http://", "https://")) else "click"
    _tell(userid, event, {"EventKey": key}, origin)


def report_location(
    *, userid: str, latitude: float, longitude: float, precision: int = 15, origin: str = ""
) -> None:
    """The client reports where the member is."""
    place = {"Latitude": latitude, "Longitude": longitude, "Precision": precision}
    _tell(userid, "LOCATION", place, origin, AppType="wxwork")


def scan(*, userid: str, key: str, text: str, waits: bool = False, origin: str = "") -> None:
    """The member scans a code by a button of the menu."""
    found = {"ScanType": "qrcode", "ScanResult": text}
    event = "scancode_waitmsg" if waits else "scancode_push"
    _tell(userid, event, {"EventKey": key, "ScanCodeInfo": found}, origin)


def close(*, on: bool = True, origin: str = "") -> None:
    """WeCom suspends the app for lack of use, or takes it up again."""
    event = "close_inactive_agent" if on else "reopen_inactive_agent"
    fields = {"ChangeType": "", "AgentID": config.keys().agent_id}
    callbacks.enqueue(event, "", fields, origin=origin)


def change_addresses(*, origin: str = "") -> None:
    """WeCom's addresses change: getcallbackip and get_api_domain_ip should be read again."""
    callbacks.enqueue("security", "change_domain_ip", {}, origin=origin)


@transaction.atomic
def press_card(
    *,
    userid: str,
    msgid: str,
    key: str,
    selected: dict[str, list[str]] | None = None,
    menu: bool = False,
    origin: str = "",
) -> str:
    """The member presses a button of a template card, or of its menu. Returns the ResponseCode.

    `selected`: question key → ids of the options chosen.
    """
    row = AppMessage.objects.filter(msgid=msgid, msgtype="template_card").first()
    if row is None or not row.recipients.filter(folded=userid.lower()).exists():
        raise UnknownEvent(f"{userid} got no card {msgid}")
    if key not in _keys(row.payload):
        raise UnknownEvent(f"the card has no key {key}")
    code = messages.card_code(row)
    fields = {
        "EventKey": key,
        "TaskId": row.payload.get("task_id", ""),
        "CardType": row.payload["card_type"],
        "ResponseCode": code,
    }
    event = "template_card_menu_event" if menu else "template_card_event"
    items = [
        {"QuestionKey": question, "OptionIds": {"OptionId": list(options)}}
        for question, options in (selected or {}).items()
    ]
    more = {"SelectedItems": {"SelectedItem": items}} if items else {}
    _tell(userid, event, fields, origin, app=App.objects.get(slug=row.slug), **more)
    return code


def write(
    *, userid: str, msgtype: str = "text", content: dict[str, Any] | str = "", origin: str = ""
) -> None:
    """The member writes to the app: a text, or the elements of another kind of message."""
    known = _MESSAGES.get(msgtype)
    given = {"Content": content} if isinstance(content, str) else content
    if known is None or set(given) != known:
        raise UnknownEvent(f"{msgtype} takes {sorted(known or ())}")
    number = int.from_bytes(ids.random_text(7).encode())
    fields = {"MsgType": msgtype, "Event": "", **given, "MsgId": number}
    more: dict[str, Any] = {"AppType": "wxwork"} if msgtype == "location" else {}
    _tell(userid, "", fields, origin, **more)


# Kind of message → its elements.
_MESSAGES: dict[str, set[str]] = {
    "text": {"Content"},
    "image": {"PicUrl", "MediaId"},
    "voice": {"MediaId", "Format"},
    "video": {"MediaId", "ThumbMediaId"},
    "location": {"Location_X", "Location_Y", "Scale", "Label"},
    "link": {"Title", "Description", "Url", "PicUrl"},
}


def _tell(
    userid: str,
    event: str,
    fields: dict[str, Any],
    origin: str,
    *,
    app: App | None = None,
    **more: object,
) -> None:
    user = User.objects.named(userid)
    if user is None:
        raise UnknownEvent(f"unknown member: {userid}")
    agent_id = config.agent_id_of(app) if app else config.keys().agent_id
    whole = {"FromUserName": user.userid, "ChangeType": "", **fields, "AgentID": agent_id, **more}
    callbacks.enqueue(event, "", whole, origin=origin)


def _keys(card: dict[str, Any]) -> set[str]:
    """Every key that the card's buttons and menu have."""
    menu = (card.get("action_menu") or {}).get("action_list") or []
    rows = [*menu, *(card.get("button_list") or []), card.get("submit_button") or {}]
    return {str(row["key"]) for row in rows if row.get("key")}
