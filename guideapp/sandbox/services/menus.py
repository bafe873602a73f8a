"""The menu of an app (part 1 §13): one to three buttons, each with up to five below it."""

from typing import Any

from guideapp.sandbox.errors import Refused

_TOP_MAX, _SUB_MAX = 3, 5
_NAME_MAX_BYTES, _SUB_NAME_MAX_BYTES = 16, 40
_KEY_MAX_BYTES, _URL_MAX_BYTES = 128, 1024
# Type → the fields that it needs.
_TYPES = {
    "view": ("url",),
    "view_miniprogram": ("appid", "pagepath"),
    **dict.fromkeys(
        (
            "click",
            "scancode_push",
            "scancode_waitmsg",
            "pic_sysphoto",
            "pic_photo_or_album",
            "pic_weixin",
            "location_select",
        ),
        ("key",),
    ),
}


def checked(buttons: list[Any]) -> list[dict[str, Any]]:
    """The buttons as menu/get gives them back. Raises Refused with WeCom's codes."""
    if not 1 <= len(buttons) <= _TOP_MAX:
        raise Refused(40016)
    return [_button(button) for button in buttons]


def _button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise Refused(40017)
    below = button.get("sub_button") or []
    if not below:
        return _leaf(button, _NAME_MAX_BYTES)
    if len(below) > _SUB_MAX:
        raise Refused(40023)
    leaves = [_leaf(leaf, _SUB_NAME_MAX_BYTES) for leaf in below]
    return {"name": _name(button, _NAME_MAX_BYTES), "sub_button": leaves}


def _leaf(button: Any, room: int) -> dict[str, Any]:
    kind = button.get("type") if isinstance(button, dict) else None
    if kind not in _TYPES:
        raise Refused(40017)
    fields = {name: str(button.get(name, "")) for name in _TYPES[kind]}
    if len(fields.get("key", "x").encode()) > _KEY_MAX_BYTES or not all(fields.values()):
        raise Refused(40020 if kind == "view" else 40019)
    if len(fields.get("url", "").encode()) > _URL_MAX_BYTES:
        raise Refused(40020)
    return {"type": kind, "name": _name(button, room), **fields}


def _name(button: dict[str, Any], room: int) -> str:
    name = str(button.get("name", ""))
    if not 1 <= len(name.encode()) <= room:
        raise Refused(40018)
    return name
