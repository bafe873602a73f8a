"""Access tokens and the two jsapi tickets: the same value within its life, as WeCom does."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from guideapp.core.clock import now
from guideapp.sandbox import config
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
    kind = config.kind_of_secret(secret)
    if not kind:
        raise Refused(40001)
    moment = now()
    owner = config.owner_of(kind)
    App.objects.select_for_update().filter(kind=kind).first()  # one issuer at a time
    row = AccessToken.objects.filter(owner=owner, expires_at__gt=moment).order_by("id").last()
    if row is None:
        AccessToken.objects.filter(expires_at__lt=moment - _KEPT).delete()
        row = AccessToken.objects.create(
            token=ids.random_text(214),
            kind=kind,
            owner=owner,
            issued_at=moment,
            expires_at=moment + LIFE,
        )
    return row.token, _remaining(row.expires_at, moment)


def kind_of(token: str) -> str:
    """The App.Kind that may act with `token`. Raises Refused 41001, 40014 or 42001."""
    if not token:
        raise Refused(41001)
    row = AccessToken.objects.filter(token=token).first()
    if row is None or row.owner != config.owner_of(row.kind):
        raise Refused(40014)
    if row.expires_at <= now():
        raise Refused(42001)
    return row.kind


def expire_tokens() -> int:
    """Let every token run out now; the next call with one answers 42001."""
    return AccessToken.objects.filter(expires_at__gt=now()).update(expires_at=now())


def forget_tokens() -> int:
    """Void every token early, as WeCom may "for operational reasons": 40014."""
    return AccessToken.objects.all().delete()[0]


@transaction.atomic
def ticket(kind: str) -> tuple[str, int]:
    """The app's ticket of `kind` (Ticket.Kind) and its remaining seconds; 45009 over the limit."""
    owner = config.owner_of(App.Kind.APP)
    moment = now()
    App.objects.select_for_update().filter(kind=App.Kind.APP).first()
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
        kind__in=list(kinds), owner=config.owner_of(App.Kind.APP), expires_at__gt=now()
    )
    return any(_sign(row.value, nonce, timestamp, url) == signature for row in living)


def _sign(value: str, nonce: str, timestamp: str, url: str) -> str:
    text = f"jsapi_ticket={value}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _remaining(expires_at: datetime, moment: datetime) -> int:
    return max(1, int((expires_at - moment).total_seconds()))
