"""The control surface for tests and tools, outside the API. JSON, no CSRF token needed.

GET  /sandbox/control/state     {"corp", "addresses", "now", "scenario", "faults", "limits",
                                 "callbacks", "dropped", "users", "customers", "messages",
                                 "groups", "mass_messages", "moments", "campaign_rules"};
                                ?only=corp,now for some of them
GET  /sandbox/control/calls     ?after=ID&limit=N (100, at most 1000) &kind=api|event|oauth|jssdk|
                                all → {"calls": [{"id", "at", "path", "errcode", "ms", "fault", …}]}
POST /sandbox/control/events    {"type": "add_external_contact", …}: services/events.py lists them.
                                → {"type", …what became of it}
POST /sandbox/control/reset     {"scenario": ""}: anew from the scenario loaded last, or the named
                                one. → {"scenario"}
POST /sandbox/control/scenario  {"name": "small"}, or a whole document (services/scenarios.py)
                                → {"scenario"}
POST /sandbox/control/clock     {"advance_seconds": 3600} → {"now"}
POST /sandbox/control/faults    {"name", "rate": 0–1 or "every": n, "after", "path", "seconds"}; the
                                name "none" clears all, rate 0 one → {"faults"}
POST /sandbox/control/limits    {"path", "per_minute", "per_hour", "concurrent"}; null: WeCom's own
                                → {"limits"}

A refusal is 400 with {"error": one sentence}.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeIs

from django.core.exceptions import RequestDataTooBig, ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import public
from guideapp.sandbox import clock
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import WireLog
from guideapp.sandbox.services import events, faults, limits, scenarios, wirelog
from guideapp.sandbox.views.client import json_of, refusal
from guideapp.sandbox.views.control_state import state

type Told = dict[str, Any]
type Order = Callable[[HttpRequest, Told], Told]

played = public("a tool of the sandbox; settings refuse the sandbox in production")
_CALLS, _CALLS_MAX = 100, 1000
_ADVANCE_MAX = 10 * 366 * 24 * 3600
_LIMITS = ("per_minute", "per_hour", "concurrent")


def order(act: Order) -> Callable[[HttpRequest], HttpResponse]:
    """A POST of a JSON object whose answer is one; what makes no sense is 400 with a sentence."""

    @csrf_exempt
    @played
    @require_POST
    @functools.wraps(act)
    def view(request: HttpRequest) -> HttpResponse:
        try:
            body = json_of(request)
        except RequestDataTooBig:
            return refusal("the body is too large for this server")
        if body is None:
            return refusal("a JSON object is needed")
        try:
            return JsonResponse(act(request, body), json_dumps_params={"ensure_ascii": False})
        except UnknownEvent as error:
            return refusal(str(error))
        except Refused as refused:
            return refusal(f"WeCom refuses it: {refused.errcode} {refused.reason}")

    return view


@played
@require_GET
@never_cache
def control_state(request: HttpRequest) -> HttpResponse:
    """Everything that a test may want to know, secrets of this played company included."""
    only = request.GET.get("only", "").split(",")
    return JsonResponse(state(request, only), json_dumps_params={"ensure_ascii": False})


@played
@require_GET
@never_cache
def control_calls(request: HttpRequest) -> HttpResponse:
    """What went over the wire, oldest first, beyond the id `after`."""
    numbers = {"after": 0, "limit": _CALLS}
    for name in numbers:
        text = request.GET.get(name, str(numbers[name]))
        if not text.isascii() or not text.isdigit():
            return refusal(f"{name} must be a whole number from 0 on")
        numbers[name] = int(text)
    kind = request.GET.get("kind", WireLog.Kind.API)
    if kind not in {*WireLog.Kind.values, "all"}:
        return refusal(f"kind must be one of {', '.join([*WireLog.Kind.values, 'all'])}")
    found = wirelog.calls(
        kind="" if kind == "all" else kind,
        after=numbers["after"],
        limit=min(numbers["limit"], _CALLS_MAX),
    )
    return JsonResponse({"calls": found}, json_dumps_params={"ensure_ascii": False})


@order
def control_events(request: HttpRequest, body: Told) -> Told:
    """Do one act; its callbacks go to the host that this request came to."""
    kind = body.pop("type", None)
    if not isinstance(kind, str):
        raise UnknownEvent("a text `type` is needed")
    origin = f"{request.scheme}://{request.get_host()}"
    try:
        outcome = events.raise_event(kind, body, origin=origin)
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise UnknownEvent(f"{kind}: a value is of the wrong kind ({error})") from error
    except (DatabaseError, ValidationError) as error:
        raise UnknownEvent(f"{kind}: a value cannot be stored ({error})") from error
    return {"type": kind} | outcome


@order
def control_reset(request: HttpRequest, body: Told) -> Told:
    """Start the played WeCom anew; the product is not touched."""
    return {"scenario": scenarios.reset(_text(body, "scenario")).scenario}


@order
def control_scenario(request: HttpRequest, body: Told) -> Told:
    """Become another company: one of the files, or the one in the body."""
    if set(body) == {"name"}:
        return {"scenario": scenarios.load_scenario(_text(body, "name")).scenario}
    return {"scenario": scenarios.load_document(body).scenario}


@order
def control_clock(request: HttpRequest, body: Told) -> Told:
    """Move the time ahead; what was due happens and is told to the app."""
    seconds = body.get("advance_seconds")
    if not _is_whole(seconds) or not 0 <= seconds <= _ADVANCE_MAX:
        raise UnknownEvent(f"advance_seconds must be a whole number from 0 to {_ADVANCE_MAX}")
    origin = f"{request.scheme}://{request.get_host()}"
    return {"now": clock.advance(seconds, origin=origin).isoformat()}


@order
def control_faults(request: HttpRequest, body: Told) -> Told:
    """Turn a fault on, change it, or turn it off."""
    _no_more_than(body, {"name", "rate", "every", "after", "path", "seconds"})
    every, after = (_count(body, name) for name in ("every", "after"))
    faults.turn(
        _text(body, "name"),
        rate=_number(body, "rate") or 0,
        every=every,
        after=after,
        path=_text(body, "path"),
        seconds=_number(body, "seconds"),
    )
    return {"faults": [faults.as_json(fault) for fault in faults.standing()]}


@order
def control_limits(request: HttpRequest, body: Told) -> Told:
    """Lower (or raise) the limits of one interface, or of each."""
    _no_more_than(body, {"path", *_LIMITS})
    numbers = {name: body.get(name) for name in _LIMITS}
    if any(number is not None and not _is_whole(number) for number in numbers.values()):
        raise UnknownEvent("per_minute, per_hour and concurrent must be whole numbers or null")
    limits.lower(_text(body, "path"), **numbers)
    return {"limits": limits.standing()}


def _no_more_than(body: Told, known: set[str]) -> None:
    surplus = sorted(set(body) - known)
    if surplus:
        raise UnknownEvent(f"unknown: {', '.join(surplus)}; known are {', '.join(sorted(known))}")


def _text(body: Told, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise UnknownEvent(f"{name} must be a text")
    return value


def _number(body: Told, name: str) -> float | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise UnknownEvent(f"{name} must be a number")
    return value


def _count(body: dict[str, Any], name: str) -> int:
    """A number of times; 0 where none is named."""
    number = body.get(name, 0)
    if not _is_whole(number) or number < 0:
        raise UnknownEvent(f"{name} must be a whole number from 0 on")
    return int(number)


def _is_whole(value: object) -> TypeIs[int]:
    return isinstance(value, int) and not isinstance(value, bool)
