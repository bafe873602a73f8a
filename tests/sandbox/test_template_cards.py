"""Template cards: what each kind needs, pressing a button, and changing the card afterwards."""

from datetime import timedelta

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.models import AppMessage

SEND = "message/send"
UPDATE = "message/update_template_card"
BUTTONS = {
    "card_type": "button_interaction",
    "task_id": "shift-1",
    "main_title": {"title": "接这位客户吗？"},
    "button_list": [{"text": "接", "key": "yes"}, {"text": "不接", "key": "no", "style": 2}],
}
NOTICE = {
    "card_type": "text_notice",
    "main_title": {"title": "新客户"},
    "card_action": {"type": 1, "url": "https://a.example/"},
}
NEWS = NOTICE | {"card_type": "news_notice", "card_image": {"url": "https://a.example/1.png"}}
VOTE = {
    "card_type": "vote_interaction",
    "task_id": "vote-1",
    "main_title": {"title": "哪天盘点？"},
    "checkbox": {"question_key": "day", "option_list": [{"id": "mon", "text": "周一"}]},
    "submit_button": {"text": "提交", "key": "go"},
}
MULTIPLE = {
    "card_type": "multiple_interaction",
    "task_id": "multi-1",
    "main_title": {"title": "排班"},
    "select_list": [{"question_key": "when", "option_list": [{"id": "am", "text": "早"}]}],
    "submit_button": {"text": "提交", "key": "go"},
}


def send(played, card, touser="linxm|chenyu"):
    body = {"touser": touser, "msgtype": "template_card", "agentid": 1000002}
    return played.post(SEND, played.token(), body | {"template_card": card})


def update(played, code, **change):
    body = {"userids": ["linxm"], "agentid": 1000002, "response_code": code}
    change = change or {"button": {"replace_name": "已处理"}}
    return played.post(UPDATE, played.token(), body | change)


@pytest.mark.parametrize("card", [NOTICE, NEWS])
def test_notices_have_no_response_code(played, card):
    answer = send(played, card)
    assert answer["errcode"] == 0
    assert "response_code" not in answer


@pytest.mark.parametrize("card", [BUTTONS, VOTE, MULTIPLE])
def test_cards_to_press_have_one(played, card):
    assert send(played, card)["response_code"]


@pytest.mark.parametrize(
    ("card", "errcode"),
    [
        ({"card_type": "poem"}, 42031),
        (BUTTONS | {"task_id": ""}, 42014),
        (BUTTONS | {"task_id": "空 格"}, 42014),
        (BUTTONS | {"button_list": []}, 42038),
        (BUTTONS | {"button_list": [{"key": "x"}]}, 42038),
        (BUTTONS | {"button_list": [{"text": "x"}]}, 42039),
        (BUTTONS | {"button_list": [{"text": "x", "type": 1}]}, 42028),
        (BUTTONS | {"main_title": {}}, 42033),
        (BUTTONS | {"button_selection": {"question_key": "q", "option_list": []}}, 42037),
        (NOTICE | {"main_title": {}}, 42033),
        (NOTICE | {"card_action": {}}, 42045),
        (NOTICE | {"card_action": {"type": 2}}, 42030),
        (NOTICE | {"jump_list": [{"title": "x"}] * 4}, 42042),
        (NOTICE | {"horizontal_content_list": [{"keyname": "x"}] * 7}, 42035),
        (NOTICE | {"horizontal_content_list": [{"value": "x"}]}, 42027),
        (NOTICE | {"horizontal_content_list": [{"keyname": "x", "type": 2}]}, 42029),
        (NOTICE | {"horizontal_content_list": [{"keyname": "x", "type": 3}]}, 42050),
        (NOTICE | {"action_menu": {"action_list": [{"text": "x", "key": "k"}]}}, 42014),
        (
            NOTICE
            | {"task_id": "t", "action_menu": {"action_list": [{"text": "x", "key": "k"}] * 2}},
            42051,
        ),
        (NEWS | {"card_image": {}}, 42044),
        (NEWS | {"card_image": {"url": "x", "aspect_ratio": 3}}, 40058),
        (NEWS | {"vertical_content_list": [{"title": "x"}] * 5}, 42036),
        (VOTE | {"checkbox": {"option_list": []}}, 42043),
        (VOTE | {"checkbox": {"question_key": "q", "option_list": [{"text": "x"}]}}, 42040),
        (VOTE | {"checkbox": {"question_key": "q", "option_list": [{"id": "x"}]}}, 42041),
        (VOTE | {"submit_button": {"text": "x"}}, 42046),
        (VOTE | {"submit_button": {"key": "x"}}, 42049),
        (MULTIPLE | {"select_list": []}, 42047),
    ],
)
def test_cards_that_are_refused(played, card, errcode):
    assert send(played, card)["errcode"] == errcode
    assert not AppMessage.objects.exists()


def test_a_task_id_is_used_once(played):
    assert send(played, BUTTONS)["errcode"] == 0
    assert send(played, BUTTONS)["errcode"] == 42014


def test_pressing_a_button_is_told_with_a_code_of_its_own(played):
    msgid = send(played, BUTTONS)["msgid"]
    code = played.raise_event("card_press", userid="linxm", msgid=msgid, key="yes")
    (row,) = played.waiting()
    assert row.plain.endswith(
        "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[template_card_event]]></Event>"
        "<EventKey><![CDATA[yes]]></EventKey><TaskId><![CDATA[shift-1]]></TaskId>"
        "<CardType><![CDATA[button_interaction]]></CardType>"
        f"<ResponseCode><![CDATA[{code['response_code']}]]></ResponseCode>"
        "<AgentID>1000002</AgentID></xml>"
    )
    assert "<FromUserName><![CDATA[linxm]]></FromUserName>" in row.plain
    assert "<AgentID><![CDATA[1000002]]></AgentID>" in row.body
    assert update(played, code["response_code"])["errcode"] == 0


def test_the_menu_of_a_card_has_an_event_of_its_own(played):
    menu = {"action_menu": {"desc": "更多", "action_list": [{"text": "不再提醒", "key": "mute"}]}}
    msgid = send(played, NOTICE | {"task_id": "menu-1"} | menu)["msgid"]
    played.raise_event("card_press", userid="linxm", msgid=msgid, key="mute", menu=True)
    (row,) = played.waiting()
    assert "<Event><![CDATA[template_card_menu_event]]></Event>" in row.plain
    assert "<EventKey><![CDATA[mute]]></EventKey><TaskId><![CDATA[menu-1]]></TaskId>" in row.plain


def test_what_was_chosen_is_told(played):
    msgid = send(played, VOTE)["msgid"]
    played.raise_event(
        "card_press", userid="linxm", msgid=msgid, key="go", selected={"day": ["mon", "tue"]}
    )
    assert (
        "<SelectedItems><SelectedItem><QuestionKey><![CDATA[day]]></QuestionKey><OptionIds>"
        "<OptionId><![CDATA[mon]]></OptionId><OptionId><![CDATA[tue]]></OptionId></OptionIds>"
        "</SelectedItem></SelectedItems>"
    ) in played.waiting()[0].plain


def test_only_somebody_who_got_the_card_can_press_a_key_that_it_has(played):
    msgid = send(played, BUTTONS)["msgid"]
    for change in ({"userid": "hejs"}, {"key": "maybe"}, {"msgid": "none"}):
        press = {"type": "card_press", "userid": "linxm", "msgid": msgid, "key": "yes"} | change
        assert played.post_page("control/events", press)[0] == 400


def test_an_update_greys_the_button_for_those_named(played):
    answer = send(played, BUTTONS)
    told = update(
        played,
        answer["response_code"],
        userids=["linxm", "Ghost01", "hejs"],
        button={"replace_name": "已处理"},
    )
    assert (told["errcode"], told["invaliduser"]) == (0, ["ghost01", "hejs"])
    cards = AppMessage.objects.get(msgid=answer["msgid"]).cards
    assert cards == {"linxm": {"button": {"replace_name": "已处理"}}}


def test_an_update_can_bring_a_whole_new_card_to_everybody(played):
    answer = send(played, BUTTONS)
    assert update(played, answer["response_code"], atall=1, template_card=NOTICE)["errcode"] == 0
    cards = AppMessage.objects.get(msgid=answer["msgid"]).cards
    assert set(cards) == {"linxm", "chenyu"}


def test_a_response_code_works_once_and_for_72_hours(played):
    code = send(played, BUTTONS)["response_code"]
    assert update(played, code)["errcode"] == 0
    assert update(played, code)["errcode"] == 60140
    late = send(played, VOTE)["response_code"]
    clock.advance(int(timedelta(hours=72).total_seconds()) + 1)
    assert update(played, late)["errcode"] == 60140


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"agentid": None, "button": {"replace_name": "x"}}, 41011),
        ({"agentid": 7, "button": {"replace_name": "x"}}, 301002),
        ({"userids": [], "button": {"replace_name": "x"}}, 82101),
        ({"userids": ["hejs"], "button": {"replace_name": "x"}}, 82102),
        ({"template_card": {"card_type": "poem"}}, 42031),
        ({"button": {}}, 40058),
    ],
)
def test_updates_that_are_refused_leave_the_code_alive(played, change, errcode):
    code = send(played, BUTTONS)["response_code"]
    assert update(played, code, **change)["errcode"] == errcode
    assert update(played, code)["errcode"] == 0


def test_the_window_shows_the_words_of_a_card(played):
    send(played, NOTICE | {"sub_title_text": "TA 刚加了你"})
    played.client.cookies["sandbox_person"] = "linxm"
    page = played.client.get("/sandbox/", {"app": "1"}).content.decode()
    assert "新客户" in page
    assert "TA 刚加了你" in page
