"""Answers that come late, or broken, because a fault says so (services/faults.py)."""

import time

from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from guideapp.sandbox.services.faults import Name, Trouble

_HTML = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)
_PROMISED_BYTES = "1000"


def troubled(answer: HttpResponse, trouble: Trouble) -> HttpResponseBase:
    """`answer` as the caller gets it: after the wait, and broken in the way of the fault."""
    if trouble.wait_seconds:
        _wait(trouble.wait_seconds)
    if trouble.spoiled == Name.HTML:
        return HttpResponse(_HTML, content_type="text/html")
    if trouble.spoiled == Name.TRUNCATED:
        half = answer.content[: len(answer.content) // 2]
        return HttpResponse(half, content_type=answer["Content-Type"])
    if trouble.spoiled == Name.RESET:
        return _cut()
    return answer


def _cut() -> HttpResponseBase:
    """The web server (granian) closes the connection when a body ends before its length.

    Nothing is sent before the first part of the body, so the caller sees no answer at all.
    """
    nothing = StreamingHttpResponse(iter(()), content_type="application/json; charset=UTF-8")
    nothing["Content-Length"] = _PROMISED_BYTES
    return nothing


def _wait(seconds: float) -> None:
    """Wait without a database connection: hanging calls must not take them from the others."""
    if not connection.in_atomic_block:
        connection.close()
    time.sleep(seconds)
