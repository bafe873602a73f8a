"""Customers read from WeCom over the wire: applied as they are, never blanked, never revived."""

from datetime import timedelta

import pytest

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.members.models import Contact, FollowRelation, Tag, TagMark
from guideapp.members.services import (
    reconcile,
    reconcile_all,
    refresh_soon,
    save_member,
    sync_contact,
    sync_contacts_of,
)
from guideapp.members.services.reconcile import PARTS
from guideapp.members.services.relations import Told, apply_told
from guideapp.organisation.models import Guide
from guideapp.sandbox.models import Corp, Customer, Follow
from guideapp.wecom.errors import WeComNotFound, WeComUnavailable
from guideapp.wecom.models import SyncCursor
from tests.factories import make_contact, make_follow

pytestmark = pytest.mark.django_db(transaction=True)


def tags_of(follow: FollowRelation) -> set[str]:
    marks = TagMark.objects.filter(follow=follow, removed_at=None)
    return set(marks.values_list("tag__name", flat=True))


def test_a_customer_comes_with_followers_remarks_and_tags(company, relation):
    contact = sync_contact(company.customer("zhou"))
    assert contact.name == "晚晴"
    mine = relation("linxm", "zhou")
    assert (mine.remark, mine.state, mine.add_way) == ("周晚晴", "fit-room", 1)
    assert tags_of(mine) == {"金卡", "大衣"}
    assert relation("zhaoke", "zhou").remark == "周女士"
    assert " zwq " in mine.search_terms


def test_all_customers_of_guides_come_at_once(company, relation):
    sync_contacts_of(["linxm", "chenyu"])
    assert FollowRelation.objects.active().count() == 6
    assert tags_of(relation("linxm", "su")) == {"银卡", "针织"}
    assert sync_contacts_of(["linxm", "chenyu"]) == 0


def test_a_customer_is_linked_to_their_member_by_unionid(company):
    unionid = Customer.objects.get(external_userid=company.customer("zhou")).unionid
    member = save_member(name="周晚晴", phone="13800002046", unionid=unionid)
    assert sync_contact(company.customer("zhou")).member_id is not None
    assert Contact.objects.get(member=member).unionid_bidx == blind_index(unionid)


def test_an_absent_field_blanks_nothing(company, relation):
    sync_contact(company.customer("zhou"))
    Corp.objects.update(unionid_bound=False)
    contact = sync_contact(company.customer("zhou"))
    assert Contact.objects.get(pk=contact.pk).unionid
    follow = {"userid": "linxm"}
    bare = Told({"external_userid": contact.external_userid, "name": ""}, follow, None)
    apply_told([bare], asked_at=now())
    mine = relation("linxm", "zhou")
    assert (mine.contact.name, mine.remark, mine.state) == ("晚晴", "周晚晴", "fit-room")
    assert tags_of(mine) == {"金卡", "大衣"}


def test_a_remark_that_the_guide_cleared_is_cleared(company, relation):
    sync_contact(company.customer("zhou"))
    Follow.objects.filter(user__userid="linxm").update(remark="")
    sync_contact(company.customer("zhou"))
    assert relation("linxm", "zhou").shown_name == "晚晴"


def test_an_answer_that_was_asked_for_earlier_changes_nothing(company, relation):
    contact = sync_contact(company.customer("zhou"))
    old = Told(
        {"external_userid": contact.external_userid, "name": "旧名"},
        {"userid": "linxm", "remark": "旧备注"},
        [],
    )
    apply_told([old], asked_at=now() - timedelta(minutes=1))
    mine = relation("linxm", "zhou")
    assert (mine.contact.name, mine.remark) == ("晚晴", "周晚晴")
    assert tags_of(mine) == {"金卡", "大衣"}


def test_followers_who_are_no_guides_of_ours_are_passed_over(company):
    Guide.objects.filter(userid="zhaoke").update(left_at=now())
    sync_contact(company.customer("zhou"))
    assert FollowRelation.objects.active().get().guide.userid == "linxm"


def test_the_case_of_a_userid_does_not_matter(company):
    Guide.objects.filter(userid="linxm").update(userid="LinXM")
    assert sync_contacts_of(["linxm"]) > 0
    assert FollowRelation.objects.filter(guide__userid="LinXM").count() == 3


def test_a_relation_that_is_gone_in_wecom_is_closed_and_its_history_stays(company, relation):
    sync_contacts_of(["linxm"])
    Follow.objects.filter(user__userid="linxm", customer__name="橘子汽水").update(deleted_at=now())
    assert sync_contacts_of(["linxm"]) == 1
    gone = relation("linxm", "juzi")
    assert gone.end_reason == FollowRelation.EndReason.UNSEEN
    assert FollowRelation.objects.filter(guide__userid="linxm").count() == 3


def test_a_relation_that_reconciliation_missed_is_opened_again_when_it_is_seen(company, relation):
    sync_contacts_of(["linxm"])
    before = relation("linxm", "juzi")
    FollowRelation.objects.filter(pk=before.pk).update(
        ended_at=now(), end_reason=FollowRelation.EndReason.UNSEEN
    )
    sync_contacts_of(["linxm"])
    assert relation("linxm", "juzi").pk == before.pk
    assert relation("linxm", "juzi").ended_at is None


def test_a_customer_who_deleted_the_guide_stays_gone_although_wecom_lists_them(company, relation):
    sync_contacts_of(["linxm"])
    FollowRelation.objects.filter(pk=relation("linxm", "juzi").pk).update(
        ended_at=now(), end_reason=FollowRelation.EndReason.BY_CUSTOMER
    )
    sync_contacts_of(["linxm"])
    sync_contact(company.customer("juzi"))
    assert relation("linxm", "juzi").ended_at


def test_a_relation_younger_than_the_question_is_not_closed(company, relation):
    sync_contacts_of(["linxm"])
    young = make_follow(guide=Guide.objects.get(userid="linxm"), contact=make_contact())
    sync_contacts_of(["linxm"])
    young.refresh_from_db()
    assert young.ended_at is None


def test_other_guides_relations_are_left_alone(company):
    sync_contacts_of(["linxm", "chenyu"])
    Follow.objects.filter(user__userid="chenyu").update(deleted_at=now())
    sync_contacts_of(["linxm"])
    assert FollowRelation.objects.active().filter(guide__userid="chenyu").count() == 3


def test_a_tag_that_we_never_read_is_learnt_first(company, relation):
    Tag.objects.all().delete()
    sync_contact(company.customer("zhou"))
    assert tags_of(relation("linxm", "zhou")) == {"金卡", "大衣"}


def test_an_unknown_customer_is_an_error_of_its_own(company):
    with pytest.raises(WeComNotFound):
        sync_contact("wmNobody")


def test_the_night_reads_everybody_and_says_what_it_repaired(company):
    report = reconcile()
    assert report["guides"] == 5
    assert FollowRelation.objects.active().count() == 10
    assert reconcile() == {"guides": 5, "repaired": 0}


def test_an_interrupted_night_goes_on_where_it_stopped(company):
    reconcile()
    FollowRelation.objects.all().delete()
    parts = SyncCursor.objects.filter(name__startswith="members.all")
    parts.update(finished_at=None, cursor="hejs")
    reconcile()
    readers = FollowRelation.objects.active().values_list("guide__userid", flat=True)
    assert set(readers) == {"linxm", "zhaoke"}


def test_the_parts_of_a_night_share_the_guides_among_workers(company):
    shares = [reconcile(parts=[part])["guides"] for part in PARTS]
    assert sum(shares) == 5
    assert max(shares) < 5
    assert FollowRelation.objects.active().count() == 10


def test_the_night_begins_all_parts_and_each_ends_by_itself(company):
    reconcile_all.call()
    assert run_due() == len(PARTS)
    assert not SyncCursor.objects.filter(name__startswith="members.all", finished_at=None).exists()
    assert FollowRelation.objects.active().count() == 10


def test_wecom_out_of_reach_closes_nobody(company, settings):
    sync_contacts_of(["linxm"])
    settings.WECOM_API_BASE_URL = "http://127.0.0.1:9/cgi-bin"
    with pytest.raises(WeComUnavailable):
        sync_contacts_of(["linxm"])
    assert FollowRelation.objects.active().count() == 3


def test_a_batch_costs_the_same_queries_however_large(company, django_assert_max_num_queries):
    told = [
        Told(
            {"external_userid": f"wmMany{n}", "name": f"客户{n}", "unionid": f"o{n}"},
            {"userid": "linxm", "createtime": 1760000000, "remark": f"备注{n}"},
            [],
        )
        for n in range(300)
    ]
    with django_assert_max_num_queries(30):
        apply_told(told, asked_at=now())
    assert FollowRelation.objects.active().count() == 300


def test_reading_a_customer_never_holds_a_thread_that_a_welcome_waits_for(db):
    refresh_soon("wmSomebody", "linxm")
    assert Job.objects.get().lane == "normal"


def test_two_guides_who_add_one_customer_are_both_looked_after(db):
    refresh_soon("wmSomebody", "linxm")
    refresh_soon("wmSomebody", "chenyu")
    refresh_soon("wmSomebody", "linxm")
    assert Job.objects.count() == 2
