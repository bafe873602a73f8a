"""The played WeCom as a fixture: over the wire, with the small company, callbacks by hand."""

from dataclasses import dataclass
from typing import Any

import pytest
import requests

from guideapp.sandbox.models import Callback, WireLog
from guideapp.sandbox.services import callbacks, ids, scenarios
from guideapp.wecom.client import forget_process_state

_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class PlayedWeCom:
    """What a test does with the sandbox at `url`; ids and people are scenarios/small.json's."""

    url: str

    @property
    def api(self) -> str:
        """The base of the API, without a slash at the end."""
        return f"{self.url}/sandbox/cgi-bin"

    def deliver(self) -> int:
        """Deliver the callbacks that wait, repeated tries too; how many tries were made."""
        return callbacks.deliver_due(waiting_too=True)

    def raise_event(self, type: str, **data: Any) -> dict[str, Any]:
        """Do one act (services/events.py) through the control address; nothing is delivered yet."""
        return self._done("control/events", {"type": type, **data})

    def state(self) -> dict[str, Any]:
        """corp, users, customers and messages as the control address tells them."""
        return self._ask("GET", "control/state", {})[1]

    def told(self, what: str, **query: Any) -> dict[str, Any]:
        """GET a control address: `told("calls", after=7)`, `told("state", only="now")`."""
        return self._ask("GET", f"control/{what}", query)[1]

    def reset(self, scenario: str = "") -> None:
        """Begin anew, by default from the scenario loaded last."""
        self._done("control/reset", {"scenario": scenario})

    def customer(self, key: str) -> str:
        """The external_userid of a customer by the scenario's key: `customer("zhou")`."""
        return ids.external_userid(key)

    def follow(self, userid: str, external_userid: str) -> dict[str, Any]:
        """The relation as WeCom has it now: remark, tags, state …; fails when there is none."""
        (customer,) = [
            row for row in self.state()["customers"] if row["external_userid"] == external_userid
        ]
        (found,) = [row for row in customer["follows"] if row["userid"] == userid]
        return found

    def chat(self, userid: str, external_userid: str) -> list[dict[str, Any]]:
        """The bubbles of one chat, oldest first, without the scenario's and WeCom's own notes."""
        return [
            row
            for row in self.state()["messages"]
            if row["kind"] == "chat"
            and (row["userid"], row["external_userid"]) == (userid, external_userid)
            and row["source"] != "note"
        ]

    def app_messages(self, userid: str) -> list[dict[str, Any]]:
        """What the app wrote to the member, oldest first."""
        sent = [row for row in self.state()["messages"] if row["kind"] == "app"]
        return [row for row in sent if userid in row["touser"]]

    def calls(self, path: str = "") -> list[WireLog]:
        """API calls that came in, oldest first; `path` as in "externalcontact/get"."""
        rows = WireLog.objects.filter(kind=WireLog.Kind.API).order_by("id")
        return list(rows.filter(title=path) if path else rows)

    def jssdk_calls(self) -> list[WireLog]:
        """Calls of the official SDK that reached the played client, oldest first."""
        return list(WireLog.objects.filter(kind=WireLog.Kind.JSSDK).order_by("id"))

    def waiting(self) -> list[Callback]:
        """Callbacks not yet delivered, oldest first."""
        return list(Callback.objects.exclude(state=Callback.State.DELIVERED).order_by("id"))

    def token(self, secret: str = "test-app-secret", corp_id: str = "ww0a1b2c3d4e5f6071") -> str:
        """An access token, fetched like anybody would."""
        token: str = self.get("gettoken", corpid=corp_id, corpsecret=secret)["access_token"]
        return token

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET an API path; the answer's JSON."""
        return self._ask("GET", f"cgi-bin/{path}", query)[1]

    def post(self, path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST JSON to an API path; the answer's JSON."""
        return self._ask("POST", f"cgi-bin/{path}", {"access_token": token}, body)[1]

    def post_page(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """POST JSON to /sandbox/`path`; status and JSON of the answer."""
        return self._ask("POST", path, {}, body)

    def _done(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        status, answer = self.post_page(path, body)
        assert status == 200, answer
        return answer

    def _ask(
        self, method: str, path: str, query: dict[str, Any], body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        url = f"{self.url}/sandbox/{path}"
        answer = requests.request(method, url, params=query, json=body, timeout=_TIMEOUT_SECONDS)
        return answer.status_code, answer.json()


@pytest.fixture
def wecom(transactional_db: None, live_server: Any, settings: Any) -> PlayedWeCom:
    """The played WeCom on the live server, seeded from scenarios/small.json."""
    settings.SITE_URL = live_server.url
    settings.WECOM_API_BASE_URL = f"{live_server.url}/sandbox/cgi-bin"
    forget_process_state()
    scenarios.load_scenario("small")
    return PlayedWeCom(live_server.url)
