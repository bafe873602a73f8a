"""Prove that somebody holds a phone number: a code goes there and comes back.

`PHONE_CODE_SENDER` names a class with `send(phone, code)`, made without arguments. Empty: no codes
are sent, and a number that a person types on a page stays unverified.
"""

import secrets
from typing import Protocol

from django.conf import settings
from django.core import signing
from django.utils.module_loading import import_string

from guideapp.core.fields import blind_index
from guideapp.core.limits import hit

CODE_DIGITS = 6
_MINUTES = 10
_SENT_PER_HOUR = 5  # to one number
_TRIES = 5  # of one code
_SALT = "members.phone_code"


class CodeSender(Protocol):
    """Whoever carries codes to phones (a provider of text messages)."""

    def send(self, phone: str, code: str) -> None:
        """Send `code` to `phone` (E.164). Raises a GuideAppError when it cannot."""


class ConsoleSender:
    """For the demo and for development: the code stands in the server's own window."""

    def send(self, phone: str, code: str) -> None:
        """Print it."""
        print(f"验证码 {code} → 尾号 {phone[-4:]}", flush=True)  # noqa: T201 -- that is the sender


def codes_are_sent() -> bool:
    """True where a sender is configured."""
    return bool(settings.PHONE_CODE_SENDER)


def send_code(phone: str) -> str:
    """Send a new code to a number (E.164); what is returned goes back with the code.

    It is signed and holds keyed hashes only. Raises OverLimit.
    """
    hit("code_sent", phone, limit=_SENT_PER_HOUR, seconds=3600)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    sender: CodeSender = import_string(settings.PHONE_CODE_SENDER)()
    sender.send(phone, code)
    return signing.dumps({"code": blind_index(f"{phone}:{code}")}, salt=_SALT)


def code_is_right(proof: str, *, phone: str, code: str) -> bool:
    """True when `code` is what was sent to `phone` within ten minutes. Raises OverLimit."""
    hit("code_tried", phone, limit=_TRIES, seconds=_MINUTES * 60)
    try:
        sent = signing.loads(proof, salt=_SALT, max_age=_MINUTES * 60)
    except signing.BadSignature:
        return False
    return secrets.compare_digest(str(sent["code"]), blind_index(f"{phone}:{code.strip()}"))
