"""The company's keys, read from the settings at each use: no row and no copy may hold them.

So a published test vector can be sent to a running demo by changing the environment alone, even
where the data was seeded under other keys.
"""

import hashlib
from dataclasses import dataclass

from django.conf import settings

from guideapp.core.clock import now
from guideapp.env import env_bool
from guideapp.sandbox.models import App

PERSON_COOKIE = "sandbox_person"  # the userid (or external_userid) that this browser plays
CALLBACK_PATH = "/wecom/callback/"


@dataclass(frozen=True)
class CorpKeys:
    """Everything the admin console of the real thing shows once."""

    corp_id: str
    agent_id: int
    app_secret: str
    contacts_secret: str
    callback_token: str
    callback_aes_key: str


def keys() -> CorpKeys:
    """The keys in force now."""
    return CorpKeys(
        corp_id=settings.WECOM_CORP_ID,
        agent_id=settings.WECOM_AGENT_ID,
        app_secret=settings.WECOM_SECRET,
        contacts_secret=settings.WECOM_CONTACTS_SECRET,
        callback_token=settings.WECOM_CALLBACK_TOKEN,
        callback_aes_key=settings.WECOM_CALLBACK_AES_KEY,
    )


def kind_of_secret(secret: str) -> str:
    """The App.Kind that `secret` belongs to, or ''."""
    current = keys()
    known = {current.app_secret: App.Kind.APP, current.contacts_secret: App.Kind.CONTACTS}
    return str(known.get(secret, ""))


def owner_of(kind: str) -> str:
    """A digest of corp id and secret: tokens made under other keys are unknown at once."""
    current = keys()
    secret = current.app_secret if kind == App.Kind.APP else current.contacts_secret
    return hashlib.sha256(f"{current.corp_id}|{kind}|{secret}".encode()).hexdigest()


def delivers_by_itself() -> bool:
    """True where a thread of the sandbox delivers callbacks; tests deliver them by hand."""
    return env_bool("WECOM_SANDBOX_DELIVERS", default=True)


def unix_now() -> int:
    """The present second."""
    return int(now().timestamp())
