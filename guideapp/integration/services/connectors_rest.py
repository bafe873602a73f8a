"""The connector for a source that speaks REST with cursor paging: a worked example that runs.

`GET <url>/<resource>?limit=500&updated_since=<ISO time>&cursor=<text>` with a bearer token answers
`{"items": […], "next_cursor": "…" or null, "as_of": "<ISO time>"}`; items as our own API takes
them.
"""

import logging
from datetime import datetime
from typing import Any, ClassVar

import requests
from django.conf import settings
from django.tasks import task

from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.jobs.schedule import periodic
from guideapp.integration.services.connectors import (
    Connector,
    Page,
    SourceDown,
    pull_all,
    sources,
)
from guideapp.members.services.freshness import Source, sources_told_by

logger = logging.getLogger(__name__)

_LIMIT = 500
_BYTES_MAX = 8 * 1024 * 1024


class RestConnector(Connector):
    """The source at MEMBER_SOURCE_URL."""

    name: ClassVar[str] = "member_source"
    resources: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.resources = tuple(settings.MEMBER_SOURCE_RESOURCES)  # type: ignore[misc]

    def fetch(self, resource: str, *, since: datetime | None, cursor: str) -> Page:
        """One page, in one request without redirects."""
        query: dict[str, str | int] = {"limit": _LIMIT}
        if since:
            query["updated_since"] = since.isoformat()
        if cursor:
            query["cursor"] = cursor
        return _page_of(self._ask(resource, query))

    def _ask(self, resource: str, query: dict[str, str | int]) -> Any:
        try:
            answer = requests.get(
                f"{settings.MEMBER_SOURCE_URL}/{resource}",
                params=query,
                headers={"Authorization": f"Bearer {settings.MEMBER_SOURCE_TOKEN}"},
                timeout=(settings.WECOM_CONNECT_TIMEOUT_SECONDS, settings.MEMBER_SOURCE_SECONDS),
                allow_redirects=False,
            )
        except requests.Timeout:
            raise SourceDown("timeout") from None
        except requests.RequestException:
            raise SourceDown("no connection") from None
        if answer.status_code != 200:
            raise SourceDown(f"status {answer.status_code}")
        if len(answer.content) > _BYTES_MAX:
            raise SourceDown("an answer of more than 8 MB")
        try:
            return answer.json()
        except requests.JSONDecodeError:
            raise SourceDown("not JSON") from None


def connectors() -> list[Connector]:
    """The sources that are configured."""
    return [RestConnector()] if settings.MEMBER_SOURCE_URL else []


@sources_told_by
def standing() -> dict[str, Source]:
    """How they stand; nothing is asked where none is configured."""
    return sources() if settings.MEMBER_SOURCE_URL else {}


@periodic("*/15 * * * *", name="integration.pull")
@task(queue_name="bulk")
def pull_sources() -> int:
    """Fetch what is new; returns how many records were read."""
    return pull_all(connectors(), ask_for_pull)


def ask_for_pull() -> None:
    """Have the sources read soon; asking twice while one waits is one run."""
    enqueue_once(pull_sources, dedupe_key="integration:pull")


def _page_of(told: Any) -> Page:
    """Raises SourceDown for an answer of another shape."""
    try:
        items, cursor, as_of = told["items"], told.get("next_cursor") or "", told["as_of"]
        moment = datetime.fromisoformat(as_of)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SourceDown("an answer that cannot be read") from None
    is_sound = isinstance(items, list) and all(isinstance(item, dict) for item in items)
    if not is_sound or not isinstance(cursor, str) or moment.tzinfo is None:
        raise SourceDown("an answer that cannot be read")
    return Page(items, cursor, moment)
