"""Tickets that sign a page without asking WeCom for them."""

from datetime import timedelta

import psycopg

from bench.environment import CORP_ID, url_of
from guideapp.core.clock import now
from guideapp.core.fields import encrypt
from guideapp.wecom.models import Credential

_AGENT_ID = 1000002


def store_tickets(database: str) -> None:
    """Both JS-SDK tickets, valid for a day."""
    expires, value = now() + timedelta(days=1), encrypt("bench", column="wecom_credential.value")
    with psycopg.connect(url_of(database)) as connection:
        connection.execute("TRUNCATE wecom_credential")
        for kind in (Credential.Kind.CORP_TICKET, Credential.Kind.APP_TICKET):
            connection.execute(
                "INSERT INTO wecom_credential (created_at, updated_at, corp_id, agent_id, kind, "
                "value, expires_at, generation) VALUES (now(), now(), %s, %s, %s, %s, %s, 1)",
                [CORP_ID, _AGENT_ID, kind.value, value, expires],
            )
