"""The address book as WeCom has it, read over the wire."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import responses

from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry
from guideapp.organisation.errors import DepartmentTaken
from guideapp.organisation.models import Department, Guide, GuideSession, Role, RoleGrant, Store
from guideapp.organisation.services import (
    grant_role,
    link_store,
    reconcile_changed_guides,
    sync_address_book,
    sync_departments,
    sync_guide,
    unlink_department,
)
from guideapp.organisation.services.guides import apply_users
from guideapp.organisation.services.tree import Tree
from guideapp.organisation.signals import guide_left, guide_moved
from guideapp.sandbox.models import User
from guideapp.sandbox.services import directory
from guideapp.wecom.errors import WeComError
from guideapp.wecom.models import SyncCursor
from tests.factories import make_department, make_guide, make_store
from tests.organisation.steps import guide_called, link_small_company
from tests.wecom_support import PlayedWeCom


@pytest.fixture
def company(wecom: PlayedWeCom) -> PlayedWeCom:
    """The small company, read once, with its region and two stores linked."""
    sync_departments()
    link_small_company()
    sync_address_book()
    return wecom


@pytest.fixture
def left() -> Iterator[list[int]]:
    """The guides that were announced as gone."""
    heard: list[int] = []

    def hear(guide_id: int, **_kw: object) -> None:
        heard.append(guide_id)

    guide_left.connect(hear)
    yield heard
    guide_left.disconnect(hear)


def roles_of(guide: Guide) -> set[str]:
    return set(guide.grants.filter(revoked_at=None).values_list("role", flat=True))


def test_the_first_reading_brings_departments_and_people(wecom):
    report = sync_address_book()
    assert Department.objects.count() == 5
    assert Guide.objects.count() == report["people"] == report["joined"]["count"] == 6
    linxm = guide_called("linxm")
    assert (linxm.name, linxm.position, linxm.status) == ("林小满", "导购", Guide.Status.ACTIVE)
    assert linxm.can_contact_customers
    assert not guide_called("wangsi").can_contact_customers


def test_people_belong_to_the_store_of_their_department(company):
    assert guide_called("linxm").store.name == "星河里店"
    assert guide_called("zhaoke").store.code == "S02"
    assert guide_called("wangsi").store is None


def test_linking_a_department_later_puts_its_people_in_place(wecom):
    sync_address_book()
    link_small_company()
    run_due()
    assert guide_called("linxm").store.code == "S01"


def test_roles_follow_from_the_address_book(company):
    assert roles_of(guide_called("linxm")) == {Role.GUIDE}
    assert roles_of(guide_called("hejs")) == {Role.GUIDE, Role.STORE_MANAGER}
    assert roles_of(guide_called("wangsi")) == set()
    manager = RoleGrant.objects.get(guide=guide_called("hejs"), role=Role.STORE_MANAGER)
    assert (manager.store.code, manager.source) == ("S01", RoleGrant.Source.WECOM)


def test_the_leader_of_a_region_manages_it(company):
    directory.update_user(userid="hejs", departments=[{"id": 2, "leader": True}])
    sync_guide("hejs")
    assert roles_of(guide_called("hejs")) == {Role.REGIONAL_MANAGER}


def test_a_role_that_is_no_longer_true_is_revoked_and_manual_ones_stay(company):
    hejs = guide_called("hejs")
    grant_role(actor_userid="boss", guide=hejs, role=Role.HQ_CONTENT)
    directory.update_user(userid="hejs", departments=[4], contact_right=False)
    sync_guide("hejs")
    assert roles_of(hejs) == {Role.HQ_CONTENT}
    revoked = AuditEntry.objects.filter(action="role_revoked", subject=f"guide:{hejs.pk}")
    assert revoked.count() == 2


def test_a_second_reading_changes_nothing(company):
    before = list(Guide.objects.order_by("pk").values_list("pk", "store", "status"))
    report = sync_address_book()
    assert list(Guide.objects.order_by("pk").values_list("pk", "store", "status")) == before
    assert all(report[name]["count"] == 0 for name in ("joined", "left", "moved", "closed"))
    assert RoleGrant.objects.filter(revoked_at=None).count() == 7


def test_moving_to_another_store_ends_every_session(company, client_for):
    linxm = guide_called("linxm")
    client_for(linxm)
    moved = []
    guide_moved.connect(hear := lambda guide_id, **_kw: moved.append(guide_id))
    directory.update_user(userid="linxm", departments=[4])
    sync_guide("linxm")
    guide_moved.disconnect(hear)
    assert guide_called("linxm").store.code == "S02"
    assert not GuideSession.objects.exists()
    assert moved == [linxm.pk]


def test_a_new_name_ends_no_session(company, client_for):
    client = client_for(guide_called("linxm"))
    directory.update_user(userid="linxm", name="林小满满")
    sync_guide("linxm")
    assert guide_called("linxm").name == "林小满满"
    assert client.get("/logout/done/").status_code == 200
    assert GuideSession.objects.count() == 1


def test_a_disabled_guide_loses_every_session_at_once(company, client_for):
    client_for(guide_called("linxm"))
    directory.update_user(userid="linxm", status=2)
    report = sync_address_book()
    assert guide_called("linxm").status == Guide.Status.DISABLED
    assert not GuideSession.objects.exists()
    assert report["closed"]["count"] == 1


def test_whoever_left_is_closed_announced_and_keeps_the_history(company, left):
    linxm = guide_called("linxm")
    directory.delete_user(userid="linxm")
    report = sync_address_book()
    linxm.refresh_from_db()
    assert linxm.left_at
    assert roles_of(linxm) == set()
    assert left == [linxm.pk]
    assert report["left"] == {"count": 1, "guides": [linxm.pk]}


def test_a_userid_that_comes_back_is_a_new_person(company):
    old = guide_called("linxm")
    sync_after_leaving = directory.delete_user(userid="linxm")
    sync_guide("linxm")
    sync_after_leaving.delete()
    directory.create_user(userid="linxm", name="林晓曼", departments=[3])
    new = sync_guide("linxm")
    assert new.pk != old.pk
    old.refresh_from_db()
    assert (old.name, new.name) == ("林小满", "林晓曼")


def test_an_absent_field_blanks_nothing(company):
    guide = make_guide(userid="g1", alias="小满", position="导购", avatar_url="https://a.example/1")
    store = guide.store
    make_department(wecom_id=77, store=store)
    Guide.objects.filter(pk=guide.pk).update(departments=[77])
    apply_users([{"userid": "g1"}], asked_at=now(), tree=Tree.read(), followers=None)
    guide.refresh_from_db()
    assert (guide.alias, guide.position, guide.store) == ("小满", "导购", store)
    assert guide.avatar_url == "https://a.example/1"
    assert guide.can_contact_customers


def test_an_answer_asked_for_earlier_never_wins(db):
    asked = now()
    tree = Tree.read()
    newer = {"userid": "g1", "name": "新名字", "status": 1}
    older = {"userid": "G1", "name": "旧名字", "status": 1}
    apply_users([newer], asked_at=asked, tree=tree, followers=None)
    earlier = asked - timedelta(seconds=1)
    apply_users([older], asked_at=earlier, tree=tree, followers=None)
    assert Guide.objects.get().name == "新名字"


def test_an_answer_from_before_somebody_left_does_not_bring_them_back(company):
    asked = now()
    directory.delete_user(userid="linxm")
    sync_guide("linxm")
    old_answer = {"userid": "linxm", "name": "林小满", "status": 1}
    apply_users([old_answer], asked_at=asked, tree=Tree.read(), followers=None)
    assert not Guide.objects.with_userid("linxm").exists()


def test_a_short_listing_ends_nobodys_work(company):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.add_passthru("http://")
        base = f"{company.api}/user/list"
        wire.get(base, json={"errcode": 0, "errmsg": "ok", "userlist": []})
        report = sync_address_book()
    assert report["left"]["count"] == 0
    assert Guide.objects.active().count() == 6


def test_whoever_is_outside_the_visible_range_is_shut_out_but_not_written_off(company):
    User.objects.filter(userid="linxm").update(in_scope=False)
    sync_address_book()
    linxm = guide_called("linxm")
    assert (linxm.status, linxm.left_at) == (Guide.Status.DISABLED, None)
    User.objects.filter(userid="linxm").update(in_scope=True)
    sync_address_book()
    assert guide_called("linxm").pk == linxm.pk
    assert guide_called("linxm").is_active


@pytest.mark.parametrize("errcode", [60020, 48002, -1, 45009])
def test_a_missing_right_or_a_failure_ends_nobodys_work(company, errcode):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.add_passthru("http://")
        wire.get(f"{company.api}/user/get", json={"errcode": errcode, "errmsg": "no"})
        with pytest.raises(WeComError):
            sync_guide("linxm")
    assert guide_called("linxm").is_active


def test_a_run_that_broke_off_goes_on_where_it_stopped(company):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.add_passthru("http://")
        wire.get(f"{company.api}/user/list", json={"errcode": 60020, "errmsg": "ip"})
        with pytest.raises(WeComError):
            sync_address_book()
    SyncCursor.objects.filter(name="address_book").update(cursor="3")
    before = len(company.calls("user/list"))
    sync_address_book()
    asked = [row.title for row in company.calls("user/list")][before:]
    assert len(asked) == 2, "departments 4 and 9 were left"
    assert Guide.objects.active().count() == 6


def test_a_department_that_is_gone_is_kept_and_marked(company):
    directory.create_department(id=7, name="快闪店", parent_id=2)
    assert sync_departments() == (1, 0)
    directory.delete_department(id=7)
    assert sync_departments() == (0, 1)
    assert Department.objects.get(wecom_id=7).gone_at


def test_a_list_of_departments_asked_for_earlier_changes_nothing(company):
    SyncCursor.objects.filter(name="departments").update(started_at=now() + timedelta(minutes=1))
    directory.update_department(id=3, name="旧名")
    assert sync_departments() == (0, 0)
    assert Department.objects.get(wecom_id=3).name == "星河里店"


def test_unlinking_a_store_takes_its_people_and_roles_away(company, client_for):
    client_for(guide_called("linxm"))
    unlink_department(actor_userid="boss", department=Department.objects.get(wecom_id=3))
    run_due()
    assert guide_called("linxm").store is None
    assert roles_of(guide_called("hejs")) == set()
    assert not GuideSession.objects.exists()
    assert Store.objects.filter(code="S01").exists()


def test_a_department_below_a_store_belongs_to_it(company):
    directory.create_department(id=31, name="女装组", parent_id=3)
    directory.update_user(userid="linxm", departments=[31])
    sync_address_book()
    assert guide_called("linxm").store.code == "S01"


def test_the_main_department_decides_between_two_stores(db):
    for wecom_id in (30, 40):
        make_department(wecom_id=wecom_id, store=make_store(code=f"D{wecom_id}"))
    answer = {"userid": "g1", "name": "甲", "department": [30, 40], "main_department": 40}
    apply_users([answer], asked_at=now(), tree=Tree.read(), followers=None)
    assert Guide.objects.get().store.code == "D40"


def test_the_quarter_hour_reads_only_whom_it_doubts(company, client_for):
    assert reconcile_changed_guides.call() == 0
    client_for(guide_called("linxm"))
    User.objects.filter(userid="zhaoke").update(contact_right=False)
    User.objects.filter(userid="linxm").update(status=2)
    Guide.objects.update(synced_at=now() - timedelta(hours=2))
    assert reconcile_changed_guides.call() == 2
    assert not guide_called("zhaoke").can_contact_customers
    assert not guide_called("linxm").is_active


def test_a_reading_costs_a_fixed_number_of_queries_however_many_people(
    db, django_assert_max_num_queries
):
    answers = [{"userid": f"g{n}", "name": f"甲{n}", "status": 1} for n in range(50)]
    tree = Tree.read()
    apply_users(answers, asked_at=now(), tree=tree, followers=frozenset())
    with django_assert_max_num_queries(8):
        apply_users(answers, asked_at=now(), tree=tree, followers=frozenset())


def test_a_store_has_one_department(company):
    store = Store.objects.get(code="S01")
    with pytest.raises(DepartmentTaken):
        link_store(
            actor_userid="boss",
            department=Department.objects.get(wecom_id=9),
            region=store.region,
            code="S01",
        )
