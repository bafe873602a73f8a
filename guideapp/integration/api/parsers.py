"""JSON bodies, within the limits of one call."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from guideapp.integration.errors import BodyTooLarge


class BodyParser(JSONParser):
    """JSON, and nothing that Python or a database would stumble over."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The body's value; ParseError for what is no JSON, nested too deep or badly encoded."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_("JSON 嵌套太深")) from None


def body_of(request: Request) -> bytes:
    """The raw body, read once. Raises BodyTooLarge before a byte too many is kept."""
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    told = request.META.get("CONTENT_LENGTH") or "0"
    if not told.isascii() or not told.isdigit() or int(told) > limit:
        raise BodyTooLarge
    return bytes(request._request.body)
