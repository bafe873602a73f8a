"""Guides who are logged in: sessions written straight into a seeded database."""

import hashlib
import time
from datetime import timedelta

import psycopg

from bench.environment import url_of
from bench.load import page
from bench.seed import Scale, external_userid, guide_of
from guideapp.core.clock import now, today
from guideapp.organisation.sessions import GUIDE, HQ_SEEN, LOGIN_DAY, SEEN, SINCE, SessionStore

_STEP = 7919  # a prime: customers are taken from all over the table


def log_in(scale: Scale, numbers: list[int]) -> None:
    """Fresh sessions for the guides with these ids; older ones of the bench are dropped."""
    moment = int(now().timestamp())
    store, expires = SessionStore(), now() + timedelta(days=1)
    with psycopg.connect(url_of(scale.database)) as connection:
        connection.execute("TRUNCATE organisation_session, core_accesslog")
        with connection.cursor().copy(
            "COPY organisation_session (session_key, session_data, expire_date, guide_id) "
            "FROM STDIN"
        ) as copy:
            for number in numbers:
                data: dict[str, int | str] = {GUIDE: number, LOGIN_DAY: today().isoformat()}
                data |= {SINCE: moment, SEEN: moment, HQ_SEEN: moment}
                copy.write_row((session_of(number), store.encode(data), expires, number))


def session_of(number: int) -> str:
    """The session key of a guide: as long and as random-looking as a real one."""
    return hashlib.sha256(f"bench {number} {time.strftime('%j')}".encode()).hexdigest()[:32]


def customers(scale: Scale, count: int) -> list[int]:
    """`count` customers from all over the company; the same ones each time."""
    return [1 + (place * _STEP) % scale.customers for place in range(count)]


def cards(scale: Scale, numbers: list[int]) -> list[bytes]:
    """Requests for the cards of these customers, each by their own guide."""
    return [
        page(
            f"/s/customer/{external_userid(number)}/?try=0",
            session_of(guide_of(number, scale)),
            fragment=True,
        )
        for number in numbers
    ]


def shells(scale: Scale, numbers: list[int]) -> list[bytes]:
    """Requests for the shell by the guides of these customers."""
    return [page("/s/", session_of(guide_of(number, scale))) for number in numbers]


def bare(scale: Scale, numbers: list[int]) -> list[bytes]:
    """Requests for the bare view by the same guides."""
    return [page("/bench/view/", session_of(guide_of(number, scale))) for number in numbers]
