"""A member's figures of a day (part 1 §12.1), counted from what happened in the played world."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from guideapp.core.clock import day_of, day_range
from guideapp.sandbox.models import ChatMessage, User
from guideapp.sandbox.models.activity import Activity
from guideapp.sandbox.services.day_span import midnight

_COUNTED = {
    "new_apply_cnt": Activity.Kind.APPLY,
    "new_contact_cnt": Activity.Kind.CONTACT,
    "negative_feedback_cnt": Activity.Kind.NEGATIVE,
}
# What the member wrote; greetings and mass messages are the company's.
_OWN_WORDS = (ChatMessage.Source.TYPED, ChatMessage.Source.SIDEBAR)


def of_days(users: Iterable[User], days: list[date]) -> list[dict[str, Any]]:
    """One row a day, all members together."""
    members = list(users)
    start, end = day_range(days[0], days[-1])
    acts = Activity.objects.filter(user__in=members, at__gte=start, at__lt=end)
    counts: dict[tuple[date, str], int] = {}
    for kind, at in acts.values_list("kind", "at"):
        counts[day_of(at), kind] = counts.get((day_of(at), kind), 0) + 1
    spoken = _words(members, start, end)
    return [
        {"stat_time": midnight(day)}
        | {name: counts.get((day, kind.value), 0) for name, kind in _COUNTED.items()}
        | _of_talk(spoken.get(day, {}))
        for day in days
    ]


type Talk = list[tuple[datetime, bool]]  # (when, the member wrote it), oldest first


def _words(
    members: list[User], start: datetime, end: datetime
) -> dict[date, dict[tuple[int, int], Talk]]:
    """Day → (member, customer) → their talk of that day."""
    rows = (
        ChatMessage.objects.filter(user__in=members, created_at__gte=start, created_at__lt=end)
        .exclude(customer=None)
        .exclude(sender=ChatMessage.Sender.SYSTEM)
        .order_by("created_at", "id")
    )
    found: dict[date, dict[tuple[int, int], Talk]] = {}
    for row in rows.only("user_id", "customer_id", "sender", "source", "created_at"):
        by_member = row.sender == ChatMessage.Sender.USER
        if (by_member and row.source not in _OWN_WORDS) or row.customer_id is None:
            continue
        talks = found.setdefault(day_of(row.created_at), {})
        talks.setdefault((row.user_id, row.customer_id), []).append((row.created_at, by_member))
    return found


def _of_talk(talks: dict[tuple[int, int], Talk]) -> dict[str, Any]:
    """Chats in which the member wrote, and how they answered chats that the customer began.

    The two figures of answering are missing where no customer began a chat.
    """
    written = [sum(by_member for _at, by_member in talk) for talk in talks.values()]
    body: dict[str, Any] = {
        "chat_cnt": sum(1 for count in written if count),
        "message_cnt": sum(written),
    }
    begun = [talk for talk in talks.values() if not talk[0][1]]
    waits = [wait for talk in begun if (wait := _first_answer(talk)) is not None]
    if begun:
        body["reply_percentage"] = _figure(100 * len(waits) / len(begun))
    if waits:
        minutes = sum(wait / timedelta(minutes=1) for wait in waits) / len(waits)
        body["avg_reply_time"] = int(minutes)
    return body


def _first_answer(talk: Talk) -> timedelta | None:
    return next((at - talk[0][0] for at, by_member in talk if by_member), None)


def _figure(value: float) -> float | int:
    """Whole numbers come without a point, as in WeCom's samples."""
    return int(value) if value == int(value) else round(value, 2)
