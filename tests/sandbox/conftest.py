"""The played WeCom without a server: the same questions, answered in the test's own transaction."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from guideapp.sandbox.services import scenarios
from tests.wecom_support import PlayedWeCom


@dataclass(frozen=True)
class PlayedHere(PlayedWeCom):
    """Asks through Django's test client; for tests that need no other thread or client."""

    client: Client

    def _ask(
        self, method: str, path: str, query: dict[str, Any], body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        answer = self.client.generic(
            method,
            f"/sandbox/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            query_params=query,
        )
        return answer.status_code, json.loads(answer.content)


@pytest.fixture
def played(db: None) -> PlayedHere:
    """The small company, asked in this thread."""
    scenarios.load_scenario("small")
    return PlayedHere("http://testserver", Client())
