"""One table of API paths, and what a handler gets to read its parameters with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse

from guideapp.sandbox.models import App

type Answer = dict[str, Any] | HttpResponse
type Handler = Callable[["ApiCall"], Answer]

APP = frozenset({App.Kind.APP.value})
CONTACTS = frozenset({App.Kind.CONTACTS.value})
BOTH = APP | CONTACTS
CUSTOMER = frozenset({App.Kind.CUSTOMER.value})
ALL = BOTH | CUSTOMER
NOBODY: frozenset[str] = frozenset()  # no token is asked for


@dataclass
class ApiCall:
    """One call: `app` is whose token it carries. Parameters come from body, then query.

    A badly typed field counts as missing, and the answer's errmsg says so, as WeCom does.
    """

    request: HttpRequest
    app: App = field(default_factory=App)
    body: dict[str, Any] = field(default_factory=dict)
    badly_typed: list[str] = field(default_factory=list)

    @property
    def ip(self) -> str:
        """Where the call came from, for errmsg."""
        return str(self.request.META.get("REMOTE_ADDR", ""))

    @property
    def origin(self) -> str:
        """The address that the call came to: callbacks of what it does go there."""
        return f"{self.request.scheme}://{self.request.get_host()}"

    def text(self, name: str) -> str:
        """The text `name`, '' when missing."""
        return self.typed(name, str) or ""

    def integer(self, name: str, default: int = 0) -> int:
        """The number `name`; a query carries it as text."""
        value = self.body.get(name, self.request.GET.get(name))
        if isinstance(value, str) and value.isdigit():
            return int(value)
        found = self.typed(name, int) if name in self.body else None
        return default if found is None else found

    def texts(self, name: str) -> list[str]:
        """The list of texts `name`, empty when missing; other entries are left out."""
        found = self.typed(name, list) or []
        return [entry for entry in found if isinstance(entry, str)]

    def integers(self, name: str) -> list[int]:
        """The list of numbers `name`, empty when missing; other entries are left out."""
        found = self.typed(name, list) or []
        return [entry for entry in found if isinstance(entry, int) and not isinstance(entry, bool)]

    def flag(self, name: str, default: bool) -> bool:
        """The JSON true or false `name`."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, bool):
            self.badly_typed.append(name)
        return value if isinstance(value, bool) else default

    def given(self, name: str) -> bool:
        """True when the body or the query has `name` at all."""
        return name in self.body or name in self.request.GET

    def typed[Kind](self, name: str, kind: type[Kind]) -> Kind | None:
        """The value `name` when it is of `kind`; None when missing or badly typed."""
        value = self.body.get(name, self.request.GET.get(name))
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        if value is not None:
            self.badly_typed.append(name)
        return None


@dataclass(frozen=True)
class Endpoint:
    """A path's handler, the kinds of token that may call it, and the errmsg of success.

    `errmsg` None: an old reply without errcode and errmsg.
    """

    handler: Handler
    kinds: frozenset[str]
    errmsg: str | None
    customer_contact: bool
    system_secret: bool


endpoints: dict[str, Endpoint] = {}


def endpoint(
    path: str,
    *,
    kinds: frozenset[str] = APP,
    errmsg: str | None = "ok",
    customer_contact: bool = False,
    system_secret: bool = True,
) -> Callable[[Handler], Handler]:
    """Register the handler of /cgi-bin/`path`.

    Another kind of token is answered 48002; so is the app's where `customer_contact` is needed
    and the app is not listed under 客户联系 → 可调用接口的应用. The secret of 客户联系 itself may
    do the same unless `system_secret` is false (获客助手 refuses it).
    """

    def mark(handler: Handler) -> Handler:
        endpoints[path] = Endpoint(handler, kinds, errmsg, customer_contact, system_secret)
        return handler

    return mark
