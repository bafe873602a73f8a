"""Clients of the API (接口客户端): made, known again by their secret, counted, revoked."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import F

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.integration.errors import NameTaken
from guideapp.integration.models import ApiClient
from guideapp.organisation.models import Brand

_KEY_BYTES = 8  # 16 readable characters
_SECRET_BYTES = 32
_LONGEST = 128  # a bearer that is longer is none of ours


def make_client(
    *, name: str, scopes: Iterable[str], brands: Iterable[Brand], by: str, reason: str = ""
) -> tuple[ApiClient, str]:
    """A new client and its secret, which nobody can read again. Audited. Raises NameTaken.

    `scopes`: `members:write`, `orders:read`, … Without `brands` it may write for all.
    """
    key_id = secrets.token_hex(_KEY_BYTES)
    bearer = f"{key_id}.{secrets.token_urlsafe(_SECRET_BYTES)}"
    wanted, owners = sorted(set(scopes)), list(brands)
    try:
        with transaction.atomic():
            client = ApiClient.objects.create(
                name=name,
                key_id=key_id,
                secret_hash=_hash(bearer),
                scopes=wanted,
                created_by=by,
                is_limited=bool(owners),
            )
            client.brands.set(owners)
            record_audit(
                actor=by,
                action="api_client_made",
                subject=f"api_client:{client.pk}",
                reason=reason,
                scopes=wanted,
            )
    except IntegrityError:
        raise NameTaken from None
    return client, bearer


def revoke_client(client: ApiClient, *, by: str) -> None:
    """The client's secret counts no more, from the next call on. A second time changes nothing."""
    with transaction.atomic():
        live = ApiClient.objects.filter(pk=client.pk, revoked_at=None)
        if live.update(revoked_at=now(), updated_at=now()):
            record_audit(actor=by, action="api_client_revoked", subject=f"api_client:{client.pk}")


def client_of(bearer: str) -> ApiClient | None:
    """The client with this secret; None for one that is unknown or revoked. Two queries."""
    key_id, _, rest = bearer.partition(".")
    if not rest or len(bearer) > _LONGEST or not bearer.isascii():
        return None
    live = ApiClient.objects.filter(key_id=key_id, revoked_at=None)
    client = live.prefetch_related("brands").first()
    given = _hash(bearer)
    if client is None or not hmac.compare_digest(client.secret_hash, given):
        return None
    return client


def brands_of(client: ApiClient) -> frozenset[int] | None:
    """Whose records the client may write and read; None: everybody's.

    A client that was limited stays so, to nobody, when the last of its brands is gone.
    """
    brands = frozenset(brand.pk for brand in client.brands.all())
    return brands if brands or client.is_limited else None


def count_call(client: ApiClient, *, status: int, failed_items: int) -> None:
    """Count a call; one statement."""
    ApiClient.objects.filter(pk=client.pk).update(
        calls=F("calls") + 1,
        refused=F("refused") + int(status >= 400),
        failed_items=F("failed_items") + failed_items,
        last_used_at=now(),
    )


def note_reading(client: ApiClient, resource: str, rows: int) -> None:
    """Keep that the client read so many records about people; one row a call."""
    record_audit(
        actor="",
        action="api_read",
        subject=f"api_client:{client.pk}",
        resource=resource,
        rows=rows,
    )


def _hash(bearer: str) -> str:
    return hashlib.sha256(bearer.encode()).hexdigest()
