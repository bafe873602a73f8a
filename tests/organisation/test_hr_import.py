"""The staff register: what HR says about people, by row, older never over newer."""

from datetime import date, timedelta

import pytest

from guideapp.core.clock import now, today
from guideapp.core.fields import blind_index
from guideapp.organisation.models import HrPerson
from guideapp.organisation.services import import_people
from tests.factories import make_brand, make_region, make_store

pytestmark = pytest.mark.django_db


def row(**kw: object) -> dict[str, object]:
    return {"staff_no": "QH2001", "name": "唐果", "phone": "139 0000 1001", "gender": 2} | kw


def ends(*rows: dict[str, object], **kw: object) -> list[str]:
    results = import_people(list(rows), source="oa", **kw)
    return [f"{result.status}:{result.code}".rstrip(":") for result in results]


def test_a_new_person_is_kept_with_an_encrypted_phone_and_the_number_as_userid():
    store = make_store(code="QH001")
    assert ends(row(store="QH001", position="导购")) == ["created"]
    person = HrPerson.objects.get()
    assert (person.userid, person.phone, person.store) == ("QH2001", "+8613900001001", store)
    assert person.phone_bidx == blind_index("+8613900001001")


def test_the_same_again_changes_nothing_and_a_change_is_told():
    assert ends(row()) == ["created"]
    assert ends(row()) == ["unchanged"]
    assert ends(row(position="店长")) == ["updated"]
    assert ends({"staff_no": "QH2001", "left_on": date(2026, 11, 1)}) == ["updated"]
    assert HrPerson.objects.get().position == "店长"


def test_older_news_never_overwrites_newer():
    ends(row(name="唐果果", as_of=now()))
    assert ends(row(as_of=now() - timedelta(days=1))) == ["unchanged:older"]
    assert HrPerson.objects.get().name == "唐果果"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"phone": "12"}, "bad_phone"),
        ({"store": "NOWHERE"}, "unknown_store"),
        ({"name": ""}, "required"),
        ({"userid": "LINXM"}, "userid_taken"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_alone(wrong, code):
    ends({"staff_no": "QH1001", "name": "林小满", "userid": "linxm"})
    assert ends(row(**wrong), row(staff_no="QH2002")) == [f"refused:{code}", "created"]


def test_the_userid_of_somebody_who_left_may_be_a_new_persons():
    ends({"staff_no": "QH1", "userid": "linxm", "name": "林小满"})
    leaver = {"staff_no": "QH1", "left_on": today()}
    joiner = {"staff_no": "QH2", "userid": "linxm", "name": "林小美"}
    assert ends(joiner) == ["refused:userid_taken"]
    assert ends(leaver, joiner) == ["updated", "created"]
    assert ends({"staff_no": "QH1", "left_on": None}) == ["refused:userid_taken"]


def test_one_number_twice_in_a_call_is_one_person():
    assert ends(row(), row(position="店长")) == ["created", "updated"]
    assert HrPerson.objects.get().position == "店长"


def test_a_sender_of_one_brand_writes_nobody_of_another_nor_of_headquarters():
    ours, theirs = make_brand(name="青禾"), make_brand(name="别家")
    make_store(code="OURS", region=make_region(brand=ours))
    make_store(code="THEIRS", region=make_region(brand=theirs))
    brands = frozenset({ours.pk})
    assert ends(row(store="OURS"), brands=brands) == ["created"]
    assert ends(row(store="THEIRS"), brands=brands) == ["refused:unknown_store"]
    assert ends(row(staff_no="QH3", store=""), brands=brands) == ["refused:unknown_store"]


def test_a_thousand_people_cost_as_many_queries_as_one(django_assert_max_num_queries):
    rows = [row(staff_no=f"QH{n:05}", phone=f"139{n:08}") for n in range(1000)]
    with django_assert_max_num_queries(10):
        assert set(ends(*rows)) == {"created"}
