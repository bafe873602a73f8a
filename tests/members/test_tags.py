"""Tags: shown at once, owed to WeCom, and not lost to an answer that is older than the tap."""

import pytest

from guideapp.core.clock import now
from guideapp.core.jobs.errors import RetryAt
from guideapp.core.jobs.worker import run_due
from guideapp.members.errors import RelationEnded, TagGone
from guideapp.members.models import FollowRelation, Tag, TagMark
from guideapp.members.services import add_tag, remove_tag, sync_contact, sync_contacts_of, sync_tags
from guideapp.sandbox.models import CorpTag
from guideapp.wecom.client import client
from guideapp.wecom.models import OutboxCall
from guideapp.wecom.outbox_calls import mark_tag

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def juzi(company, relation) -> FollowRelation:
    """A customer of linxm without a tag."""
    sync_contacts_of(["linxm"])
    return relation("linxm", "juzi")


def tag(name: str) -> Tag:
    return Tag.objects.select_related("group").get(name=name)


def names(follow: FollowRelation) -> set[str]:
    marks = TagMark.objects.filter(follow=follow, removed_at=None)
    return set(marks.values_list("tag__name", flat=True))


def in_wecom(company, follow: FollowRelation) -> set[str]:
    found = company.follow(follow.guide.userid, follow.contact.external_userid)
    return {row["name"] if isinstance(row, dict) else row for row in found["tags"]}


def test_a_tag_reaches_wecom(company, juzi):
    add_tag(juzi, tag("通勤"), juzi.guide)
    assert names(juzi) == {"通勤"}
    run_due()
    assert in_wecom(company, juzi) == {"通勤"}


def test_two_taps_are_one_mark_and_one_call(company, juzi):
    add_tag(juzi, tag("通勤"), juzi.guide)
    add_tag(juzi, tag("通勤"), juzi.guide)
    assert OutboxCall.objects.filter(kind="mark_tag").count() == 1


def test_a_tag_taken_off_is_off_in_wecom(company, juzi):
    add_tag(juzi, tag("通勤"), juzi.guide)
    run_due()
    remove_tag(juzi, tag("通勤"), juzi.guide)
    remove_tag(juzi, tag("通勤"), juzi.guide)
    run_due()
    assert names(juzi) == in_wecom(company, juzi) == set()


def test_a_tag_on_its_way_survives_a_reading_that_does_not_know_it(company, juzi):
    add_tag(juzi, tag("通勤"), juzi.guide)
    sync_contact(juzi.contact.external_userid)
    assert names(juzi) == {"通勤"}


def test_a_tag_just_taken_off_does_not_come_back_by_an_older_answer(company, juzi):
    add_tag(juzi, tag("通勤"), juzi.guide)
    run_due()
    remove_tag(juzi, tag("通勤"), juzi.guide)
    sync_contact(juzi.contact.external_userid)
    assert names(juzi) == set()


def test_two_guides_tag_the_same_customer_apart(company, relation):
    sync_contacts_of(["linxm", "zhaoke"])
    add_tag(relation("zhaoke", "zhou"), tag("通勤"), relation("zhaoke", "zhou").guide)
    assert names(relation("linxm", "zhou")) == {"金卡", "大衣"}
    assert names(relation("zhaoke", "zhou")) == {"通勤"}


def test_a_tag_that_headquarters_removed_is_refused(company, juzi):
    Tag.objects.filter(name="通勤").update(gone_at=now())
    with pytest.raises(TagGone):
        add_tag(juzi, tag("通勤"), juzi.guide)


def test_a_customer_who_left_cannot_be_tagged(company, juzi):
    FollowRelation.objects.filter(pk=juzi.pk).update(ended_at=now())
    with pytest.raises(RelationEnded):
        add_tag(juzi, tag("通勤"), juzi.guide)
    assert not OutboxCall.objects.filter(kind="mark_tag").exists()


def test_tags_are_read_whole_and_what_is_gone_is_gone(company):
    assert Tag.objects.filter(gone_at=None).count() == 7
    CorpTag.objects.filter(name="针织").delete()
    sync_tags()
    assert Tag.objects.get(name="针织").gone_at
    assert sync_tags() == 6


def test_two_taps_reach_wecom_in_their_order_though_the_first_is_late(company, juzi):
    add_tag(juzi, tag("通勤"), juzi.guide)
    remove_tag(juzi, tag("通勤"), juzi.guide)
    first, second = OutboxCall.objects.order_by("pk")
    with pytest.raises(RetryAt):  # while the first still waits
        mark_tag(client(), second.payload)
    OutboxCall.objects.filter(pk=first.pk).update(state=OutboxCall.State.DONE)
    mark_tag(client(), second.payload)
    assert in_wecom(company, juzi) == set()
