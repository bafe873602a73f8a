"""Members, cards, points, assets and followers as a member system sends them."""

from datetime import timedelta

import pytest

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.members.models import (
    ImportantDate,
    Member,
    MemberAsset,
    MembershipCard,
    MergeCandidate,
    OfficialFollower,
    Tombstone,
)
from guideapp.members.services import join_contact, save_member, undo
from guideapp.members.services.tombstones import bury
from tests.factories import make_brand, make_card, make_contact, make_member, make_store
from tests.integration.support import System

ZHOU = {"number": "HY0001", "name": "周晚晴", "phone": "138 0000 2046", "phone_verified": True}
HOUR = timedelta(hours=1)


def ends(response):
    return [
        (item["status"], item.get("code", ""), item.get("field", ""))
        for item in response.json()["results"]
    ]


def test_a_member_is_made_once(crm):
    answers = [crm.post("members", ZHOU) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert [answer.json()["status"] for answer in answers] == ["created", "unchanged"]
    member = Member.objects.get()
    assert (member.phone, member.phone_verified, member.source) == ("+8613800002046", True, "CRM")
    assert member.phone_tail_bidx == blind_index("2046")


def test_what_is_left_out_stays(crm):
    crm.post("members", ZHOU)
    assert crm.post("members", {"number": "HY0001", "gender": 2}).json()["status"] == "updated"
    member = Member.objects.get()
    assert (member.name, member.gender, member.phone) == ("周晚晴", 2, "+8613800002046")


def test_older_news_never_overwrites_newer(crm):
    crm.post("members", ZHOU | {"as_of": now().isoformat()})
    old = {"number": "HY0001", "name": "周", "as_of": (now() - HOUR).isoformat()}
    answer = crm.post("members", old).json()
    assert (answer["status"], answer["code"]) == ("unchanged", "older")
    assert Member.objects.get().name == "周晚晴"


def test_a_record_of_tomorrow_is_refused(crm):
    answer = crm.post("members", ZHOU | {"as_of": (now() + HOUR).isoformat()})
    assert (answer.status_code, answer.json()["code"]) == (422, "future_as_of")


def test_each_record_of_many_ends_by_itself(crm):
    make_store(code="SH01")
    response = crm.bulk(
        "members",
        [
            ZHOU,
            {"number": "HY0002", "phone": "12"},
            {"number": "HY0003", "home_store": "nowhere"},
            {"number": "HY0004", "home_store": "SH01"},
            {"number": "HY0005", "nmae": "typo"},
            "nonsense",
            {"number": "HY0001", "name": "周小姐"},
        ],
    )
    assert ends(response) == [
        ("created", "", ""),
        ("refused", "phone_refused", "phone"),
        ("refused", "unknown_store", "home_store"),
        ("created", "", ""),
        ("refused", "unknown_field", "nmae"),
        ("refused", "invalid", ""),
        ("updated", "", ""),
    ]
    assert response.json()["refused"] == 4
    assert sorted(Member.objects.values_list("number", flat=True)) == ["HY0001", "HY0004"]


def test_a_record_without_a_number_is_the_one_with_the_same_verified_phone(crm):
    known = make_member(phone="+8613800002046", phone_verified=True)
    assert crm.post("members", ZHOU).json()["status"] == "updated"
    assert Member.objects.get().pk == known.pk


def test_two_members_with_one_phone_are_a_question_for_headquarters(crm):
    answers = [crm.post("members", ZHOU | {"number": number}).json() for number in ("A1", "B2")]
    assert [answer.get("code") for answer in answers] == [None, "maybe_same_person"]
    candidate = MergeCandidate.objects.get()
    assert {candidate.one.number, candidate.other.number} == {"A1", "B2"}


def test_two_members_with_one_phone_in_one_call_are_a_question_too(crm):
    crm.bulk("members", [ZHOU | {"number": number} for number in ("A1", "B2")])
    assert MergeCandidate.objects.count() == 1
    assert Member.objects.count() == 2


def test_two_numbers_for_one_record_in_one_call_are_two_members(crm):
    record = make_member(phone="+8613800002046", phone_verified=True, unionid="oU1")
    rows = [{"number": "N2", "unionid": "oU1"}, ZHOU | {"number": "N3"}]
    assert [end[:2] for end in ends(crm.bulk("members", rows))] == [
        ("updated", ""),
        ("created", "maybe_same_person"),
    ]
    record.refresh_from_db()
    assert record.number == "N2"
    assert MergeCandidate.objects.get().reason == "two_numbers"


def test_what_headquarters_took_apart_is_not_joined_by_a_sender(crm):
    member, contact = make_member(number="HY0001"), make_contact()
    undo(join_contact(contact, member, evidence="number"), by="wangsi")
    named = {"number": "HY0001", "external_userid": contact.external_userid}
    assert crm.post("members", named).json()["code"] == "kept_apart"
    save_member(number="HY0001", external_userid=contact.external_userid)
    contact.refresh_from_db()
    assert contact.member_id is None


def test_one_person_a_hundred_times_in_a_call_is_refused_in_the_end(crm):
    response = crm.bulk("members", [ZHOU | {"gender": n % 2} for n in range(30)])
    assert ends(response)[0] == ("created", "", "")
    assert ends(response)[-1] == ("refused", "repeated", "number")


def test_a_unionid_leads_to_the_customer(crm):
    contact = make_contact(unionid="oU1", unionid_bidx=blind_index("oU1"))
    crm.post("members", ZHOU | {"unionid": "oU1"})
    contact.refresh_from_db()
    assert contact.member is not None
    assert contact.member.number == "HY0001"


def test_a_sender_may_name_the_customer(crm):
    contact = make_contact()
    crm.post("members", ZHOU | {"external_userid": contact.external_userid})
    contact.refresh_from_db()
    assert contact.member_id == Member.objects.get().pk


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Tombstone.Kind.NUMBER, "HY0001"),
        (Tombstone.Kind.PHONE, "+8613800002046"),
        (Tombstone.Kind.UNIONID, "oU1"),
    ],
)
def test_who_was_erased_stays_erased(crm, kind, value):
    bury([(kind, blind_index(value))])
    answer = crm.post("members", ZHOU | {"unionid": "oU1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "erased")
    assert not Member.objects.exists()


@pytest.mark.parametrize(
    ("birthday", "kept"), [("1990-05-20", (1990, 5, 20)), ("02-29", (None, 2, 29)), (None, None)]
)
def test_a_birthday_is_kept_with_or_without_its_year(crm, birthday, kept):
    crm.post("members", ZHOU | {"birthday": "01-01"})
    crm.post("members", ZHOU | {"birthday": birthday})
    rows = ImportantDate.objects.filter(ended_at=None).values_list("year", "month", "day")
    assert list(rows) == ([kept] if kept else [])


@pytest.mark.parametrize("birthday", ["13-01", "1990-02-30", "yesterday", "02-29-1990", 5, ""])
def test_no_such_birthday(crm, birthday):
    assert crm.post("members", ZHOU | {"birthday": birthday}).json()["field"] == "birthday"


def test_a_card_belongs_to_a_member_and_a_brand(crm):
    make_member(number="HY0001")
    brand = make_brand()
    card = {"number": "K1", "member": "HY0001", "brand": brand.name, "level": "金卡"}
    card |= {"points": 3280, "balance_fen": 50000, "opened_at": "2024-03-08"}
    assert crm.post("cards", card | {"opened_at": "2024-03-08T10:00:00"}).status_code == 201
    row = MembershipCard.objects.get()
    assert (row.member.number, row.points, row.balance_fen) == ("HY0001", 3280, 50000)
    assert row.opened_at.isoformat() == "2024-03-08T02:00:00+00:00"


def test_cards_with_something_wrong(crm):
    make_member(number="HY0001")
    make_card(number="K9")
    good = {"number": "K1", "member": "HY0001", "brand": make_brand().name, "level": "金卡"}
    good |= {"opened_at": "2024-03-08T10:00:00+08:00"}
    response = crm.bulk(
        "cards",
        [
            good | {"member": "nobody"},
            good | {"brand": "nothing"},
            good | {"balance_fen": -1},
            {"number": "K2", "member": "HY0001", "brand": good["brand"]},
            good | {"number": "K9"},
            good,
            good | {"number": "K1-new"},
        ],
    )
    assert ends(response) == [
        ("refused", "unknown_member", "member"),
        ("refused", "unknown_brand", "brand"),
        ("refused", "min_value", "balance_fen"),
        ("refused", "required", "level"),
        ("refused", "card_taken", "number"),
        ("created", "", ""),
        ("updated", "", ""),
    ]
    assert set(MembershipCard.objects.values_list("number", flat=True)) == {"K9", "K1-new"}


def test_points_have_a_clock_of_their_own(crm):
    make_card(number="K1", points=10, as_of=now())
    early, late = (now() - HOUR).isoformat(), (now() - HOUR / 2).isoformat()
    assert crm.post("points", {"card": "K1", "points": 50, "as_of": late}).status_code == 200
    crm.post("points", {"card": "K1", "points": 20, "as_of": early})
    assert MembershipCard.objects.get().points == 50
    assert crm.post("points", {"card": "K2", "points": 1}).json()["code"] == "unknown_card"


def test_a_coupon_is_held_until_it_is_used(crm):
    make_member(number="HY0001")
    coupon = {"brand": make_brand().name, "code": "C1", "member": "HY0001", "title": "满 500 减 50"}
    assert crm.post("assets", coupon | {"amount_fen": 5000}).status_code == 201
    used = {"brand": coupon["brand"], "code": "C1", "used_at": now().isoformat()}
    assert crm.post("assets", used).json()["status"] == "updated"
    asset = MemberAsset.objects.get()
    assert (asset.title, asset.amount_fen) == ("满 500 减 50", 5000)
    assert asset.used_at


def test_a_follower_is_the_member_with_the_unionid(crm):
    member = make_member(unionid="oU1")
    fan = {"account": "青禾", "openid": "oP1", "unionid": "oU1", "followed_at": now().isoformat()}
    assert crm.post("followers", fan).status_code == 201
    row = OfficialFollower.objects.get()
    assert (row.member_id, row.openid) == (member.pk, "oP1")
    assert crm.post("followers", fan).json()["status"] == "unchanged"


def test_a_client_of_one_brand_does_not_see_or_write_another(db):
    mine, other = make_brand(), make_brand(name="商场")
    make_card(number="K1", brand=other)
    member = make_member(number="HY0001")
    make_card(number="K2", brand=mine, member=member)
    till = System(brands=(mine,))
    assert till.post("points", {"card": "K1", "points": 1}).json()["code"] == "unknown_card"
    card = {"number": "K3", "member": "HY0001", "brand": "商场", "level": "银卡"}
    card |= {"opened_at": now().isoformat()}
    assert till.post("cards", card).json()["code"] == "unknown_brand"
    assert [row["number"] for row in till.get("cards").json()["items"]] == ["K2"]
    assert [row["number"] for row in till.get("members").json()["items"]] == ["HY0001"]


def test_phones_are_read_masked(crm):
    crm.post("members", ZHOU | {"unionid": "oU1"})
    response = crm.get("members")
    assert response.json()["items"][0]["phone"] == "138****2046"
    assert "13800002046" not in response.content.decode()
    assert "oU1" not in response.content.decode()


def test_pages_follow_each_other_without_gap_or_double(crm):
    crm.bulk("members", [{"number": f"HY{n:04d}"} for n in range(25)])
    seen, cursor = [], ""
    for _page in range(3):
        answer = crm.get("members", limit=10, **({"cursor": cursor} if cursor else {})).json()
        seen += [row["number"] for row in answer["items"]]
        cursor = answer["next"]
    assert (len(set(seen)), len(seen), cursor) == (25, 25, None)


def test_only_what_changed_since_is_read(crm):
    crm.bulk("members", [{"number": f"HY{n}"} for n in range(3)])
    since = now()
    crm.post("members", {"number": "HY1", "name": "李"})
    answer = crm.get("members", updated_since=since.isoformat()).json()
    assert [row["number"] for row in answer["items"]] == ["HY1"]


@pytest.mark.parametrize("cursor", ["x", "eHx5", "fDk5OTk5OTk5OTk5OTk5OTk5OTk5OQ=="])
def test_a_made_up_cursor_is_refused(crm, cursor):
    response = crm.get("members", cursor=cursor)
    assert (response.status_code, response.json()["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize("number", [1, 20])
def test_how_many_pairs_stay_apart_does_not_change_the_number_of_queries(
    crm, number, django_assert_max_num_queries
):
    records = []
    for n in range(number):
        member, contact = make_member(number=f"HY{n:04d}"), make_contact()
        undo(join_contact(contact, member, evidence="number"), by="wangsi")
        records.append({"number": member.number, "external_userid": contact.external_userid})
    with django_assert_max_num_queries(30):
        answer = crm.bulk("members", records)
    assert {code for _status, code, _field in ends(answer)} == {"kept_apart"}


@pytest.mark.parametrize("number", [1, 40])
def test_how_many_members_come_does_not_change_the_number_of_queries(
    crm, number, django_assert_max_num_queries
):
    records = [
        {"number": f"HY{n:04d}", "phone": f"138{n:08d}", "unionid": f"oU{n}", "birthday": "05-20"}
        for n in range(number)
    ]
    with django_assert_max_num_queries(30):
        crm.bulk("members", records)


@pytest.mark.parametrize("number", [1, 40])
def test_how_many_members_change_does_not_change_the_number_of_queries(
    crm, shop, number, django_assert_max_num_queries
):
    home = {"home_store": shop.guide.store.code, "birthday": "1990-05-20"}
    for name in ("旧", "新"):
        records = [{"number": f"HY{n:04d}", "name": f"{name}{n}"} | home for n in range(number)]
        with django_assert_max_num_queries(40):
            answer = crm.bulk("members", records)
    assert {status for status, _code, _field in ends(answer)} == {"updated"}
