"""The API under inputs that nobody thought of, made from its own OpenAPI document."""

import json
from typing import Any

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis.core import NotSet

from guideapp.integration.api.schema import document
from tests.integration.support import System

DOCUMENT = document("zh-hans")
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
QUIET += [HealthCheck.filter_too_much]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_nothing_that_fits_the_document_breaks_us(operation, crm, settings_of_a_fuzz):
    documented = DOCUMENT["paths"][operation.path][operation.method]["responses"]

    @given(case=operation.as_strategy())
    @settings(max_examples=20, deadline=None, suppress_health_check=QUIET, database=None)
    def ask(case: Any) -> None:
        response = send(crm, case)
        assert str(response.status_code) in documented, response.content
        assert isinstance(response.json(), dict)

    ask()


@pytest.fixture
def settings_of_a_fuzz(settings: Any) -> None:
    """No limit on calls."""
    settings.API_CALLS_PER_MINUTE = 1_000_000


def send(crm: System, case: Any) -> Any:
    """Send a case of schemathesis through our own test client."""
    body = b"" if isinstance(case.body, NotSet) else json.dumps(case.body).encode()
    key = (case.headers or {}).get("Idempotency-Key")
    more = {"Idempotency-Key": key} if isinstance(key, str) else {}
    return Client(raise_request_exception=False).generic(
        case.method,
        case.formatted_path,
        body,
        content_type="application/json",
        headers=crm.headers(**more),
        query_params={name: str(value) for name, value in (case.query or {}).items()},
    )
