"""What members do with the app: the events of the catalogue, told to the app itself."""

import pytest


def told(played, type, **data):
    played.raise_event(type, **data)
    return played.waiting()[-1].plain.partition("</CreateTime>")[2]


EVENT = "<MsgType><![CDATA[event]]></MsgType>"
AGENT = "<AgentID>1000002</AgentID>"


@pytest.mark.parametrize(
    ("type", "data", "xml"),
    [
        ("enter_agent", {}, "<Event><![CDATA[enter_agent]]></Event><EventKey></EventKey>" + AGENT),
        ("app_subscribe", {}, "<Event><![CDATA[subscribe]]></Event>" + AGENT),
        ("app_subscribe", {"on": False}, "<Event><![CDATA[unsubscribe]]></Event>" + AGENT),
        (
            "app_menu",
            {"key": "today"},
            "<Event><![CDATA[click]]></Event><EventKey><![CDATA[today]]></EventKey>" + AGENT,
        ),
        (
            "app_menu",
            {"key": "https://a.example/"},
            "<Event><![CDATA[view]]></Event><EventKey><![CDATA[https://a.example/]]></EventKey>"
            + AGENT,
        ),
        (
            "app_location",
            {"latitude": 31.2, "longitude": 121.5},
            "<Event><![CDATA[LOCATION]]></Event><Latitude>31.2</Latitude>"
            f"<Longitude>121.5</Longitude><Precision>15</Precision>{AGENT}"
            "<AppType><![CDATA[wxwork]]></AppType>",
        ),
        (
            "app_scan",
            {"key": "stock", "text": "6901"},
            "<Event><![CDATA[scancode_push]]></Event><EventKey><![CDATA[stock]]></EventKey>"
            "<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType>"
            f"<ScanResult><![CDATA[6901]]></ScanResult></ScanCodeInfo>{AGENT}",
        ),
    ],
)
def test_events_of_a_member(played, type, data, xml):
    assert told(played, type, userid="linxm", **data) == f"{EVENT}{xml}</xml>"
    assert "<FromUserName><![CDATA[linxm]]></FromUserName>" in played.waiting()[-1].plain


def test_the_app_is_suspended_and_taken_up_again(played):
    assert told(played, "app_closed").startswith(
        f"{EVENT}<Event><![CDATA[close_inactive_agent]]></Event>{AGENT}"
    )
    assert "reopen_inactive_agent" in told(played, "app_closed", on=False)


def test_new_addresses_of_wecom_are_announced(played):
    assert told(played, "domain_ip_change") == (
        f"{EVENT}<Event><![CDATA[security]]></Event>"
        "<ChangeType><![CDATA[change_domain_ip]]></ChangeType></xml>"
    )


def test_a_member_writes_to_the_app(played):
    xml = told(played, "app_message", userid="linxm", content="在吗")
    assert xml.startswith(
        "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[在吗]]></Content><MsgId>"
    )
    assert xml.endswith(f"</MsgId>{AGENT}</xml>")


def test_other_kinds_take_their_own_elements(played):
    place = {"Location_X": 31.2, "Location_Y": 121.5, "Scale": 15, "Label": "星河里"}
    xml = told(played, "app_message", userid="linxm", msgtype="location", content=place)
    assert "<Location_X>31.2</Location_X>" in xml
    assert xml.endswith("<AppType><![CDATA[wxwork]]></AppType></xml>")


@pytest.mark.parametrize(
    ("msgtype", "content"),
    [
        ("image", {"PicUrl": "https://a.example/1.png", "MediaId": "m1"}),
        ("voice", {"MediaId": "m2", "Format": "amr"}),
        ("video", {"MediaId": "m3", "ThumbMediaId": "m4"}),
        ("link", {"Title": "上新", "Description": "x", "Url": "https://a.example/", "PicUrl": "p"}),
    ],
)
def test_every_kind_of_message_of_a_member(played, msgtype, content):
    xml = told(played, "app_message", userid="linxm", msgtype=msgtype, content=content)
    elements = "".join(f"<{name}><![CDATA[{text}]]></{name}>" for name, text in content.items())
    assert xml.startswith(f"<MsgType><![CDATA[{msgtype}]]></MsgType>{elements}<MsgId>")
    assert xml.endswith(f"</MsgId>{AGENT}</xml>")


def test_a_scan_that_waits_for_the_apps_answer(played):
    xml = told(played, "app_scan", userid="linxm", key="stock", text="6901", waits=True)
    assert xml.startswith(f"{EVENT}<Event><![CDATA[scancode_waitmsg]]></Event>")
    assert "<ScanResult><![CDATA[6901]]></ScanResult>" in xml


@pytest.mark.parametrize(
    "body",
    [
        {"type": "enter_agent", "userid": "ghost"},
        {"type": "app_message", "userid": "linxm", "msgtype": "poem", "content": "x"},
        {"type": "app_message", "userid": "linxm", "msgtype": "link", "content": {"Url": "x"}},
        {"type": "app_menu", "userid": "linxm"},
    ],
)
def test_acts_that_make_no_sense_are_400(played, body):
    assert played.post_page("control/events", body)[0] == 400
    assert played.waiting() == []
