"""A source is read page by page, goes on where it stopped, and says when it is down."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from guideapp.attribution.models import Order
from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.jobs.models import Job
from guideapp.core.personal import Person
from guideapp.integration.models import ConnectorState, KeptRecord
from guideapp.integration.personal import drop_kept
from guideapp.integration.services import ask_for_pull, pull_sources
from guideapp.integration.services.connectors import SourceDown, pull
from guideapp.integration.services.connectors_rest import RestConnector, standing
from guideapp.members.models import Member, Tombstone
from guideapp.members.services import save_members, stale_since
from guideapp.members.services.freshness import forget_sources
from guideapp.members.services.tombstones import bury
from tests.factories import make_brand, make_region, make_store
from tests.integration.played_source import TOKEN, PlayedSource, played_source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source(settings: Any) -> Iterator[PlayedSource]:
    """A member system with five members on three pages."""
    with played_source() as played:
        settings.MEMBER_SOURCE_URL, settings.MEMBER_SOURCE_TOKEN = played.url, TOKEN
        settings.MEMBER_SOURCE_RESOURCES = ["members"]
        forget_sources()
        played.records["members"] = [
            {"number": f"M{n}", "name": f"会员{n}", "as_of": now().isoformat()} for n in range(5)
        ]
        yield played
    forget_sources()


def state() -> ConnectorState:
    return ConnectorState.objects.get(name="member_source", resource="members")


def test_every_page_is_read_and_a_second_pull_changes_nothing(source: PlayedSource):
    assert pull(RestConnector(), "members").read == 5
    assert Member.objects.filter(source="member_source").count() == 5
    assert [one.get("cursor") for one in source.asked] == [None, "2", "4"]
    pull(RestConnector(), "members")
    assert Member.objects.count() == 5


def test_the_next_pull_asks_only_for_what_is_new(source: PlayedSource):
    source.as_of = now() - timedelta(minutes=3)
    pull(RestConnector(), "members")
    assert state().as_of == source.as_of
    pull(RestConnector(), "members")
    assert source.asked[-1]["updated_since"] == source.as_of.isoformat()


def test_a_pull_that_broke_goes_on_where_it_stopped(source: PlayedSource):
    source.fails_after = 2
    with pytest.raises(SourceDown):
        pull(RestConnector(), "members")
    assert Member.objects.count() == 4
    assert state().as_of is None  # not everything is with us
    source.fails_after = None
    assert pull(RestConnector(), "members").read == 1
    assert state().as_of is not None
    assert state().failed_at is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "x"),
        (200, "<html>"),
        (200, '{"items": []}'),
        (200, '{"items": [1], "next_cursor": null, "as_of": "2026-01-01T00:00:00+08:00"}'),
        (200, '{"items": [], "next_cursor": null, "as_of": "2026-01-01"}'),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_source_that_is_down(source, status, body):
    source.status, source.body = status, body
    with pytest.raises(SourceDown):
        pull(RestConnector(), "members")
    assert state().failed_at is not None
    assert TOKEN not in state().error


def test_a_cursor_that_repeats_keeps_nobody_for_ever(source: PlayedSource):
    source.body = f'{{"items": [], "next_cursor": "7", "as_of": "{now().isoformat()}"}}'
    with pytest.raises(SourceDown):
        pull(RestConnector(), "members")
    assert len(source.asked) == 2


def test_a_bad_record_is_passed_over_and_the_rest_is_taken(source: PlayedSource, as_admin):
    source.records["members"][0]["phone"] = "12"
    assert pull(RestConnector(), "members").refused == 1
    assert Member.objects.count() == 4
    assert not KeptRecord.objects.exists()
    assert state().refused == 1
    assert "累计 1 条没收" in as_admin.get(reverse("imports:list")).content.decode()


@pytest.mark.parametrize("told", [{"pieces": 1}, {"home_store": "X" * 21}, {"phone": "12"}])
def test_what_no_time_can_heal_does_not_wait(source: PlayedSource, told: dict[str, Any]):
    source.records["members"] = [{"number": "M0"} | told, {"number": "M1", "home_store": "NEW1"}]
    assert pull(RestConnector(), "members").refused == 2
    assert KeptRecord.objects.get().code == "unknown_store"
    KeptRecord.objects.update(record=json.dumps({"number": "M1"} | told))  # refused otherwise now
    source.records["members"] = []
    assert pull(RestConnector(), "members").refused == 1
    assert not KeptRecord.objects.exists()
    assert state().refused == 2


def test_a_change_to_a_closed_order_does_not_wait(source: PlayedSource):
    make_store(code="SH01")
    line = {"sku_code": "S1", "title": "大衣", "amount_fen": 1}
    told = {"order_no": "O1", "store": "SH01", "ordered_at": "2026-11-01T10:00:00+08:00"}
    source.records["orders"] = [told | {"lines": [line]}, told | {"lines": [line, line]}]
    assert pull(RestConnector(), "orders").refused == 1
    assert not KeptRecord.objects.exists()


def test_an_order_ahead_of_its_member_comes_in_at_the_next_pull(source: PlayedSource):
    make_store(code="SH01")
    line = {"sku_code": "S1", "title": "大衣", "amount_fen": 1}
    told = {"order_no": "O1", "store": "SH01", "member": "M0", "lines": [line]}
    source.records["orders"] = [told | {"ordered_at": "2026-11-01T10:00:00+08:00"}]
    assert pull(RestConnector(), "orders").refused == 1
    assert pull(RestConnector(), "orders").refused == 2  # told again, and still too early
    assert KeptRecord.objects.get().code == "unknown_member"
    pull(RestConnector(), "members")
    source.records["orders"] = []
    assert pull(RestConnector(), "orders").refused == 0
    assert Order.objects.get().member.number == "M0"
    assert not KeptRecord.objects.exists()


def test_a_record_that_waited_does_not_overwrite_what_came_later(source: PlayedSource):
    source.records["members"] = [{"number": "M9", "name": "旧", "home_store": "NEW1"}]
    pull(RestConnector(), "members")
    save_members([{"number": "M9", "name": "新"}], source="crm", brands=None)
    make_store(code="NEW1")
    source.records["members"] = []
    pull(RestConnector(), "members")
    assert Member.objects.get().name == "新"
    assert not KeptRecord.objects.exists()


def test_a_record_that_waits_goes_with_the_person_whom_it_is_about(source: PlayedSource):
    source.records["members"] = [
        {"number": "HY00012345", "home_store": "NEW1"},
        {"number": "HY00067890", "home_store": "NEW1"},
    ]
    pull(RestConnector(), "members")
    drop_kept(Person(frozenset(), frozenset(), frozenset({"HY00012345"})))
    assert json.loads(KeptRecord.objects.get().record)["number"] == "HY00067890"


def test_an_erasure_reads_no_record_of_other_people(source: PlayedSource):
    source.records["members"] = [
        {"number": "HY1", "home_store": "NEW1", "phone": "138 0000 2046"},
        {"number": "HY2", "home_store": "NEW1"},
    ]
    pull(RestConnector(), "members")
    KeptRecord.objects.filter(names__contains=blind_index("HY2")).update(record="13800002046")
    drop_kept(Person(frozenset(), frozenset(), frozenset({"13800002046"})))
    assert blind_index("HY2") in KeptRecord.objects.get().names


def test_a_record_kept_before_names_were_noted_goes_too(source: PlayedSource):
    source.records["members"] = [{"number": "HY00012345", "home_store": "NEW1"}]
    pull(RestConnector(), "members")
    KeptRecord.objects.update(names="")
    drop_kept(Person(frozenset(), frozenset(), frozenset({"HY00012345"})))
    assert not KeptRecord.objects.exists()


def test_who_was_erased_does_not_wait(source: PlayedSource):
    bury([(Tombstone.Kind.NUMBER, blind_index("M0"))])
    assert pull(RestConnector(), "members").refused == 1
    assert not KeptRecord.objects.exists()
    assert state().refused == 0


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        ("orders", {"order_no": "O1", "store": "SH01", "member": "HY0001"}),
        ("assets", {"code": "Q1", "brand": "B1", "card": "C0001"}),
        ("cards", {"number": "C2", "brand": "B1", "member": "HY0001"}),
        ("points", {"card": "C0001", "points": 5}),
        ("consents", {"member": "HY0001", "brand": "B1", "purpose": "marketing"}),
        ("events", {"kind": "scan_buy", "key": "E1", "card": "C0001"}),
    ],
)
def test_what_names_an_erased_person_does_not_wait(source: PlayedSource, resource, told):
    make_store(code="SH01", region=make_region(brand=make_brand(code="B1")))
    kinds = {Tombstone.Kind.NUMBER: "HY0001", Tombstone.Kind.CARD: "C0001"}
    bury([(kind, blind_index(number)) for kind, number in kinds.items()])
    if resource == "events":
        told = told | {"at": now().isoformat()}
    source.records[resource] = [told]
    assert pull(RestConnector(), resource).refused == 1
    assert not KeptRecord.objects.exists()


def test_a_source_that_is_down_stops_no_job_and_the_profile_says_as_of_when(source: PlayedSource):
    assert pull_sources.call() == 5
    told = [now()]
    assert stale_since(["member_source"], told) is None
    as_of = state().as_of
    source.status = 503
    assert pull_sources.call() == 0
    forget_sources()
    assert stale_since(["member_source"], told) == as_of
    assert stale_since(["somebody else"], told) is None
    assert standing()["member_source"].is_down


def test_a_member_of_long_ago_is_fresh_while_the_source_answers(source: PlayedSource):
    long_ago = [now() - timedelta(days=90)]
    assert stale_since([""], long_ago) == long_ago[0]
    pull_sources.call()
    forget_sources()
    assert stale_since(["member_source"], long_ago) is None


def test_asking_twice_is_one_run(source: PlayedSource):
    ask_for_pull()
    ask_for_pull()
    assert Job.objects.filter(task__endswith="pull_sources").count() == 1


def test_without_a_source_nothing_is_asked(settings, django_assert_num_queries):
    settings.MEMBER_SOURCE_URL = ""
    forget_sources()
    with django_assert_num_queries(0):
        assert stale_since(["member_source"], [now()]) is None
        assert pull_sources.call() == 0
