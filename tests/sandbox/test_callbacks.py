"""Events on their way to the app: signed, encrypted, three tries, five seconds."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import defusedxml.ElementTree as ElementTree
import pytest
from django.db import transaction
from wechatpy.work.crypto import WeChatCrypto

from guideapp.sandbox.models import Callback, Corp, WireLog
from guideapp.sandbox.services import callbacks, relations


@dataclass
class App:
    """Somebody else's app that keeps what it is sent and answers with `statuses`, then 200."""

    url: str
    statuses: list[int] = field(default_factory=list)
    slow_seconds: float = 0  # how long the first answer takes
    requests: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def app() -> Iterator[App]:
    heard = App(url="")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            heard.requests.append((self.path, self.rfile.read(length).decode()))
            pause, heard.slow_seconds = heard.slow_seconds, 0
            threading.Event().wait(pause)
            self.send_response(heard.statuses.pop(0) if heard.statuses else 200)
            self.end_headers()

        def do_GET(self) -> None:
            query = {
                name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()
            }
            text = crypto().check_signature(
                query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text if isinstance(text, bytes) else text.encode())

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    heard.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield heard
    server.shutdown()
    server.server_close()


def crypto() -> WeChatCrypto:
    return WeChatCrypto(
        "testcallbacktoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww0a1b2c3d4e5f6071"
    )


def opened(request: tuple[str, str]) -> dict[str, str]:
    """The elements of a delivered event, decrypted by an outside library."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(request[0]).query).items()}
    text = crypto().decrypt_message(
        request[1], query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return {element.tag: element.text or "" for element in ElementTree.fromstring(text)}


def test_an_outside_library_reads_what_we_send(played, app):
    relations.customer_adds(
        userid="linxm", external_userid=played.customer("gu"), state="door-3", origin=app.url
    )
    assert played.deliver() == 1
    assert app.requests[0][0].startswith("/wecom/callback/?msg_signature=")
    event = opened(app.requests[0])
    assert event["ToUserName"] == "ww0a1b2c3d4e5f6071"
    assert event["FromUserName"] == "sys"
    assert (event["Event"], event["ChangeType"]) == (
        "change_external_contact",
        "add_external_contact",
    )
    assert (event["UserID"], event["State"]) == ("linxm", "door-3")
    assert event["ExternalUserID"] == played.customer("gu")
    assert event["WelcomeCode"]


def test_an_address_keeps_its_own_query(played, app, settings):
    settings.SANDBOX_CALLBACK_URL = f"{app.url}/hook?tenant=7"
    relations.customer_deletes(
        userid="linxm", external_userid=played.customer("zhou"), origin=app.url
    )
    assert played.deliver() == 1
    assert app.requests[0][0].startswith("/hook?tenant=7&msg_signature=")
    assert opened(app.requests[0])["Event"] == "change_external_contact"


def test_the_address_check_wants_the_exact_text(played, app):
    answer = callbacks.verify(app.url)
    assert (answer.ok, answer.status) == (True, 200)
    assert callbacks.verify("http://127.0.0.1:9").ok is False


def test_three_tries_with_the_same_body_and_query(played, app):
    app.statuses = [500, 302]
    relations.customer_deletes(
        userid="linxm", external_userid=played.customer("zhou"), origin=app.url
    )
    assert played.deliver() == 3
    assert len(set(app.requests)) == 1
    assert Callback.objects.get().state == Callback.State.DELIVERED
    lines = WireLog.objects.filter(kind=WireLog.Kind.CALLBACK).order_by("id")
    assert [(line.title, line.status, line.ok) for line in lines] == [
        ("del_follow_user", 500, False),
        ("del_follow_user", 302, False),
        ("del_follow_user", 200, True),
    ]


def test_after_three_failures_an_event_is_lost(played, app):
    app.statuses = [500] * 4
    relations.customer_deletes(
        userid="linxm", external_userid=played.customer("zhou"), origin=app.url
    )
    played.deliver()
    assert len(app.requests) == 3
    assert Callback.objects.get().state == Callback.State.LOST
    assert played.deliver() == 0


def test_an_answer_after_more_than_five_seconds_is_none(played, app):
    app.slow_seconds = 5.3
    relations.customer_deletes(
        userid="linxm", external_userid=played.customer("zhou"), origin=app.url
    )
    assert played.deliver() == 2
    lines = WireLog.objects.filter(kind=WireLog.Kind.CALLBACK).order_by("id")
    assert [(line.status, line.ok) for line in lines] == [(None, False), (200, True)]
    assert 5000 <= lines[0].ms < 5300


def test_a_refused_connection_counts_as_a_try(played):
    relations.customer_deletes(
        userid="linxm", external_userid=played.customer("zhou"), origin="http://127.0.0.1:9"
    )
    assert callbacks.deliver_due() == 1
    row = Callback.objects.get()
    assert (row.state, row.tries, row.last_status) == (Callback.State.WAITING, 1, None)
    assert callbacks.deliver_due() == 0


def test_an_act_that_is_rolled_back_is_told_to_nobody(played, app):
    with transaction.atomic():
        relations.customer_deletes(
            userid="linxm", external_userid=played.customer("zhou"), origin=app.url
        )
        transaction.set_rollback(True)
    assert played.deliver() == 0
    assert played.follow("linxm", played.customer("zhou"))["deleted_by_customer"] is False


def test_the_background_thread_delivers_what_is_queued(wecom, app):
    thread = callbacks.start_thread()
    relations.customer_deletes(
        userid="linxm", external_userid=wecom.customer("zhou"), origin=app.url
    )
    delivered = threading.Event()
    for _attempt in range(100):
        if Callback.objects.filter(state=Callback.State.DELIVERED).exists():
            delivered.set()
            break
        delivered.wait(0.05)
    thread.stop()
    assert delivered.is_set()
    assert thread.alive is False


def test_events_go_to_the_host_that_the_act_came_to(played):
    played.raise_event("del_follow_user", userid="linxm", external_userid=played.customer("zhou"))
    assert played.waiting()[0].url == f"{played.url}/wecom/callback/"


def test_an_event_about_a_member_says_only_who_and_where(played):
    played.raise_event("update_user", userid="linxm", name="林小满", mobile="13700000000")
    plain = played.waiting()[0].plain
    assert "<UserID><![CDATA[linxm]]></UserID><Department><![CDATA[3]]></Department></xml>" in plain
    assert "13700000000" not in plain


def test_before_2022_it_said_more(played):
    Corp.objects.update(privacy=False)
    played.raise_event("update_user", userid="linxm", mobile="13700000000")
    assert "<Mobile><![CDATA[13700000000]]></Mobile>" in played.waiting()[0].plain


def test_a_renamed_member_is_told_with_both_ids(played):
    played.raise_event("update_user", userid="linxm", new_userid="lin.xiaoman")
    assert "<NewUserID><![CDATA[lin.xiaoman]]></NewUserID>" in played.waiting()[0].plain


def test_departments_are_made_renamed_and_removed(played):
    played.raise_event("create_party", id=12, name="新店", parent_id=2)
    played.raise_event("update_party", id=12, name="新天地店")
    played.raise_event("delete_party", id=12)
    made, renamed, _removed = (row.plain for row in played.waiting())
    assert "<Id>12</Id><Name><![CDATA[新店]]></Name><ParentId>2</ParentId>" in made
    assert "ParentId" not in renamed


def test_a_transferred_customer_is_told_with_its_source(played):
    pair = {"userid": "linxm", "external_userid": played.customer("zhou")}
    played.raise_event("del_external_contact", **pair, by_transfer=True)
    played.raise_event("transfer_fail", **pair, reason="customer_limit_exceed")
    deleted, failed = (row.plain for row in played.waiting())
    assert "<Source><![CDATA[DELETE_BY_TRANSFER]]></Source>" in deleted
    assert "<FailReason><![CDATA[customer_limit_exceed]]></FailReason>" in failed


def test_editing_only_the_numbers_tells_nobody(played):
    pair = {"userid": "linxm", "external_userid": played.customer("zhou")}
    played.raise_event("edit_external_contact", **pair, mobiles=["13800002046"])
    assert played.waiting() == []
    played.raise_event("edit_external_contact", **pair, remark="周小姐")
    assert [row.change_type for row in played.waiting()] == ["edit_external_contact"]


def test_friends_cannot_become_friends_again_but_those_who_left_can(played):
    pair = {"userid": "linxm", "external_userid": played.customer("juzi")}
    played.raise_event("add_external_contact", **pair)
    assert played.waiting() == []
    played.raise_event("del_follow_user", **pair)
    played.raise_event("add_external_contact", **pair, state="again")
    assert [row.change_type for row in played.waiting()] == [
        "del_follow_user",
        "add_external_contact",
    ]


def test_agreeing_to_the_archive_carries_a_welcome_code(played):
    pair = {"userid": "linxm", "external_userid": played.customer("zhou")}
    played.raise_event("msg_audit_approved", **pair)
    assert "<WelcomeCode>" in played.waiting()[0].plain


def test_what_a_customer_says_is_told_to_nobody(played):
    pair = {"userid": "linxm", "external_userid": played.customer("zhou")}
    played.raise_event("customer_message", **pair, text="M 码还有吗？")
    assert played.chat(**pair)[-1]["payload"] == {"content": "M 码还有吗？"}
    assert played.waiting() == []


def test_a_delivery_cut_off_by_a_stop_is_taken_up_again(played, app):
    relations.customer_deletes(
        userid="linxm", external_userid=played.customer("zhou"), origin=app.url
    )
    Callback.objects.update(state=Callback.State.SENDING, tries=1, next_at=relations.now())
    assert callbacks.deliver_due() == 1
    assert Callback.objects.get().state == Callback.State.DELIVERED


def test_a_third_delivery_cut_off_is_given_up(played, app):
    relations.customer_deletes(
        userid="linxm", external_userid=played.customer("zhou"), origin=app.url
    )
    Callback.objects.update(state=Callback.State.SENDING, tries=3, next_at=relations.now())
    assert callbacks.deliver_due() == 0
    assert Callback.objects.get().state == Callback.State.LOST
    assert app.requests == []
