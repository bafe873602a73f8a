"""change_contact callbacks: from the console of the played WeCom through our inbox."""

import pytest

from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.organisation.models import Department, Guide, GuideSession
from guideapp.organisation.services import sync_address_book, sync_departments, sync_guide
from guideapp.sandbox.models import Callback, User
from guideapp.sandbox.services import callbacks, directory
from guideapp.wecom.models import CallbackEvent
from tests.organisation.steps import guide_called, link_small_company
from tests.wecom_support import PlayedWeCom


@pytest.fixture
def company(wecom: PlayedWeCom) -> PlayedWeCom:
    """The small company, read once and linked, with nothing left to do."""
    sync_departments()
    link_small_company()
    sync_address_book()
    run_due()
    return wecom


def deliver(wecom: PlayedWeCom) -> None:
    """Deliver what waits and handle it."""
    wecom.deliver()
    run_due()


def test_a_new_colleague_is_there_after_the_event(company):
    directory.create_user(userid="xinren", name="新人", departments=[3])
    deliver(company)
    assert guide_called("xinren").store.code == "S01"


def test_a_disabled_guide_is_out_after_the_event(company, client_for):
    client = client_for(guide_called("linxm"))
    directory.update_user(userid="linxm", status=2)
    deliver(company)
    assert client.get("/me/").status_code == 302
    assert not GuideSession.objects.exists()


def test_a_leaver_is_closed_and_a_repeated_event_changes_nothing(company):
    linxm = guide_called("linxm")
    directory.delete_user(userid="linxm")
    deliver(company)
    Callback.objects.update(state=Callback.State.WAITING)
    deliver(company)
    linxm.refresh_from_db()
    assert linxm.left_at
    assert Guide.objects.filter(userid="linxm").count() == 1


def test_two_edits_within_one_second_are_both_seen(company):
    directory.update_user(userid="linxm", name="第一次")
    deliver(company)
    User.objects.filter(userid="linxm").update(name="第二次")
    Callback.objects.update(state=Callback.State.WAITING)  # the identical XML once more
    deliver(company)
    assert guide_called("linxm").name == "第二次"
    assert CallbackEvent.objects.get(event="change_contact").deliveries == 2


def test_a_late_leaving_event_does_not_close_the_new_holder_of_the_userid(company):
    old = guide_called("linxm")
    gone = directory.delete_user(userid="linxm")
    waiting = Callback.objects.get()
    deliver(company)
    gone.delete()
    directory.create_user(userid="linxm", name="林晓曼", departments=[4])
    deliver(company)
    Callback.objects.filter(pk=waiting.pk).update(state=Callback.State.WAITING)
    deliver(company)
    new = guide_called("linxm")
    assert new.pk != old.pk
    assert new.is_active


def test_leaving_and_returning_told_in_the_wrong_order_still_gives_a_new_row(company):
    old = guide_called("linxm")
    Guide.objects.filter(pk=old.pk).update(created_at="2026-01-01T00:00:00Z")
    gone = directory.delete_user(userid="linxm")
    gone.delete()
    directory.create_user(userid="linxm", name="林晓曼", departments=[4])
    leaving, joining = Callback.objects.order_by("pk")
    Callback.objects.filter(pk=leaving.pk).update(state=Callback.State.DELIVERED)
    deliver(company)
    Callback.objects.filter(pk=leaving.pk).update(state=Callback.State.WAITING)
    deliver(company)
    new = guide_called("linxm")
    old.refresh_from_db()
    assert new.pk != old.pk
    assert old.left_at


def test_a_renamed_userid_keeps_row_and_history_also_when_told_twice(company):
    linxm = guide_called("linxm")
    directory.update_user(userid="linxm", new_userid="lin.xiaoman")
    deliver(company)
    Callback.objects.update(state=Callback.State.WAITING)
    deliver(company)
    assert guide_called("lin.xiaoman").pk == linxm.pk
    assert Guide.objects.filter(userid__in=["linxm", "lin.xiaoman"]).count() == 1


def test_a_rename_that_a_sync_saw_first_still_keeps_the_history(company):
    linxm = guide_called("linxm")
    directory.update_user(userid="linxm", new_userid="lin.xiaoman")
    sync_guide("lin.xiaoman")
    deliver(company)
    assert guide_called("lin.xiaoman").pk == linxm.pk


def test_moving_a_department_moves_its_people(company):
    directory.create_department(id=31, name="女装组", parent_id=3)
    directory.update_user(userid="linxm", departments=[31])
    deliver(company)
    assert guide_called("linxm").store.code == "S01"
    directory.update_department(id=31, parent_id=4)
    deliver(company)
    assert guide_called("linxm").store.code == "S02"


def test_a_deleted_department_stands_for_nothing_any_more(company):
    directory.create_department(id=31, name="女装组", parent_id=3)
    deliver(company)
    directory.delete_department(id=31)
    deliver(company)
    assert Department.objects.get(wecom_id=31).gone_at


def test_a_change_of_member_tags_has_everything_read_once(company):
    for tag_id in ("1", "2"):
        callbacks.enqueue("change_contact", "update_tag", {"TagId": tag_id})
    company.deliver()
    run_due(lanes=("normal",))
    waiting = Job.objects.filter(dedupe_key="organisation:address_book", state=Job.State.READY)
    assert waiting.count() == 1
