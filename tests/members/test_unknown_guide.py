"""A customer adds a guide whom we have not met: no urgent job waits for WeCom, nothing is lost."""

from datetime import timedelta

import pytest

from guideapp.core.clock import now
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.members.models import Contact, FollowRelation, TimelineEvent
from guideapp.members.signals import contact_added
from guideapp.organisation.models import Guide
from guideapp.organisation.services import sync_departments
from guideapp.sandbox.models import Callback, User
from guideapp.wecom.models import ApiCall, CallbackEvent
from tests.organisation.steps import link_small_company
from tests.wecom_support import PlayedWeCom

pytestmark = pytest.mark.django_db(transaction=True)

State = CallbackEvent.State
NOWHERE = "http://127.0.0.1:9/cgi-bin"


@pytest.fixture
def strangers(wecom: PlayedWeCom) -> PlayedWeCom:
    """A company whose stores we know and whose people we have not read yet."""
    sync_departments()
    link_small_company()
    run_due()
    assert not Guide.objects.exists()
    return wecom


@pytest.fixture
def welcomes():
    """The welcome codes that upper rooms would have heard of."""
    codes: list[str] = []

    def added(welcome_code, **_):
        codes.append(welcome_code)

    contact_added.connect(added)
    yield codes
    contact_added.disconnect(added)


def add(wecom: PlayedWeCom, name: str = "新朋友", userid: str = "linxm") -> str:
    """A new customer of `userid`; the callback has arrived and waits in the inbox."""
    added = wecom.raise_event("add_external_contact", userid=userid, name=name)
    wecom.deliver()
    return added["external_userid"]


def test_the_urgent_job_asks_wecom_nothing(strangers, welcomes):
    add(strangers)
    before = ApiCall.objects.count()
    run_due(("urgent",))
    assert ApiCall.objects.count() == before
    assert CallbackEvent.objects.get(event="change_external_contact").state == State.PENDING
    assert welcomes == []


def test_another_job_meets_the_guide_and_the_welcome_follows(strangers, welcomes):
    added = add(strangers)
    run_due()
    follow = FollowRelation.objects.get(contact__external_userid=added)
    assert (follow.guide.userid, follow.guide.store.code) == ("linxm", "S01")
    assert len(welcomes) == 1
    assert welcomes[0]
    event = CallbackEvent.objects.get(event="change_external_contact")
    assert (event.state, event["WelcomeCode"]) == (State.DONE, "")


def test_two_new_customers_of_one_guide_are_both_welcomed(strangers, welcomes):
    add(strangers, "第一位")
    add(strangers, "第二位")
    run_due()
    assert len(set(welcomes)) == 2
    assert Guide.objects.with_userid("linxm").count() == 1


def test_the_same_event_twice_is_one_relation_and_one_line(strangers, welcomes):
    add(strangers)
    Callback.objects.update(state=Callback.State.WAITING)
    strangers.deliver()
    run_due()
    Callback.objects.update(state=Callback.State.WAITING)
    strangers.deliver()
    run_due()
    assert FollowRelation.objects.count() == 1
    assert TimelineEvent.objects.filter(kind="contact_added").count() == 1
    assert len([code for code in welcomes if code]) == 1


def test_who_left_again_before_the_guide_was_met_stays_away(strangers):
    added = add(strangers)
    strangers.raise_event("del_follow_user", userid="linxm", external_userid=added)
    strangers.deliver()
    run_due()
    follow = FollowRelation.objects.get(contact__external_userid=added)
    assert follow.end_reason == FollowRelation.EndReason.BY_CUSTOMER


def test_somebody_who_is_no_guide_of_ours_changes_nothing(strangers, welcomes):
    added = add(strangers)
    User.objects.filter(userid="linxm").delete()
    run_due()
    assert not Contact.objects.filter(external_userid=added).exists()
    assert welcomes == []
    assert CallbackEvent.objects.get(event="change_external_contact").state == State.DONE


def test_an_event_whose_guide_cannot_be_asked_for_waits_three_days_and_is_given_up(
    strangers, settings
):
    add(strangers)
    settings.WECOM_API_BASE_URL = NOWHERE
    run_due(("urgent",))
    for _attempt in range(7):
        Job.objects.filter(state=Job.State.READY).update(run_at=now())
        run_due(("normal",))
    assert CallbackEvent.objects.get(event="change_external_contact").state == State.PENDING
    long_ago = now() - timedelta(days=3, minutes=1)
    Job.objects.filter(state=Job.State.READY).update(run_at=now(), enqueued_at=long_ago)
    run_due(("normal",))
    assert CallbackEvent.objects.get(event="change_external_contact").state == State.DEAD
