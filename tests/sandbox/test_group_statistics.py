"""Figures of groups by owner and by day, counted from what happened."""

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.services import ids

BY_OWNER = "externalcontact/groupchat/statistic"
BY_DAY = "externalcontact/groupchat/statistic_group_by_day"
VIP = ids.chat_id("vip")
DAY = 24 * 3600


@pytest.fixture
def begun(played):
    """Seconds of a moment of the day on which everything happened; now is the next day."""
    played.raise_event("group_create", owner="linxm", name="新群", members=["chenyu"])
    played.raise_event("group_join", chat_id=VIP, people=[played.customer("juzi")])
    played.raise_event("user_message", userid="hejs", chat_id=VIP, text="上新了")
    played.raise_event("user_message", userid="linxm", chat_id=VIP, text="来看看")
    happened = clock.unix_now()
    clock.advance(DAY)
    return happened


def test_by_owner_most_first(played, begun):
    answer = played.post(BY_OWNER, played.token(), {"day_begin_time": begun, "order_by": 3})
    assert (answer["total"], answer["next_offset"]) == (2, 2)
    first, second = answer["items"]
    assert (first["owner"], second["owner"]) == ("hejs", "linxm")
    assert first["data"] == {
        "new_chat_cnt": 1,
        "chat_total": 1,
        "chat_has_msg": 1,
        "new_member_cnt": 7,
        "member_total": 7,
        "member_has_msg": 2,
        "msg_total": 2,
    }
    assert (second["data"]["new_chat_cnt"], second["data"]["msg_total"]) == (1, 0)


def test_pages_by_offset_and_ascending(played, begun):
    body = {"day_begin_time": begun, "order_by": 3, "order_asc": 1, "limit": 1}
    first = played.post(BY_OWNER, played.token(), body)
    assert [row["owner"] for row in first["items"]] == ["linxm"]
    rest = played.post(BY_OWNER, played.token(), body | {"offset": first["next_offset"]})
    assert [row["owner"] for row in rest["items"]] == ["hejs"]


def test_by_day_from_midnight_in_china(played, begun):
    body = {"day_begin_time": begun, "owner_filter": {"userid_list": ["linxm"]}}
    (row,) = played.post(BY_DAY, played.token(), body)["items"]
    assert (row["stat_time"] + 8 * 3600) % DAY == 0
    assert (row["data"]["new_chat_cnt"], row["data"]["member_total"]) == (1, 2)


@pytest.mark.parametrize("path", [BY_OWNER, BY_DAY])
@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (-DAY, 0), (-40 * DAY, -2 * DAY), (-190 * DAY, -185 * DAY)]
)
def test_today_long_spans_and_old_days_are_refused(played, path, first, last):
    moment = clock.unix_now()
    body = {"day_begin_time": moment + first, "day_end_time": moment + last}
    assert played.post(path, played.token(), body)["errcode"] == 40058
