"""Queries that are compiled once give what Django's own would."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import BigIntegerField, DateTimeField, Value
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext

from guideapp.core.clock import now
from guideapp.core.prepared import Given, Prepared
from guideapp.members.models import FollowRelation
from tests.factories import make_contact, make_follow, make_guide, make_member

pytestmark = pytest.mark.django_db


def follows_since() -> Prepared[FollowRelation]:
    """The relations of a guide since a moment, with contact and member."""
    return Prepared(
        lambda: (
            FollowRelation.objects.filter(
                guide=Given("guide", BigIntegerField()),
                followed_at__gte=Given("since", DateTimeField()),
            )
            .select_related("contact__member")
            .order_by("followed_at")
        )
    )


def test_each_run_has_its_own_values():
    guide, at = make_guide(), now()
    old = make_follow(guide=guide, followed_at=at - timedelta(days=9))
    new = make_follow(guide=guide, followed_at=at - timedelta(days=1))
    others = make_follow(followed_at=at)
    prepared = follows_since()
    assert prepared.rows(guide=guide.pk, since=at - timedelta(days=10)) == [old, new]
    assert prepared.rows(guide=guide.pk, since=at - timedelta(days=2)) == [new]
    assert prepared.first(guide=others.guide_id, since=at - timedelta(days=2)) == others
    assert prepared.first(guide=guide.pk, since=at) is None


def test_joined_rows_and_encrypted_columns_come_with_it_in_one_query():
    member = make_member(phone="+8613800002046")
    follow = make_follow(contact=make_contact(member=member))
    prepared = follows_since()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        (found,) = prepared.rows(guide=follow.guide_id, since=now() - timedelta(days=1))
        assert found.contact.member is not None
        assert found.contact.member.phone == "+8613800002046"
        assert found.followed_at == follow.followed_at
    assert len(queries) == 1


@pytest.mark.django_db(transaction=True)
def test_threads_share_it():
    follow = make_follow()
    prepared = follows_since()
    found: list[FollowRelation | None] = []

    def read() -> None:
        found.append(prepared.first(guide=follow.guide_id, since=now() - timedelta(days=1)))
        connections.close_all()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [follow] * 4


def odd_names() -> Prepared[FollowRelation]:
    """Constants of every kind beside what is given: a pattern with % in it, a list, a flag."""
    return Prepared(
        lambda: FollowRelation.objects.filter(
            remark__contains="50% '$1'",
            add_way__in=[1, 2],
            ended_at=None,
            guide=Given("guide", BigIntegerField()),
        ).annotate(literal=Value("100% $1"), upper=Upper("remark"))
    )


def test_constants_stay_what_they_are():
    hit = make_follow(remark="打 50% '$1' 折", add_way=2)
    make_follow(guide=hit.guide, remark="打 50 折", add_way=2)
    prepared = odd_names()
    for _ in range(7):  # PostgreSQL settles on one plan for all values after five
        (found,) = prepared.rows(guide=hit.guide_id)
        assert found == hit
        assert (found.literal, found.upper) == ("100% $1", hit.remark)  # type: ignore[attr-defined]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans for nothing")
def test_the_database_keeps_the_plan_for_the_next_request():
    follow = make_follow()
    prepared = follows_since()
    for _ in range(2):
        assert prepared.first(guide=follow.guide_id, since=now() - timedelta(days=1)) == follow
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE %s",
            ['%"followed_at" >= %$1%'],
        )
        assert cursor.fetchall() == [(2,)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans for nothing")
def test_where_a_pooler_shares_connections_no_plan_is_kept(settings):
    follow = make_follow()
    settings.DATABASE_KEEPS_PLANS = False
    assert follows_since().first(guide=follow.guide_id, since=follow.followed_at) == follow
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (0,)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans for nothing")
@pytest.mark.django_db(transaction=True)
def test_a_column_that_an_upgrade_widens_stops_no_page():
    follow = make_follow()
    prepared = follows_since()
    since = follow.followed_at - timedelta(days=1)
    assert prepared.first(guide=follow.guide_id, since=since) == follow
    upgrade = connection.copy()  # as another process does it
    widen = "ALTER TABLE members_followrelation ALTER COLUMN remark TYPE varchar(%s)"
    try:
        for width in (80, 64):
            with upgrade.cursor() as cursor:
                cursor.execute(widen, [width])
            for _ in range(2):
                assert prepared.first(guide=follow.guide_id, since=since) == follow
    finally:
        upgrade.close()
