"""send_welcome_msg: twenty seconds, once, and only before the two have talked."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import ChatMessage, User, WelcomeCode
from guideapp.sandbox.services import attachments as parts
from guideapp.sandbox.services import chat


@transaction.atomic
def send_welcome(*, code: str, text: str, attachments: list[Any]) -> list[ChatMessage]:
    """Put the welcome into the chat: text first, then each attachment. Raises Refused."""
    if not code:
        raise Refused(41049)
    row = _locked().filter(code=code).first()
    if row is None or row.expires_at <= now():
        raise Refused(41050)
    if row.used_at is not None or _have_talked(row):
        raise Refused(41051)
    _check_hold(row)
    bubbles = parts.bubbles(text, attachments)
    row.used_at = now()
    row.save(update_fields=["used_at"])
    return [chat.welcomed(row.follow, msgtype, payload) for msgtype, payload in bubbles]


@transaction.atomic
def other_app_sends(
    *, userid: str, external_userid: str, seconds: int = 2, fails: bool = False
) -> None:
    """Another app of the company begins to send with the newest code of this relation.

    For `seconds` everybody else hears 41096; then it has delivered (41051), or it `fails`.
    """
    pair = {"follow__user__userid": userid, "follow__customer__external_userid": external_userid}
    row = _locked().filter(**pair, used_at=None, expires_at__gt=now()).order_by("-id").first()
    if row is None:
        raise UnknownEvent(f"no living welcome code: {userid}, {external_userid}")
    row.held_until, row.hold_fails = now() + timedelta(seconds=seconds), fails
    row.save(update_fields=["held_until", "hold_fails"])


def console_greets(*, userid: str, on: bool = True) -> None:
    """The console's own welcome message for a member: no event about them has a code then."""
    if not User.objects.present().filter(folded=userid.lower()).update(console_welcome=on):
        raise UnknownEvent(f"unknown member: {userid}")


def _locked() -> Any:
    return WelcomeCode.objects.select_for_update(of=("self",)).select_related(
        "follow__user", "follow__customer"
    )


def _check_hold(row: WelcomeCode) -> None:
    if row.held_until is None:
        return
    if row.held_until > now():
        raise Refused(41096)
    if not row.hold_fails:
        raise Refused(41051)


def _have_talked(row: WelcomeCode) -> bool:
    since = ChatMessage.objects.filter(
        user=row.follow.user, customer=row.follow.customer, created_at__gte=row.created_at
    )
    return since.exclude(sender=ChatMessage.Sender.SYSTEM).exists()
