"""Access tokens and the two jsapi tickets: the same value within its life, as WeCom does."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from guideapp.sandbox import config
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import AccessToken, App, Ticket
from guideapp.sandbox.services import ids

LIFE = timedelta(seconds=7200)
TICKET_CALLS_PER_HOUR = 100
_KEPT = timedelta(days=1)  # an expired token is told apart (42001) from an unknown one (40014)


@transaction.atomic
def issue(corp_id: str, secret: str) -> tuple[str, int]:
    """gettoken: the token of `secret` and its remaining seconds. Raises Refused."""
    if corp_id != config.keys().corp_id:
        raise Refused(40013)
    app = _app_with(secret)
    moment = now()
    owner = config.owner_of(app.slug)
    App.objects.select_for_update().filter(slug=app.slug).first()  # one issuer at a time
    row = AccessToken.objects.filter(owner=owner, expires_at__gt=moment).order_by("id").last()
    if row is None:
        AccessToken.objects.filter(expires_at__lt=moment - _KEPT).delete()
        row = AccessToken.objects.create(
            token=ids.random_text(214),
            slug=app.slug,
            owner=owner,
            issued_at=moment,
            expires_at=moment + LIFE,
        )
    return row.token, _remaining(row.expires_at, moment)


def holder_of(token: str) -> App:
    """The App that may act with `token`. Raises Refused 41001, 40014, 42001 or 50003."""
    if not token:
        raise Refused(41001)
    row = AccessToken.objects.filter(token=token).first()
    if row is None or row.owner != config.owner_of(row.slug):
        raise Refused(40014)
    if row.expires_at <= now():
        raise Refused(42001)
    app = App.objects.filter(slug=row.slug).first()
    if app is None:
        raise Refused(40014)
    if not app.enabled:
        raise Refused(50003)
    return app


def expire_tokens() -> int:
    """Let every token run out now; the next call with one answers 42001."""
    return AccessToken.objects.filter(expires_at__gt=now()).update(expires_at=now())


def forget_tokens() -> int:
    """Void every token early, as WeCom may "for operational reasons": 40014."""
    return AccessToken.objects.all().delete()[0]


@transaction.atomic
def ticket(kind: str, slug: str = config.MAIN) -> tuple[str, int]:
    """The app's ticket of `kind` (Ticket.Kind) and its remaining seconds; 45009 over the limit."""
    owner = config.owner_of(slug)
    moment = now()
    App.objects.select_for_update().filter(slug=slug).first()
    row = Ticket.objects.filter(kind=kind, owner=owner).first()
    if row is None:
        row = Ticket(kind=kind, owner=owner, window_at=moment, expires_at=moment)
    if moment - row.window_at >= timedelta(hours=1):
        row.window_at, row.calls = moment, 0
    if row.calls >= TICKET_CALLS_PER_HOUR:
        raise Refused(45009)
    if row.expires_at <= moment:
        row.value, row.expires_at = f"{kind[:2]}-{ids.random_text(83)}", moment + LIFE
    row.calls += 1
    row.save()
    return row.value, _remaining(row.expires_at, moment)


def signature_fits(
    kinds: Iterable[str], *, signature: str, nonce: str, timestamp: str, url: str
) -> bool:
    """True when `signature` is the one of a living ticket of `kinds` for exactly this page."""
    living = Ticket.objects.filter(
        kind__in=list(kinds), owner=config.owner_of(config.MAIN), expires_at__gt=now()
    )
    return any(_sign(row.value, nonce, timestamp, url) == signature for row in living)


def _app_with(secret: str) -> App:
    """Raises Refused 40001 for a secret that nobody has or whose app is switched off."""
    for app in App.objects.all():
        own = config.secret_of(app.slug).encode()
        if app.enabled and hmac.compare_digest(own, secret.encode()):
            return app
    raise Refused(40001)


def _sign(value: str, nonce: str, timestamp: str, url: str) -> str:
    text = f"jsapi_ticket={value}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _remaining(expires_at: datetime, moment: datetime) -> int:
    return max(1, int((expires_at - moment).total_seconds()))
