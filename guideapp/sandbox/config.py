"""The company's keys, read from the settings at each use: no row and no copy may hold them.

So a published test vector can be sent to a running demo by changing the environment alone, even
where the data was seeded under other keys.
"""

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from guideapp.core.clock import now
from guideapp.env import env_bool
from guideapp.sandbox.models import App

PERSON_COOKIE = "sandbox_person"  # the userid (or external_userid) that this browser plays
CALLBACK_PATH = "/wecom/callback/"
_OTHER_NAME = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}
_LOOPBACK = {*_OTHER_NAME, "::1"}
# Slugs of the apps that every scenario has; it may add more.
MAIN, SYNC, CUSTOMER, SECOND = "app", "contacts", "customer", "second"


@dataclass(frozen=True)
class CorpKeys:
    """Everything the admin console of the real thing shows once."""

    corp_id: str
    agent_id: int
    app_secret: str
    contacts_secret: str
    customer_secret: str  # of 客户联系
    second_agent_id: int  # another self-built app of the same company
    second_secret: str
    callback_token: str
    callback_aes_key: str


def keys() -> CorpKeys:
    """The keys in force now."""
    return CorpKeys(
        corp_id=settings.WECOM_CORP_ID,
        agent_id=settings.WECOM_AGENT_ID,
        app_secret=settings.WECOM_SECRET,
        contacts_secret=settings.WECOM_CONTACTS_SECRET,
        customer_secret=_derived(CUSTOMER),
        second_agent_id=settings.WECOM_AGENT_ID + 1,
        second_secret=_derived(SECOND),
        callback_token=settings.WECOM_CALLBACK_TOKEN,
        callback_aes_key=settings.WECOM_CALLBACK_AES_KEY,
    )


def secret_of(slug: str) -> str:
    """The secret of the App `slug`: the settings' two, and others made from them."""
    settled = {MAIN: settings.WECOM_SECRET, SYNC: settings.WECOM_CONTACTS_SECRET}
    return settled[slug] if slug in settled else _derived(slug)


def agent_id_of(app: App) -> int:
    """The agentid, 0 for the two system secrets."""
    if app.agent_id or app.kind != App.Kind.APP:
        return app.agent_id
    return settings.WECOM_AGENT_ID + (app.slug != MAIN)


def owner_of(slug: str) -> str:
    """A digest of corp id and secret: tokens made under other keys are unknown at once."""
    text = f"{settings.WECOM_CORP_ID}|{slug}|{secret_of(slug)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _derived(slug: str) -> str:
    text = f"{settings.WECOM_CORP_ID}|{slug}"
    return hmac.new(settings.WECOM_SECRET.encode(), text.encode(), "sha256").hexdigest()[:43]


def callback_url(origin: str = "") -> str:
    """Where events are posted: what `manage.py sandbox` was told, else the app on `origin`."""
    if settings.SANDBOX_CALLBACK_URL:
        return settings.SANDBOX_CALLBACK_URL
    return f"{(origin or settings.SITE_URL).rstrip('/')}{CALLBACK_PATH}"


def device_name(host: str) -> str:
    """`host` under this machine's other name: another cookie jar; '' when it has one name only."""
    name, colon, port = host.partition(":")
    other = _OTHER_NAME.get(name, "")
    return f"{other}{colon}{port}" if other else ""


def home_host(host: str) -> str:
    """`host` under the name that the app of `manage.py sandbox` has: frame and window share a site.

    Browsers send no cookies into the frame of another site.
    """
    app = urlsplit(settings.SANDBOX_APP_URL).hostname or ""
    name = host.partition(":")[0]
    return device_name(host) if app and _OTHER_NAME.get(name) == app else host


def for_device(address: str, host: str = "") -> str:
    """`address`, when it is on this machine, as a browser on `host` reaches it.

    Mounted, the app is where the sandbox is, under both names of the machine.
    """
    parts = urlsplit(address)
    if parts.hostname not in _LOOPBACK:
        return address
    if not settings.SANDBOX_APP_URL:
        return parts._replace(scheme="", netloc="").geturl()
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=host.partition(":")[0] + port).geturl() if host else address


def delivers_by_itself() -> bool:
    """True where a thread of the sandbox delivers callbacks; tests deliver them by hand."""
    return env_bool("WECOM_SANDBOX_DELIVERS", default=True)


def unix_now() -> int:
    """The present second."""
    return int(now().timestamp())
