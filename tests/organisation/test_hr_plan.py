"""A plan lists what WeCom must change to say what HR says; applied once, then nothing is left."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from guideapp.core.clock import now, today
from guideapp.core.jobs.errors import GiveUp
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry
from guideapp.organisation.errors import HrPlanOutdated, HrPlanOver, NoAddressBookSecret
from guideapp.organisation.models import Department, Guide, HrChange, HrPerson, HrPlan
from guideapp.organisation.services import (
    apply_plan,
    import_people,
    make_plan,
    place_guides,
    sync_address_book,
)
from guideapp.organisation.services.hr_calls import user_create, user_delete, user_update
from guideapp.organisation.services.hr_plan import NO_DEPARTMENT, NO_PHONE, USERID_WAITS
from guideapp.sandbox.models import User
from guideapp.sandbox.services import directory, faults
from guideapp.wecom.client import client
from guideapp.wecom.errors import WeComUnavailable
from guideapp.wecom.models import OutboxCall
from tests.factories import make_guide, make_store
from tests.wecom_support import PlayedWeCom

PAGE = reverse("organisation:hr")


def person(number: str, **kw: Any) -> dict[str, Any]:
    return {"staff_no": number, "name": f"员工{number}", "phone": "", "store": "QH001"} | kw


@pytest.fixture
def played(wecom: PlayedWeCom, transactional_db: None) -> PlayedWeCom:
    """The small company as the product knows it: two stores, six people."""
    sync_address_book()
    for wecom_id, code in ((3, "QH001"), (4, "QH002")):
        store = make_store(code=code)
        Department.objects.filter(wecom_id=wecom_id).update(store=store)
    place_guides.call()
    return wecom


def register(*more: dict[str, Any], without: tuple[str, ...] = ()) -> None:
    """HR knows everybody as WeCom does, and `more`."""
    rows = [
        {
            "staff_no": f"QH-{guide.userid}",
            "userid": guide.userid,
            "name": guide.name,
            "position": guide.position,
            "store": guide.store.code if guide.store else "",
        }
        for guide in Guide.objects.filter(left_at=None).select_related("store")
        if guide.userid not in without
    ]
    import_people([*rows, *more], source="oa")


def planned() -> dict[str, str]:
    """userid → kind of the newest plan made now."""
    plan = make_plan(actor_userid="wangsi")
    return {change.person.userid: change.kind for change in plan.changes.select_related("person")}


def apply() -> HrPlan:
    plan = HrPlan.objects.latest("pk")
    apply_plan(plan=plan, actor_userid="wangsi")
    run_due()
    return plan


def test_joiner_mover_and_leaver_are_planned_applied_and_then_nothing_is_left(played):
    register(person("tangguo", phone="13900001001", position="导购", gender=2))
    import_people(
        [
            {"staff_no": "QH-chenyu", "store": "QH002"},
            {"staff_no": "QH-zhaoke", "left_on": today()},
        ],
        source="oa",
    )
    assert planned() == {"chenyu": "update", "zhaoke": "delete", "tangguo": "create"}
    apply()
    made = User.objects.get(userid="tangguo")
    assert (made.name, made.mobile, made.gender) == ("员工tangguo", "13900001001", "2")
    assert made.department_ids() == [3]
    assert User.objects.get(userid="chenyu").department_ids() == [4]
    assert User.objects.present().filter(userid="zhaoke").count() == 0
    assert planned() == {}
    assert Guide.objects.with_userid("chenyu").get().store.code == "QH002"


def test_the_phone_number_stays_out_of_plan_and_outbox(played):
    register(person("tangguo", phone="13900001001"))
    planned()
    apply()
    rows = [*HrChange.objects.values(), *OutboxCall.objects.values(), *AuditEntry.objects.values()]
    assert "13900001001" not in repr(rows)


def test_an_account_made_by_hand_is_a_stranger_and_never_touched(played):
    register(without=("chenyu",))
    assert planned() == {}
    assert HrPlan.objects.latest("pk").strangers == ["chenyu"]


def test_who_cannot_be_made_is_left_out_with_the_reason(played):
    make_store(code="NEW")
    register(person("nophone"), person("nowhere", store="NEW", phone="13900001002"))
    assert planned() == {}
    reasons = [reason for _pk, reason in HrPlan.objects.latest("pk").held]
    assert reasons == [NO_PHONE, NO_DEPARTMENT]


def test_a_plan_is_applied_once(played):
    register(person("tangguo", phone="13900001001"))
    planned()
    plan = apply()
    with pytest.raises(HrPlanOver):
        apply_plan(plan=plan, actor_userid="wangsi")
    assert len(played.calls("user/create")) == 1


def test_a_plan_that_the_world_overtook_is_refused(played):
    register(person("tangguo", phone="13900001001"))
    planned()
    import_people([{"staff_no": "tangguo", "store": "QH002"}], source="oa")
    with pytest.raises(HrPlanOutdated):
        apply()
    assert not OutboxCall.objects.exists()


def test_what_is_under_way_is_not_planned_again(played):
    register(person("tangguo", phone="13900001001"))
    planned()
    apply_plan(plan=HrPlan.objects.latest("pk"), actor_userid="wangsi")
    assert planned() == {}


def test_what_wecom_refused_is_planned_again(played):
    register(person("tangguo", phone="13900000001"))  # the phone number of another member
    planned()
    apply()
    assert OutboxCall.objects.get().errcode == 60104
    assert planned() == {"tangguo": "create"}


def test_an_account_that_somebody_made_by_hand_meanwhile_is_reported_and_left_alone(played):
    register(person("tangguo", phone="13900001001", position="导购"))
    planned()
    directory.create_user(userid="tangguo", name="手工", departments=[9], mobile="13900001003")
    apply()
    made = User.objects.get(userid="tangguo")
    assert (made.name, made.department_ids()) == ("手工", [9])
    call = OutboxCall.objects.get()
    assert (call.state, call.errcode) == (OutboxCall.State.FAILED, 60102)


def test_an_account_that_an_earlier_try_made_is_not_reported(played):
    register(person("tangguo", phone="13900001001", position="导购"))
    planned()
    apply()
    user_create(client(), {"change": HrChange.objects.get().pk})  # its answer was lost
    assert User.objects.filter(userid="tangguo").count() == 1


def test_an_account_that_cannot_be_read_now_is_asked_for_again(played):
    register(person("tangguo", phone="13900001001", position="导购"))
    planned()
    apply()
    faults.turn(faults.Name.BUSY, rate=1, path="*user/get")
    with pytest.raises(WeComUnavailable):
        user_create(client(), {"change": HrChange.objects.get().pk})  # its answer was lost
    faults.turn(faults.NONE)
    user_create(client(), {"change": HrChange.objects.get().pk})


def left_long_ago(userid: str) -> None:
    """The account of `userid` is one that came after `QH-old` had left."""
    import_people(
        [
            {
                "staff_no": "QH-old",
                "userid": userid,
                "name": "前任",
                "left_on": today() - timedelta(days=30),
            }
        ],
        source="oa",
    )


def first_read_long_ago() -> None:
    """The address book has been known for months: accounts are as new as they look."""
    Guide.objects.filter(userid="hejs").update(created_at=now() - timedelta(days=90))


def test_who_had_left_before_the_first_reading_is_removed(played, as_admin):
    register(without=("chenyu",))
    left_long_ago("chenyu")
    assert planned() == {"chenyu": "delete"}
    assert HrPlan.objects.latest("pk").strangers == []
    assert "chenyu" not in [guide.userid for guide in as_admin.get(PAGE).context["strangers"]]
    apply()
    assert not User.objects.present().filter(userid="chenyu").exists()


def test_an_account_of_the_first_reading_is_the_present_persons_not_the_leavers(played):
    register()
    left_long_ago("chenyu")
    assert planned() == {}


def test_an_account_made_after_a_leaver_had_left_is_not_removed(played):
    first_read_long_ago()
    register()
    left_long_ago("chenyu")
    assert planned() == {}


def test_an_account_under_the_userid_of_a_leaver_is_a_stranger(played, as_admin):
    first_read_long_ago()
    register(without=("chenyu",))
    left_long_ago("chenyu")
    assert planned() == {}
    assert HrPlan.objects.latest("pk").strangers == ["chenyu"]
    page = as_admin.get(PAGE)
    assert "chenyu" in [guide.userid for guide in page.context["strangers"]]


def test_a_joiner_with_the_userid_of_a_leaver_waits_until_that_account_is_gone(played):
    register()
    import_people([{"staff_no": "QH-zhaoke", "left_on": today()}], source="oa")
    joiner = person("QH-new", userid="zhaoke", phone="13900001001")
    assert import_people([joiner], source="oa")[0].status == "created"
    assert planned() == {"zhaoke": "delete"}
    assert [reason for _pk, reason in HrPlan.objects.latest("pk").held] == [USERID_WAITS]
    apply()
    assert planned() == {"zhaoke": "create"}
    apply()
    assert User.objects.present().get(userid="zhaoke").name == "员工QH-new"
    assert planned() == {}


def test_a_removal_that_is_sent_late_spares_the_next_holder_of_the_userid(played):
    register()
    import_people([{"staff_no": "QH-zhaoke", "left_on": today()}], source="oa")
    planned()
    apply_plan(plan=HrPlan.objects.latest("pk"), actor_userid="wangsi")
    tomorrow = now() + timedelta(days=1)
    Guide.objects.filter(userid="zhaoke").update(created_at=tomorrow)
    with pytest.raises(GiveUp):
        user_delete(client(), {"change": HrChange.objects.get().pk})
    assert User.objects.present().filter(userid="zhaoke").exists()


def test_a_move_to_headquarters_is_planned_where_hr_says_so(played):
    register()
    import_people([{"staff_no": "QH-chenyu", "store": ""}], source="oa")
    assert planned() == {"chenyu": "update"}
    apply()
    assert Guide.objects.with_userid("chenyu").get().store is None
    assert planned() == {}


def test_a_register_without_stores_moves_nobody(played):
    rows = [
        {"staff_no": f"QH-{guide.userid}", "userid": guide.userid, "name": guide.name}
        for guide in Guide.objects.filter(left_at=None)
    ]
    import_people(rows, source="oa")
    assert planned() == {}


def test_a_position_that_hr_took_away_is_taken_away(played):
    guide = Guide.objects.exclude(position="").first()
    register()
    import_people([{"staff_no": f"QH-{guide.userid}", "position": ""}], source="oa")
    assert planned() == {guide.userid: "update"}
    apply()
    assert User.objects.get(userid=guide.userid).position == ""
    assert planned() == {}


def test_a_manager_who_moves_keeps_no_lead_over_the_old_store(played):
    register()
    import_people([{"staff_no": "QH-hejs", "store": "QH002"}], source="oa")
    planned()
    apply()
    moved = Guide.objects.with_userid("hejs").get()
    assert (moved.departments, moved.led_departments) == ([4], [])


def test_a_leaver_goes_on_the_last_day_and_not_before(played):
    register()
    leaver = {"staff_no": "QH-zhaoke", "left_on": today() + timedelta(days=1)}
    import_people([leaver], source="oa")
    assert planned() == {}


def test_an_older_change_sent_again_gives_way_to_the_newer_plan(played):
    register()
    for store in ("QH002", "QH001"):
        import_people([{"staff_no": "QH-chenyu", "store": store}], source="oa")
        planned()
        apply()
    first = HrChange.objects.earliest("pk")
    with pytest.raises(GiveUp):
        user_update(client(), {"change": first.pk})


def test_without_the_secret_nothing_can_be_applied(played, settings):
    register(person("tangguo", phone="13900001001"))
    planned()
    settings.WECOM_CONTACTS_SECRET = ""
    with pytest.raises(NoAddressBookSecret):
        apply()


@pytest.mark.django_db
@pytest.mark.parametrize("people", [1, 50])
def test_the_page_costs_the_same_however_many_people(
    as_admin, people, django_assert_max_num_queries
):
    make_store(code="QH001")
    Department.objects.create(wecom_id=3, name="店", store=make_store(code="D3"))
    rows = [person(f"P{n}", store="D3", phone=f"139{n:08}", as_of=now()) for n in range(people)]
    import_people(rows, source="oa")
    for _n in range(people):
        make_guide(store=None)
    make_plan()
    with django_assert_max_num_queries(12):
        page = as_admin.get(PAGE)
    assert len(page.context["lines"]) == people


@pytest.mark.django_db
def test_the_page_without_a_register_says_what_to_do(as_admin):
    assert "花名册还是空的" in as_admin.get(PAGE).content.decode()
    assert not HrPerson.objects.exists()


@pytest.mark.django_db
def test_applying_asks_for_a_fresh_qr_login(client_for, as_admin):
    plan = HrPlan.objects.create()
    silent = client_for(as_admin.guide, by_qr=False)
    answer = silent.post(reverse("organisation:hr_apply", args=[plan.pk]))
    assert answer["Location"] == reverse("organisation:again")
