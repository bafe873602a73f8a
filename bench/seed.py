"""A company of any size by bulk SQL: what the sidebar and the manager's pages read.

Rows are spread as a real history spreads them: one customer's events lie far apart on the disk.
Ciphertexts repeat, look-up hashes do not.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from guideapp.core.fields import blind_index, encrypt

DAYS = 700  # of history
_EVENTS_A_STEP = 500_000

_ORGANISATION = (
    """INSERT INTO organisation_brand (created_at, updated_at, name, short_name)
    VALUES (now(), now(), '青禾', '青禾')""",
    """INSERT INTO organisation_region (id, created_at, updated_at, name, brand_id)
    SELECT n, now(), now(), '大区' || n, 1 FROM generate_series(1, 1 + %(stores)s / 200) n""",
    """INSERT INTO organisation_store (id, created_at, updated_at, name, code, city, region_id)
    SELECT n, now(), now(), '青禾 ' || n || ' 店', 'S' || n, '杭州', 1 + (n - 1) / 200
    FROM generate_series(1, %(stores)s) n""",
    """INSERT INTO organisation_guide (id, created_at, updated_at, userid, name, alias, position,
        avatar_url, status, departments, led_departments, can_contact_customers, store_id)
    SELECT n, now(), now(), 'guide' || n, '导购' || n, '', '导购', '', 1, '[]', '[]', true,
        1 + (n - 1) %% %(stores)s
    FROM generate_series(1, %(guides)s) n""",
    """INSERT INTO organisation_rolegrant (role, source, granted_at, granted_by, guide_id)
    SELECT 'guide', 'wecom', now(), '', id FROM organisation_guide""",
    """INSERT INTO organisation_rolegrant
        (role, source, granted_at, granted_by, guide_id, store_id)
    SELECT 'store_manager', 'wecom', now(), '', id, store_id
    FROM organisation_guide WHERE id <= %(stores)s""",
    """INSERT INTO organisation_loginday (day, first_at, guide_id, store_id)
    SELECT current_date - d, now() - d * interval '1 day', g.id, g.store_id
    FROM organisation_guide g, generate_series(1, 14) d""",
    """INSERT INTO members_taggroup (id, wecom_id, name, "order")
    SELECT n, 'etGroup' || n, '标签组' || n, n FROM generate_series(1, 5) n""",
    """INSERT INTO members_tag (id, wecom_id, name, "order", group_id)
    SELECT n, 'etTag' || n, '标签' || n, n, 1 + n %% 5 FROM generate_series(1, 50) n""",
    """INSERT INTO catalogue_product
        (id, created_at, updated_at, style_no, name, drawing, list_price_fen)
    SELECT n, now(), now(), 'K' || n, '羊绒大衣' || n, 'g-coat', 189900
    FROM generate_series(1, 200) n""",
    """INSERT INTO catalogue_sku (created_at, updated_at, code, colour, size, product_id)
    SELECT now(), now(), 'K' || n || '-1M', '燕麦色', 'M', n FROM generate_series(1, 200) n""",
    """INSERT INTO materials_category (id, created_at, updated_at, name, "order", brand_id)
    SELECT n, now(), now(), '分类' || n, n, 1 FROM generate_series(1, 6) n""",
    """INSERT INTO materials_material (id, created_at, updated_at, kind, title, summary, body, tags,
        link_url, mini_program_appid, mini_program_page, drawing, status, published_at, version,
        search_terms, sent_count, viewed_count, brand_id, category_id)
    SELECT n, now(), now(), 'link', '燕麦色大衣的 ' || n || ' 种穿法', '一件穿到过年', '看腰线', '',
        'https://example.com/' || n, '', '', 'g-coat', 'live', now() - n * interval '1 day', 1,
        ' 大 衣 ', 0, 0, 1, 1 + n %% 6
    FROM generate_series(1, 60) n""",
)
_PEOPLE = (
    """INSERT INTO members_member (id, created_at, updated_at, name, phone, phone_bidx,
        phone_tail_bidx, unionid, unionid_bidx, home_store_id)
    SELECT n, now(), now(), '会员' || n, %(phone)s, md5('p' || n) || md5('q' || n),
        tail.bidx, %(member_unionid)s, md5('u' || n) || md5('v' || n), g.store_id
    FROM generate_series(1, %(customers)s) n
    JOIN bench_tail tail ON tail.number = n %% 10000
    JOIN organisation_guide g ON g.id = 1 + (n - 1) %% %(guides)s""",
    """INSERT INTO members_membervalue (created_at, updated_at, member_id, brand_id, spend_fen,
        year_spend_fen, year_orders, year_as_of, last_purchase_at)
    SELECT now(), now(), n, 1, 898000 + n %% 100000, 398000, 2, current_date,
        now() - (n %% 300) * interval '1 day'
    FROM generate_series(1, %(customers)s) n""",
    """INSERT INTO members_membershipcard
        (created_at, updated_at, number, level, points, opened_at, brand_id, member_id)
    SELECT now(), now(), 'HY' || lpad(n::text, 10, '0'), '金卡', n %% 9000,
        now() - interval '400 days', 1, n
    FROM generate_series(1, %(customers)s) n""",
    """INSERT INTO members_contact (id, created_at, updated_at, external_userid, name, avatar_url,
        type, gender, unionid, unionid_bidx, member_id, synced_at, active_at)
    SELECT n, now(), now(), 'wmBench' || lpad(n::text, 25, '0'), '客户' || n,
        'https://wx.qlogo.cn/mmhead/' || md5(n::text) || '/0', 1, 2, %(contact_unionid)s,
        md5('u' || n) || md5('v' || n), n, now() - interval '1 hour',
        now() - (n %% 90) * interval '1 day'
    FROM generate_series(1, %(customers)s) n""",
    """INSERT INTO members_followrelation (id, created_at, updated_at, remark, description, add_way,
        state, search_terms, followed_at, synced_at, end_reason, contact_id, guide_id,
        birthday_on, last_sign_at, year_fen)
    SELECT n, now(), now(), '周女士' || n, '', 1, '',
        ' 周 女 士 周女 女士 zhounvshi zns ' || n || ' ',
        now() - (n %% 600 + 1) * interval '1 day', now() - interval '1 hour', '',
        CASE WHEN n > %(customers)s THEN (n - %(customers)s) * 25 ELSE n END,
        CASE WHEN n > %(customers)s THEN 1 ELSE 1 + (n - 1) %% %(guides)s END,
        current_date + (n %% 365)::int, now() - (n %% 200) * interval '1 day', n %% 97 * 20000
    FROM generate_series(1, %(customers)s + %(largest_book)s) n""",
    """INSERT INTO members_tagmark (marked_at, follow_id, tag_id)
    SELECT now() - interval '9 days', n, 1 + (n + 10 * t) %% 50
    FROM generate_series(1, %(customers)s) n, generate_series(1, 4) t""",
    """INSERT INTO members_observation (text, nonce, at, author_id, owner_id, contact_id)
    SELECT '想要轻一点的长款大衣', '', now() - t * interval '20 days', 1 + (n - 1) %% %(guides)s,
        1, n
    FROM generate_series(1, %(customers)s) n, generate_series(1, 2) t""",
    """INSERT INTO members_suggestion (created_at, updated_at, rule, rule_version, priority,
        evidence, action_url, state, proposed_at, until, contact_id, guide_id)
    SELECT now(), now(), 'viewed_material', 1, 10,
        jsonb_build_object('title', '燕麦色大衣', 'times', 2, 'dwell_ms', 36000),
        '/s/materials/', 'open', now(), now() + interval '900 days', n, 1 + (n - 1) %% %(guides)s
    FROM generate_series(1, %(customers)s) n""",
    """INSERT INTO attribution_trackedlink
        (id, token, kind, channel, target, created_at, contact_id, guide_id, store_id)
    SELECT n, lpad(n::text, 22, 'b'), 'share', '', 'material:' || 1 + n %% 60,
        now() - (n %% 60) * interval '1 day', n, g.id, g.store_id
    FROM generate_series(1, %(customers)s) n
    JOIN organisation_guide g ON g.id = 1 + (n - 1) %% %(guides)s""",
    """INSERT INTO materials_share (material_version, form, nonce, state, detail, tapped_at,
        reported_at, contact_id, guide_id, link_id, material_id, store_id)
    SELECT 1, 'card', 'nonce' || id, 'sent', '', created_at, created_at, contact_id, guide_id, id,
        1 + id %% 60, store_id
    FROM attribution_trackedlink""",
    """INSERT INTO materials_visit
        (id, token, visitor, counted, opened_at, dwell_ms, depth, link_id, material_id)
    SELECT id, token, md5(id::text), true, created_at + interval '2 hours', 36000, 90, id,
        1 + id %% 60
    FROM attribution_trackedlink""",
)
_EVENTS = """
INSERT INTO members_timelineevent (kind, key, params, at, contact_id, guide_id, member_id, store_id)
SELECT
    CASE WHEN bought THEN 'purchase' ELSE 'material_viewed' END,
    CASE WHEN bought THEN 'purchase:' ELSE 'visit:' END || e,
    CASE WHEN bought THEN jsonb_build_object('order_no', e, 'amount_fen', 89900, 'lines',
        jsonb_build_array(jsonb_build_object('sku_code', 'K' || 1 + e %% 200 || '-1M',
            'title', '圆领羊绒开衫', 'colour', '燕麦色', 'size', 'M', 'quantity', 1,
            'amount_fen', 89900)))
    ELSE jsonb_build_object('material', 1 + e %% 60, 'title', '燕麦色大衣的 5 种穿法', 'visit', n,
        'times', 2) END,
    now() - (%(events)s - e)::float8 / %(events)s * %(days)s * interval '1 day',
    CASE WHEN bought THEN NULL ELSE n END, g.id, CASE WHEN bought THEN n END, g.store_id
FROM (
    SELECT e, 1 + e %% %(customers)s AS n, e / %(customers)s %% 5 = 0 AS bought
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) e
) made
JOIN organisation_guide g ON g.id = 1 + (n - 1) %% %(guides)s
"""
_COUNTED = """SELECT format('%I.%I', schemaname, tablename), pg_get_serial_sequence(
    format('%I.%I', schemaname, tablename), 'id') FROM pg_tables WHERE schemaname = 'public'
    AND EXISTS (SELECT 1 FROM information_schema.columns c
        WHERE c.table_name = tablename AND c.column_name = 'id')"""
_PEOPLE_TABLES = [
    "members_member",
    "members_membershipcard",
    "members_contact",
    "members_followrelation",
    "members_tagmark",
    "members_observation",
    "members_suggestion",
    "attribution_trackedlink",
    "materials_share",
    "materials_visit",
]
_LOOSE_INDEXES = """SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)"""

type Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a company is; every customer is a member of one guide's."""

    database: str
    customers: int
    guides: int
    stores: int
    events_each: int
    largest_book: int = 0  # of guide 1: so many customers (each 25th) besides the own ones

    @property
    def events(self) -> int:
        """Timeline events in all."""
        return self.customers * self.events_each

    @property
    def words(self) -> str:
        """For the progress."""
        return f"{self.customers:,} customers, {self.guides:,} guides, {self.events:,} events"


def external_userid(number: int) -> str:
    """The id of customer `number`, counted from 1."""
    return f"wmBench{number:025d}"


def guide_of(number: int, scale: Scale) -> int:
    """The guide of customer `number`."""
    return 1 + (number - 1) % scale.guides


def fill(connection: Connection, scale: Scale) -> None:
    """Seed an empty, migrated database. A superuser's connection: foreign keys are not checked."""
    values: dict[str, Any] = {
        "customers": scale.customers,
        "guides": scale.guides,
        "stores": scale.stores,
        "events": max(scale.events, 1),
        "largest_book": scale.largest_book,
        "days": DAYS,
        "phone": encrypt("+8613800002046", column="members_member.phone"),
        "member_unionid": encrypt("oBench0000000000000001", column="members_member.unionid"),
        "contact_unionid": encrypt("oBench0000000000000001", column="members_contact.unionid"),
    }
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET maintenance_work_mem = '1GB'")
    cursor = psycopg.ClientCursor(connection)
    for statement in _ORGANISATION:
        cursor.execute(statement, values)
    if scale.customers:
        _learn_tails(cursor)
        with _without_indexes(connection, _PEOPLE_TABLES):
            _seed_people(cursor, values)
        with _without_indexes(connection, ["members_timelineevent"]):
            _seed_events(cursor, values, scale.events)
    _tidy(connection)


def _learn_tails(cursor: psycopg.ClientCursor[Any]) -> None:
    """The look-up hashes of all last four digits, for the session."""
    cursor.execute("CREATE TEMP TABLE bench_tail (number int PRIMARY KEY, bidx text)")
    with cursor.copy("COPY bench_tail FROM STDIN") as copy:
        for number in range(10_000):
            copy.write_row((number, blind_index(f"{number:04d}")))


def _seed_people(cursor: psycopg.ClientCursor[Any], values: dict[str, Any]) -> None:
    progress = _Progress(len(_PEOPLE), "people")
    for statement in _PEOPLE:
        cursor.execute(statement, values)
        progress.step()


def _seed_events(cursor: psycopg.ClientCursor[Any], values: dict[str, Any], count: int) -> None:
    progress = _Progress(-(-count // _EVENTS_A_STEP), "events")
    for first in range(0, count, _EVENTS_A_STEP):
        last = min(first + _EVENTS_A_STEP, count) - 1
        cursor.execute(_EVENTS, values | {"first": first, "last": last})
        progress.step()


@contextmanager
def _without_indexes(connection: Connection, tables: list[str]) -> Iterator[None]:
    """Drop the tables' indexes for the time of a bulk load; constraints stay."""
    found = connection.execute(_LOOSE_INDEXES, [tables]).fetchall()
    for name, _definition in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    progress = _Progress(len(found), "indexes")
    for _name, definition in found:
        connection.execute(definition)
        progress.step()


def _tidy(connection: Connection) -> None:
    """Sequences go on after our ids; statistics and visibility as after a quiet night."""
    for table, sequence in connection.execute(_COUNTED).fetchall():
        if sequence:
            query = f"SELECT setval('{sequence}', (SELECT max(id) FROM {table}))"  # noqa: S608
            connection.execute(query)
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")


class _Progress:
    """A bar on one line of a terminal; nothing but its end elsewhere."""

    def __init__(self, steps: int, name: str) -> None:
        self._steps, self._name, self._done = steps, name, 0
        self._began = time.monotonic()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        filled = 30 * self._done // self._steps
        seconds = time.monotonic() - self._began
        text = f"  {self._name:8} [{'#' * filled:30}] {self._done}/{self._steps} {seconds:.0f} s"
        last = self._done == self._steps
        if sys.stdout.isatty() or last:
            print(f"\r{text}", end="\n" if last else "", flush=True)
