"""How refusals and results read in JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from guideapp.core.errors import GuideAppError
from guideapp.core.results import Result, Status
from guideapp.integration.services.resources import first_error

SINGLE = {Status.CREATED: 201, Status.UPDATED: 200, Status.UNCHANGED: 200, Status.REFUSED: 422}


def refuse(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{code, message}` under the error's status; None for what is our own failure."""
    if isinstance(error, GuideAppError):
        body = {"code": error.code, "message": str(error.message)}
        response = Response(body, status=error.status)
        retry_after = getattr(error, "retry_after", None)
        if retry_after is not None:
            response["Retry-After"] = str(retry_after)
        return response
    answered = exception_handler(error, context)
    if answered is not None and isinstance(error, ValidationError):
        told = one(first_error(0, error.detail))
        answered.data = {name: told[name] for name in ("code", "message", "field") if name in told}
    elif answered is not None:
        answered.data = {"code": _code(error), "message": _message(error)}
    return answered


def one(result: Result) -> dict[str, Any]:
    """A result in JSON; what is empty is left out."""
    told = {"code": result.code, "message": str(result.message), "field": result.field}
    return {"status": result.status.value} | {name: text for name, text in told.items() if text}


def many(results: Sequence[Result]) -> dict[str, Any]:
    """How many ended how, and every single end."""
    counts = Counter(result.status for result in results)
    return {
        **{status.value: counts[status] for status in Status},
        "results": [{"index": result.index} | one(result) for result in results],
    }


def _code(error: Exception) -> str:
    codes = error.get_codes() if isinstance(error, APIException) else "not_found"
    return codes if isinstance(codes, str) else "invalid"


def _message(error: Exception) -> str:
    return str(error.detail) if isinstance(error, APIException) else _("这里没有你要的东西")
