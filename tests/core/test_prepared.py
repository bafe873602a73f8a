"""Queries that are compiled once give what Django's own would."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import BigIntegerField, DateTimeField
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
