"""One address a resource: POST one record, GET a page; and POST many under `bulk/`."""

from typing import Any, NoReturn, cast

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from guideapp.core.errors import OverLimit
from guideapp.core.results import Result
from guideapp.integration.api.answers import SINGLE, many, one
from guideapp.integration.api.auth import Bearer, HasScope, PerMinute, count_refused
from guideapp.integration.api.lists import LISTINGS, LONGEST_PAGE, PAGE, page_of
from guideapp.integration.api.parsers import BodyParser, body_of
from guideapp.integration.api.schema import ResourceSchema
from guideapp.integration.models import ApiClient
from guideapp.integration.serializers import Moment
from guideapp.integration.services import (
    Resource,
    answer_once,
    brands_of,
    count_call,
    digest_of,
    note_reading,
)
from guideapp.integration.services.idempotency import KEY_LENGTH, Answer

BULK_MAX = 1000


class PageQuery(serializers.Serializer[Any]):
    """Which page is asked for."""

    updated_since = Moment()
    cursor = serializers.CharField(required=False, max_length=200)
    limit = serializers.IntegerField(
        required=False, default=PAGE, min_value=1, max_value=LONGEST_PAGE
    )


class KeyHeader(serializers.Serializer[Any]):
    """The Idempotency-Key of a POST; '' for a call that is simply done."""

    key = serializers.CharField(allow_blank=True, max_length=KEY_LENGTH)


def client_behind(request: Request) -> ApiClient:
    """The client that HasScope let in."""
    client: Any = request.auth
    return cast("ApiClient", client)


class ResourceView(APIView):
    """What every address of the API shares: who calls, how often, and that it is counted."""

    authentication_classes = (Bearer,)
    permission_classes = (HasScope,)
    throttle_classes = (PerMinute,)
    parser_classes = (BodyParser,)
    schema = ResourceSchema()
    resource: Resource = None  # type: ignore[assignment]  # given to as_view
    failed_items = 0

    def load(self, request: Request, items: list[Any]) -> list[Result]:
        """Write records as the client that calls."""
        client = client_behind(request)
        results = self.resource.load(items, source=client.name, brands=brands_of(client))
        self.failed_items = sum(result.is_refused for result in results)
        return results

    def answer(self, request: Request) -> Answer:
        """Do what the POST asks for."""
        raise NotImplementedError

    def post(self, request: Request) -> Response:
        """Write, once for each Idempotency-Key."""
        body = body_of(request)
        header = KeyHeader(data={"key": request.headers.get("Idempotency-Key", "")})
        header.is_valid(raise_exception=True)
        key = header.validated_data["key"]
        if not key:
            status, answer = self.answer(request)
            return Response(answer, status=status)
        digest = digest_of("POST", request.path, body)
        (status, answer), is_kept = answer_once(
            client_behind(request), key, digest, lambda: self.answer(request)
        )
        response = Response(answer, status=status)
        if is_kept:
            response["Idempotent-Replayed"] = "true"
        return response

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """Count the call; nobody keeps the answer on the way."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        client = getattr(request, "auth", None) if hasattr(request, "_auth") else None
        if isinstance(client, ApiClient):
            count_call(client, status=final.status_code, failed_items=self.failed_items)
        return final

    def handle_exception(self, exc: Exception) -> Response:
        """A call that is not let in counts against the limit of its address or its client."""
        if isinstance(exc, NotAuthenticated | AuthenticationFailed | PermissionDenied):
            try:
                count_refused(self.request)
            except OverLimit as over:
                return super().handle_exception(over)
        return super().handle_exception(exc)

    def raise_uncaught_exception(self, exc: Exception) -> NoReturn:
        """Our own failure is counted too, and then reported."""
        client = getattr(self.request, "_auth", None)
        if isinstance(client, ApiClient):
            count_call(client, status=500, failed_items=0)
        super().raise_uncaught_exception(exc)


class OneView(ResourceView):
    """One record, and pages of them."""

    def answer(self, request: Request) -> Answer:
        """201 for a new record, 200 for a known one, 422 for one that was refused."""
        result = self.load(request, [request.data])[0]
        return SINGLE[result.status], one(result)

    def get(self, request: Request) -> Response:
        """Rows in the order of their last change."""
        query = PageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        client, listing = client_behind(request), LISTINGS[self.resource.name]
        brands = brands_of(client)
        rows, following = page_of(
            listing,
            brands=brands,
            since=asked.get("updated_since"),
            cursor=asked.get("cursor", ""),
            limit=asked["limit"],
        )
        if rows and listing.about_people:
            note_reading(client, self.resource.name, len(rows))
        told = listing.serializer(rows, many=True, context={"brands": brands})
        return Response({"items": told.data, "next": following})


class WriteOnlyView(OneView):
    """A resource that is only ever told."""

    http_method_names = ("post", "options")


class BulkView(ResourceView):
    """Up to 1,000 records; each is written or refused by itself."""

    http_method_names = ("post", "options")

    def answer(self, request: Request) -> Answer:
        """200 with how each record ended, in their order."""
        items = request.data.get("items") if isinstance(request.data, dict) else None
        if not isinstance(items, list) or not 1 <= len(items) <= BULK_MAX:
            message = _("items 是 1 到 %(most)s 条记录的列表") % {"most": BULK_MAX}
            raise serializers.ValidationError({"items": [message]})
        return 200, many(self.load(request, items))
