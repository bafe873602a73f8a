"""Who calls: an API client by its bearer secret, with the scopes it was given."""

from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from guideapp.core.limits import address_of, hit
from guideapp.integration.models import ApiClient
from guideapp.integration.services import client_of

_MINUTE = 60


class Bearer(BaseAuthentication):
    """`Authorization: Bearer <secret>`. `request.auth` is the ApiClient; there is no user."""

    def authenticate(self, request: Request) -> tuple[None, ApiClient] | None:
        """The client; None without a header. Raises AuthenticationFailed for a wrong secret."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        bearer = parts[1].decode("latin-1") if len(parts) == 2 else ""
        client = client_of(bearer)
        if client is None:
            raise AuthenticationFailed
        return None, client

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


class HasScope(BasePermission):
    """The client's scopes name the resource: `members:write` for POST, `members:read` for GET."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """False also where nobody is known, which is a 401."""
        client = request.auth
        act = "read" if request.method in {"GET", "HEAD"} else "write"
        return isinstance(client, ApiClient) and f"{view.resource.name}:{act}" in client.scopes


class PerMinute(BaseThrottle):
    """API_CALLS_PER_MINUTE for one client; raises OverLimit, which tells when to come again."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the call."""
        _count_client(request.auth)
        return True


def count_refused(request: Request) -> None:
    """Count a call that was not let in: by its client, or by the address of whoever has no key.

    Raises OverLimit.
    """
    client = getattr(request, "_auth", None)
    if isinstance(client, ApiClient):
        _count_client(client)
        return
    address = address_of(request._request)
    hit("api_bad_key", address, limit=settings.API_BAD_KEYS_PER_MINUTE, seconds=_MINUTE)


def _count_client(client: Any) -> None:
    key = client.key_id if isinstance(client, ApiClient) else ""
    hit("api", key, limit=settings.API_CALLS_PER_MINUTE, seconds=_MINUTE)
