"""Behaviour data, counted from what happened in the played world."""

import pytest

from guideapp.core.clock import day_of, day_range
from guideapp.sandbox import clock
from guideapp.sandbox.models import ChatMessage
from guideapp.sandbox.services.day_span import midnight

PATH = "externalcontact/get_user_behavior_data"
DAY = 86400


@pytest.fixture
def noon(played):
    """The played world at noon in China, without the scenario's own talk."""
    ChatMessage.objects.all().delete()
    start = day_range(day_of(clock.now()))[0]
    clock.advance(int((start - clock.now()).total_seconds()) + DAY + 12 * 3600)
    return clock.unix_now()


def behaviour(played, second, *userids, days=1, **change) -> dict:
    body = {"userid": list(userids) or ["linxm"], "start_time": second}
    body |= {"end_time": second + (days - 1) * DAY} | change
    return played.post(PATH, played.token(), body)


def test_a_day_is_there_when_it_is_over_with_its_midnight(played, noon):
    assert behaviour(played, noon)["behavior_data"] == []
    clock.advance(DAY)
    (row,) = behaviour(played, noon)["behavior_data"]
    assert row["stat_time"] == noon - 12 * 3600 == midnight(clock.now().date()) - DAY


def test_a_day_without_chats_has_no_figures_of_answering(played, noon):
    clock.advance(DAY)
    (row,) = behaviour(played, noon)["behavior_data"]
    assert (row["chat_cnt"], row["message_cnt"]) == (0, 0)
    assert "reply_percentage" not in row
    assert "avg_reply_time" not in row


def test_chats_messages_and_answers_are_counted(played, noon):
    zhou, su = played.customer("zhou"), played.customer("su")
    played.raise_event("customer_message", userid="linxm", external_userid=zhou, text="在吗")
    clock.advance(600)
    played.raise_event("user_message", userid="linxm", external_userid=zhou, text="在的")
    played.raise_event("user_message", userid="linxm", external_userid=zhou, text="您说")
    played.raise_event("customer_message", userid="linxm", external_userid=su, text="有货吗")
    clock.advance(DAY)
    (row,) = behaviour(played, noon)["behavior_data"]
    assert (row["chat_cnt"], row["message_cnt"]) == (1, 2)
    assert (row["reply_percentage"], row["avg_reply_time"]) == (50, 10)


def test_new_customers_requests_and_those_who_left_are_counted(played, noon):
    played.raise_event("add_external_contact", userid="linxm", name="一")
    played.raise_event("add_external_contact", userid="linxm", name="二", by="user", add_way=2)
    pair = {"userid": "linxm", "external_userid": played.customer("juzi")}
    played.raise_event("del_follow_user", **pair)
    clock.advance(DAY)
    (row,) = behaviour(played, noon)["behavior_data"]
    counts = [row[name] for name in ("new_contact_cnt", "new_apply_cnt", "negative_feedback_cnt")]
    assert counts == [2, 1, 1]


def test_several_members_come_as_one_summed_row_a_day(played, noon):
    for userid in ("linxm", "chenyu"):
        played.raise_event("add_external_contact", userid=userid, name="新")
    clock.advance(2 * DAY)
    rows = behaviour(played, noon, "linxm", "chenyu", days=2)["behavior_data"]
    assert [row["new_contact_cnt"] for row in rows] == [2, 0]
    party = behaviour(played, noon, userid=[], partyid=[3])["behavior_data"]
    assert party[0]["new_contact_cnt"] == 2


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"userid": [], "partyid": []}, 40063),
        ({"userid": ["linxm"] * 101}, 40032),
        ({"userid": ["ghost"]}, 40003),
        ({"start_time": 0}, 40063),
        ({"start_time": 1000000000}, 40058),
        ({"end_time": 1000000000}, 40058),
    ],
)
def test_questions_that_are_refused(played, noon, change, errcode):
    assert behaviour(played, noon, **change)["errcode"] == errcode
