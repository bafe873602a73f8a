"""The API under /sandbox/cgi-bin/: paths, fields, codes and quirks of reference part 1 and 2."""

import json
import time
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from guideapp.core.access import public
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, WireLog
from guideapp.sandbox.services import callbacks, faults, limits, tokens, wirelog
from guideapp.sandbox.views.api import (  # noqa: F401 -- each module fills the table of endpoints
    acquisition,
    address_book,
    apps,
    auth,
    batch,
    contact_ways,
    contacts,
    conversions,
    departments,
    groups,
    library,
    mass_messages,
    media,
    member_tags,
    members,
    messages,
    moments,
    statistics,
    strategies,
    tags,
    transfers,
)
from guideapp.sandbox.views.api.registry import ApiCall, Endpoint, endpoints
from guideapp.sandbox.views.api.spoiled import troubled

_JSON_WARNING = "Warning: wrong json format. "


@csrf_exempt
@public("the access token in the query decides, as at WeCom")
def api(request: HttpRequest, path: str) -> HttpResponseBase:
    """Answer one call. HTTP 200 also for refusals; an unknown path is a bare 404."""
    if path not in endpoints:
        return HttpResponseNotFound("404 page not found\n", content_type="text/plain")
    started = time.monotonic()
    callbacks.ensure_running()  # events left over from an earlier run go out as well
    call = ApiCall(request)
    trouble = faults.of_call(path, with_token=bool(endpoints[path].kinds))
    answer: dict[str, Any] | HttpResponse
    with limits.place(path, debug=request.GET.get("debug") == "1") as over_limit:
        errcode = over_limit or trouble.errcode
        try:
            answer = _answer(endpoints[path], call, refusal=errcode)
        except Refused as refused:
            answer, errcode = refused.body(ip=call.ip), refused.errcode
        wirelog.record(
            WireLog.Kind.API,
            path,
            ok=errcode == 0 and not trouble.spoiled,
            errcode=errcode,
            ms=round((time.monotonic() - started) * 1000),
            detail=f"errcode {errcode}",
            userid=_id_of(call, "userid"),
            external_userid=_id_of(call, "external_userid"),
            fault=trouble.words,
        )
        return troubled(answer if isinstance(answer, HttpResponse) else _as_json(answer), trouble)


def _answer(found: Endpoint, call: ApiCall, *, refusal: int) -> dict[str, Any] | HttpResponse:
    """Raises Refused, with the code `refusal` before anything else where that is not 0."""
    if refusal:
        raise Refused(refusal)
    if found.kinds:
        call.app = tokens.holder_of(call.request.GET.get("access_token", ""))
        _require_right(found, call.app, call.ip)
    call.body = _body(call.request)
    answer = found.handler(call)
    if isinstance(answer, HttpResponse) or found.errmsg is None:
        return answer
    warning = _JSON_WARNING if call.badly_typed else ""
    return {"errcode": 0, "errmsg": f"{warning}{found.errmsg}"} | answer


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a POST. Raises Refused 40058 for anything else that is not empty."""
    is_form = (request.content_type or "").startswith("multipart/")
    if request.method != "POST" or is_form or not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        raise Refused(40058) from None
    if not isinstance(body, dict):
        raise Refused(40058)
    return body


def _require_right(found: Endpoint, app: App, ip: str) -> None:
    """Raises Refused 60020 for an address that is not trusted, 48002 for the wrong secret."""
    if app.trusted_ips and ip not in app.trusted_ips:
        raise Refused(60020)
    system = found.customer_contact and found.system_secret
    kinds = found.kinds | ({App.Kind.CUSTOMER.value} if system else set())
    unlisted = found.customer_contact and app.kind == App.Kind.APP and not app.callable
    if app.kind not in kinds or unlisted:
        raise Refused(48002)


def _id_of(call: ApiCall, name: str) -> str:
    value = call.body.get(name, call.request.GET.get(name, ""))
    return value if isinstance(value, str) else ""


def _as_json(answer: dict[str, Any]) -> HttpResponse:
    """Real UTF-8 characters, as the real server sends them."""
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, content_type="application/json; charset=UTF-8")
