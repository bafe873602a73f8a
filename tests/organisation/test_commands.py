"""manage.py grant_role and sync_organisation."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from guideapp.core.clock import now
from guideapp.organisation.models import Department, Guide, GuideSession, Role
from guideapp.organisation.services import sync_address_book, sync_departments
from guideapp.sandbox.services import directory
from tests.factories import make_guide, make_region, make_store
from tests.organisation.steps import guide_called, link_small_company


def test_the_first_admin_gets_in_before_any_sync(wecom):
    call_command("grant_role", "wangsi", "hq_admin")
    guide = Guide.objects.get(userid="wangsi")
    assert guide.name == "王思"
    assert guide.grants.get().role == Role.HQ_ADMIN


def test_a_role_can_be_given_for_a_store_and_for_a_region(db):
    guide, store = make_guide(roles=()), make_store()
    call_command("grant_role", guide.userid, "store_manager", store=store.code)
    call_command("grant_role", guide.userid, "regional_manager", region=make_region().name)
    assert guide.grants.count() == 2


def test_a_dry_run_changes_nothing(db, capsys):
    guide = make_guide(roles=())
    call_command("grant_role", guide.userid, "hq_admin", dry_run=True)
    assert not guide.grants.exists()
    assert "dry run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("role", "options", "words"),
    [
        ("store_manager", {}, "店长要填门店编号"),
        ("store_manager", {"store": "nowhere"}, "no code 'nowhere'"),
        ("regional_manager", {"region": "nowhere"}, "no name 'nowhere'"),
    ],
)
def test_an_operators_mistake_is_named(db, role, options, words):
    with pytest.raises(CommandError, match=words):
        call_command("grant_role", make_guide(roles=()).userid, role, **options)


def test_a_userid_that_wecom_does_not_know_is_named(wecom):
    with pytest.raises(CommandError, match="knows no nobody"):
        call_command("grant_role", "nobody", "hq_admin")


def test_wecom_out_of_reach_is_an_operators_problem(db, settings):
    settings.WECOM_API_BASE_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="could not say who"):
        call_command("grant_role", "linxm", "hq_admin")
    with pytest.raises(CommandError, match="did not answer"):
        call_command("sync_organisation")


def test_the_whole_address_book_is_read_in_the_foreground(wecom, capsys):
    call_command("sync_organisation")
    assert Guide.objects.count() == 6
    assert "6 people: 6 joined" in capsys.readouterr().out


def said_by(capsys, **options) -> str:
    """What the command prints."""
    call_command("sync_organisation", **options)
    return capsys.readouterr().out.strip()


def test_a_dry_run_of_the_first_reading_brings_nobody(wecom, capsys):
    assert said_by(capsys, dry_run=True).startswith("6 people: 6 joined, 0 left")
    assert not Guide.objects.exists()
    assert not Department.objects.exists()


def test_a_dry_run_says_what_the_reading_will_then_do(wecom, capsys):
    sync_departments()
    link_small_company()
    sync_address_book()
    directory.delete_user(userid="zhaoke")
    directory.update_user(userid="linxm", departments=[{"id": 4, "leader": False}])
    session = log_in_somewhere("linxm")
    before = list(Guide.objects.order_by("pk").values())
    tried = said_by(capsys, dry_run=True)
    assert tried == "5 people: 0 joined, 1 left, 1 moved, 0 closed (dry run)"
    assert list(Guide.objects.order_by("pk").values()) == before
    assert GuideSession.objects.filter(pk=session.pk).exists()
    assert said_by(capsys) == tried.removesuffix(" (dry run)")


def log_in_somewhere(userid: str) -> GuideSession:
    """An open session of the guide."""
    return GuideSession.objects.create(
        session_key=userid,
        session_data="",
        expire_date=now() + timedelta(hours=1),
        guide=guide_called(userid),
    )
