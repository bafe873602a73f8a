"""change_external_contact and change_external_tag, the real way: callback, inbox, job."""

from datetime import timedelta

import pytest

from guideapp.core.clock import now
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.members.models import FollowRelation, Suggestion, Tag, TimelineEvent
from guideapp.members.services import propose, sync_contacts_of
from guideapp.members.services.contacts import end_follow, open_follow
from guideapp.members.signals import contact_added, contact_left
from guideapp.organisation.models import Guide
from guideapp.sandbox.models import CorpTag, Follow

pytestmark = pytest.mark.django_db(transaction=True)

Reason = FollowRelation.EndReason


@pytest.fixture
def heard():
    """What upper rooms would have heard: (signal, its arguments)."""
    calls: list[tuple[str, dict[str, object]]] = []

    def added(sender, signal, **kw):
        calls.append(("added", kw))

    def left(sender, signal, **kw):
        calls.append(("left", kw))

    contact_added.connect(added)
    contact_left.connect(left)
    yield calls
    contact_added.disconnect(added)
    contact_left.disconnect(left)


def linxm() -> Guide:
    return Guide.objects.get(userid="linxm")


def test_a_new_customer_is_there_with_name_source_and_a_signal(happen, relation, heard):
    added = happen("add_external_contact", userid="linxm", name="新朋友", state="fit-room")
    follow = relation("linxm", added["external_userid"])
    assert (follow.contact.name, follow.state) == ("新朋友", "fit-room")
    assert follow.synced_at
    (_name, told) = heard[0]
    assert (told["follow_id"], told["state"]) == (follow.pk, "fit-room")
    assert told["welcome_code"]
    assert TimelineEvent.objects.filter(kind="contact_added", contact=follow.contact).count() == 1


def test_the_relation_is_open_before_wecom_was_asked(company, relation, heard, settings):
    added = company.raise_event("add_external_contact", userid="linxm", name="新朋友")
    company.deliver()
    settings.WECOM_API_BASE_URL = "http://127.0.0.1:9/cgi-bin"
    run_due(("urgent",), limit=1)
    follow = relation("linxm", added["external_userid"])
    assert (follow.contact.name, follow.ended_at) == ("", None)
    assert heard[0][1]["welcome_code"]


def test_the_same_event_twice_is_one_relation_and_one_line(happen, redeliver, relation):
    added = happen("add_external_contact", userid="linxm", name="新朋友")
    redeliver()
    rows = FollowRelation.objects.filter(contact__external_userid=added["external_userid"])
    assert rows.count() == 1
    assert TimelineEvent.objects.filter(kind="contact_added").count() == 1


def test_a_customer_whom_wecom_denies_for_seconds_is_asked_for_again(happen, relation):
    added = happen("add_external_contact", userid="linxm", name="新朋友", unreadable_seconds=600)
    assert relation("linxm", added["external_userid"]).contact.name == ""
    waiting = Job.objects.get(dedupe_key=f"contact:{added['external_userid']}:linxm:again:1")
    assert timedelta(0) < waiting.run_at - now() < timedelta(seconds=3)
    Follow.objects.update(readable_at=now())
    Job.objects.filter(pk=waiting.pk).update(run_at=now())
    run_due()
    assert relation("linxm", added["external_userid"]).contact.name == "新朋友"


def test_a_half_addition_counts_and_the_full_one_changes_nothing(happen, relation, heard):
    added = happen("add_half_external_contact", userid="linxm", name="新朋友")
    happen("add_external_contact", userid="linxm", external_userid=added["external_userid"])
    rows = FollowRelation.objects.filter(contact__external_userid=added["external_userid"])
    assert rows.count() == 1
    assert heard[0][1]["welcome_code"]


def test_an_edit_in_wecom_is_read_anew(company, happen, relation):
    sync_contacts_of(["linxm"])
    happen(
        "edit_external_contact",
        userid="linxm",
        external_userid=company.customer("juzi"),
        remark="橘子",
    )
    assert relation("linxm", "juzi").remark == "橘子"
    assert " jz " in relation("linxm", "juzi").search_terms


def test_two_edits_within_a_second_are_both_seen(company, happen, redeliver, relation):
    sync_contacts_of(["linxm"])
    juzi = company.customer("juzi")
    happen("edit_external_contact", userid="linxm", external_userid=juzi, remark="第一")
    Follow.objects.filter(user__userid="linxm", customer__external_userid=juzi).update(
        remark="第二"
    )
    redeliver()
    assert relation("linxm", "juzi").remark == "第二"


@pytest.mark.parametrize(
    ("act", "more", "reason"),
    [
        ("del_external_contact", {}, Reason.BY_GUIDE),
        ("del_external_contact", {"by_transfer": True}, Reason.HANDOVER),
        ("del_follow_user", {}, Reason.BY_CUSTOMER),
    ],
)
def test_an_end_is_kept_with_its_reason_once(
    company, happen, redeliver, relation, heard, act, more, reason
):
    sync_contacts_of(["linxm"])
    happen(act, userid="linxm", external_userid=company.customer("juzi"), **more)
    redeliver()
    follow = relation("linxm", "juzi")
    assert (follow.end_reason, bool(follow.ended_at)) == (reason, True)
    assert [(name, told["reason"]) for name, told in heard] == [("left", reason)]


def test_what_was_suggested_about_a_lost_customer_is_withdrawn(company, happen, relation):
    sync_contacts_of(["linxm"])
    follow = relation("linxm", "juzi")
    suggestion = propose(
        rule="new_customer",
        contact=follow.contact,
        guide=follow.guide,
        evidence={},
        action_url="/g/",
        until=now() + timedelta(days=1),
    )
    happen("del_follow_user", userid="linxm", external_userid=company.customer("juzi"))
    suggestion.refresh_from_db()
    assert suggestion.state == Suggestion.State.WITHDRAWN


def test_an_end_that_arrives_before_its_beginning_stays_an_end(company):
    began, ended = now() - timedelta(minutes=2), now() - timedelta(minutes=1)
    end_follow(guide=linxm(), external_userid="wmLate", reason=Reason.BY_CUSTOMER, at=ended)
    assert open_follow(guide=linxm(), external_userid="wmLate", state="", at=began) is None
    row = FollowRelation.objects.get()
    assert (row.followed_at, row.ended_at) == (began, ended)


def test_somebody_who_comes_back_has_a_relation_of_their_own(company):
    first, end, second = (now() - timedelta(minutes=n) for n in (3, 2, 1))
    open_follow(guide=linxm(), external_userid="wmBack", state="", at=first)
    end_follow(guide=linxm(), external_userid="wmBack", reason=Reason.BY_CUSTOMER, at=end)
    assert open_follow(guide=linxm(), external_userid="wmBack", state="", at=second)
    end_follow(guide=linxm(), external_userid="wmBack", reason=Reason.BY_CUSTOMER, at=end)
    assert FollowRelation.objects.active().count() == 1
    assert FollowRelation.objects.count() == 2


def test_a_failed_handover_is_a_line_on_the_timeline(company, happen, redeliver):
    sync_contacts_of(["linxm"])
    happen("transfer_fail", userid="chenyu", external_userid=company.customer("juzi"))
    redeliver()
    event = TimelineEvent.objects.get(kind="handover_failed")
    assert event.params == {"reason": "customer_refused"}


def test_a_renamed_and_a_deleted_tag_follow(company, happen, redeliver):
    tag = CorpTag.objects.get(name="大衣")
    happen("update_tag", id=tag.tag_id, name="长大衣")
    assert Tag.objects.filter(name="长大衣", gone_at=None).exists()
    happen("delete_tag", id=tag.tag_id)
    redeliver()
    assert Tag.objects.get(name="长大衣").gone_at
