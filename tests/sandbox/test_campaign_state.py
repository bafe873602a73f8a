"""What the control address tells of groups and campaigns."""

from guideapp.sandbox.services import ids


def test_groups_stand_there_with_their_people(played):
    (group,) = played.state()["groups"]
    assert (group["chat_id"], group["owner"]) == (ids.chat_id("vip"), "hejs")
    assert len(group["members"]) == 6
    assert group["opengid"].startswith("o")


def test_campaigns_tell_who_has_not_confirmed(played):
    body = {"sender": "linxm", "text": {"content": "周末见"}}
    sent = played.post("externalcontact/add_msg_template", played.token(), body)
    range_ = {"sender_list": {"user_list": ["linxm"]}}
    body = {"text": {"content": "秋装"}, "visible_range": range_}
    made = played.post("externalcontact/add_moment_task", played.token(), body)
    state = played.state()
    (message,), (moment,) = state["mass_messages"], state["moments"]
    assert (message["msgid"], message["tasks"]) == (sent["msgid"], {"linxm": False})
    assert (moment["jobid"], moment["tasks"]) == (made["jobid"], {"linxm": False})


def test_the_rules_stand_there_as_they_were_changed(played):
    told = played.raise_event("campaign_rules", mass_limit="week", dispatch_seconds=0)
    rules = played.state()["campaign_rules"]
    assert told == {"type": "campaign_rules"} | rules
    assert (rules["mass_limit"], rules["dispatch_seconds"]) == ("week", 0)
    assert rules["group_size_max"] == 200


def test_a_message_tells_its_recall_and_its_changed_cards(played):
    body = {"touser": "linxm", "msgtype": "text", "agentid": 1000002, "text": {"content": "好"}}
    msgid = played.post("message/send", played.token(), body)["msgid"]
    played.post("message/recall", played.token(), {"msgid": msgid})
    (message,) = played.app_messages("linxm")
    assert (message["msgid"], message["recalled"], message["cards"]) == (msgid, True, {})


def test_a_new_scenario_clears_campaigns_and_rules(played):
    played.raise_event("campaign_rules", mass_limit="day")
    played.raise_event("moment_personal", userid="linxm", text="雨")
    played.reset()
    state = played.state()
    assert (state["moments"], state["campaign_rules"]["mass_limit"]) == ([], "month")
