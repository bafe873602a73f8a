"""Template cards: the parts each kind needs, and the code for each part that is wrong.

"About n characters" of the reference is advice and refuses nothing. The payload is kept as sent.
"""

import re
from collections.abc import Callable
from typing import Any

from guideapp.sandbox.errors import Refused

type Card = dict[str, Any]

INTERACTIVE = frozenset({"button_interaction", "vote_interaction", "multiple_interaction"})
_TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
_KEY_MAX_BYTES = 1024
_WITH_PARTS = frozenset({"text_notice", "news_notice", "button_interaction"})


def checked(card: Card) -> Card:
    """The card, when every part is as its kind needs it. Raises Refused 42014 to 42051."""
    kind = card.get("card_type")
    if kind not in _PARTS:
        raise Refused(42031)
    if (kind in INTERACTIVE or card.get("action_menu")) and not _good_task_id(card):
        raise Refused(42014)
    _check_action_menu(_part(card, "action_menu"))
    if kind in _WITH_PARTS:
        _check_horizontal(_rows(card, "horizontal_content_list", 6, 42035))
    for check in _PARTS[kind]:
        check(card)
    return card


def _good_task_id(card: Card) -> bool:
    return bool(_TASK_ID.fullmatch(str(card.get("task_id", ""))))


def _check_action_menu(menu: Card) -> None:
    if not menu:
        return
    actions = _rows(menu, "action_list", 3, 40058)
    keys = [str(action.get("key", "")) for action in actions]
    if not actions or not all(keys) or any(len(key.encode()) > _KEY_MAX_BYTES for key in keys):
        raise Refused(42039)
    if len(set(keys)) < len(keys):
        raise Refused(42051)


def _check_horizontal(rows: list[Card]) -> None:
    wanted = {1: ("url", 42028), 2: ("media_id", 42029), 3: ("userid", 42050)}
    for row in rows:
        if not row.get("keyname"):
            raise Refused(42027)
        _require_by_type(row, wanted)


def _check_title(card: Card) -> None:
    if not _part(card, "main_title").get("title"):
        raise Refused(42033)


def _check_some_words(card: Card) -> None:
    if not card.get("sub_title_text"):
        _check_title(card)


def _check_jumps(card: Card) -> None:
    for jump in _rows(card, "jump_list", 3, 42042):
        if not jump.get("title"):
            raise Refused(42033)
        _require_by_type(jump, {1: ("url", 42028), 2: ("appid", 42030)})


def _check_card_action(card: Card) -> None:
    action = _part(card, "card_action")
    if action.get("type") not in (1, 2):
        raise Refused(42045)
    _require_by_type(action, {1: ("url", 42028), 2: ("appid", 42030)})


def _check_picture(card: Card) -> None:
    image = _part(card, "card_image")
    if not image.get("url") and not _part(card, "image_text_area"):
        raise Refused(42044)
    ratio = image.get("aspect_ratio", 1.3)
    if not isinstance(ratio, int | float) or not 1.3 <= ratio < 2.25:
        raise Refused(40058, "card_image.aspect_ratio out of range")


def _check_vertical(card: Card) -> None:
    for row in _rows(card, "vertical_content_list", 4, 42036):
        if not row.get("title"):
            raise Refused(42033)


def _check_buttons(card: Card) -> None:
    buttons = _rows(card, "button_list", 6, 40058)
    if not buttons:
        raise Refused(42038)
    for button in buttons:
        if not button.get("text"):
            raise Refused(42038)
        if button.get("type", 0) == 0 and not _good_key(button):
            raise Refused(42039)
        _require_by_type(button, {1: ("url", 42028)})


def _check_button_selection(card: Card) -> None:
    selection = _part(card, "button_selection")
    if selection:
        _check_question(selection, options_max=10)


def _check_checkbox(card: Card) -> None:
    _check_question(_part(card, "checkbox"), options_max=20)


def _check_selects(card: Card) -> None:
    selects = _rows(card, "select_list", 3, 42047)
    if not selects:
        raise Refused(42047)
    for select in selects:
        _check_question(select, options_max=10)


def _check_submit(card: Card) -> None:
    button = _part(card, "submit_button")
    if not button.get("text"):
        raise Refused(42049)
    if not _good_key(button):
        raise Refused(42046)


def _check_question(question: Card, *, options_max: int) -> None:
    if not question.get("question_key"):
        raise Refused(42043)
    options = _rows(question, "option_list", options_max, 42037)
    if not options:
        raise Refused(42037)
    for option in options:
        if not 1 <= len(str(option.get("id", "")).encode()) <= 128:
            raise Refused(42040)
        if not option.get("text"):
            raise Refused(42041)


_PARTS: dict[str, tuple[Callable[[Card], None], ...]] = {
    "text_notice": (_check_some_words, _check_jumps, _check_card_action),
    "news_notice": (
        _check_title,
        _check_picture,
        _check_vertical,
        _check_jumps,
        _check_card_action,
    ),
    "button_interaction": (_check_title, _check_button_selection, _check_buttons),
    "vote_interaction": (_check_title, _check_checkbox, _check_submit),
    "multiple_interaction": (_check_title, _check_selects, _check_submit),
}


def _require_by_type(row: Card, wanted: dict[int, tuple[str, int]]) -> None:
    """A row's `type` names the field that it needs, and the code when that is missing."""
    kind = row.get("type", 0)
    name, code = wanted.get(kind, ("", 0)) if isinstance(kind, int) else ("", 0)
    if name and not row.get(name):
        raise Refused(code)


def _good_key(row: Card) -> bool:
    return 1 <= len(str(row.get("key", "")).encode()) <= _KEY_MAX_BYTES


def _part(card: Card, name: str) -> Card:
    part = card.get(name)
    return part if isinstance(part, dict) else {}


def _rows(card: Card, name: str, most: int, code: int) -> list[Card]:
    rows = card.get(name) or []
    if not isinstance(rows, list) or len(rows) > most:
        raise Refused(code)
    return [row if isinstance(row, dict) else {} for row in rows]
