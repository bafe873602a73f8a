"""What other systems may do, and what is fetched from them."""

from guideapp.integration.services.clients import (
    brands_of,
    client_of,
    count_call,
    make_client,
    note_reading,
    revoke_client,
)
from guideapp.integration.services.connectors_rest import ask_for_pull, pull_sources
from guideapp.integration.services.idempotency import answer_once, digest_of, forget_calls
from guideapp.integration.services.imports import confirm_import, report_of, start_import
from guideapp.integration.services.registry import RESOURCES
from guideapp.integration.services.resources import Resource, fields_of

__all__ = [
    "RESOURCES",
    "Resource",
    "answer_once",
    "ask_for_pull",
    "brands_of",
    "client_of",
    "confirm_import",
    "count_call",
    "digest_of",
    "fields_of",
    "forget_calls",
    "make_client",
    "note_reading",
    "pull_sources",
    "report_of",
    "revoke_client",
    "start_import",
]
