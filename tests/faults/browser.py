"""What guides and customers do with the product's pages, as HTTP requests through the door."""

import json
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.faults.house import House
from tests.faults.processes import pause

_CSRF = "c" * 32
_PATIENCE_SECONDS = 40  # a tap is repeated for so long until somebody answers it
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0"


@dataclass(frozen=True)
class Answer:
    """Status, body, headers worth looking at, and how long it took."""

    status: int
    body: bytes
    headers: dict[str, str]
    seconds: float

    def json(self) -> dict[str, Any]:
        """The body as an object."""
        told: dict[str, Any] = json.loads(self.body)
        return told


class Browser:
    """Somebody who is logged in as `userid`; '' is a customer without a login."""

    def __init__(self, house: House, userid: str = "") -> None:
        self.house, self.userid = house, userid
        session = house.seeded["sessions"].get(userid, "")
        self.cookies = {"__Host-csrftoken": _CSRF} | (
            {"__Host-session": session} if session else {}
        )

    def get(self, path: str) -> Answer:
        """GET once."""
        return self._ask("GET", path, b"", {})

    def post(self, path: str, data: dict[str, str]) -> Answer:
        """POST a form once."""
        kind = {"Content-Type": "application/x-www-form-urlencoded", "X-Csrftoken": _CSRF}
        return self._ask("POST", path, urlencode(data).encode(), kind)

    def upload(self, path: str, name: str, content: bytes) -> Answer:
        """POST a file once."""
        edge = "faultsboundary"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}", "X-Csrftoken": _CSRF}
        return self._ask("POST", path, body + f"\r\n--{edge}--\r\n".encode(), kind)

    def insist(self, path: str, data: dict[str, str] | None = None) -> Answer:
        """Repeat the very same request until it is answered below 500, as an impatient tap does."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            answer = self.get(path) if data is None else self.post(path, data)
            if answer.status < 500 or time.monotonic() > deadline:
                return answer
            pause(0.3)

    def card(self, external_userid: str) -> Answer:
        """The customer card of the sidebar."""
        return self.get(f"/s/customer/{external_userid}/")

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        told = {"Cookie": cookies, "User-Agent": _PHONE, "Accept": "application/json", **headers}
        began = time.perf_counter()
        status, _kind, content, more = self.house.door.forward(method, path, body, told)
        return Answer(status, content, more, time.perf_counter() - began)


class Taps:
    """Guides who send a material to their customers, who look at it, while things fall over.

    Every send, every report and every look is made at least twice, as bad networks make people do.
    """

    def __init__(self, house: House, customers: list[tuple[str, str]]) -> None:
        self.house, self.customers = house, customers
        self.shares: set[int] = set()
        self.nonces = 0
        self.looks = 0
        self.unanswered = 0

    def run(self, threads: int = 3) -> None:
        """One send for each of the customers."""
        todo, lock = list(self.customers), threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    if not todo:
                        return
                    userid, customer = todo.pop()
                self._send_and_look(userid, customer)

        running = [threading.Thread(target=work) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    def _send_and_look(self, userid: str, customer: str) -> None:
        guide, material = Browser(self.house, userid), self.house.seeded["material"]
        tap = {"customer": customer, "nonce": str(uuid.uuid4()), "form": "card"}
        self.nonces += 1
        answers = [guide.insist(f"/s/materials/{material}/send/", tap) for _ in (1, 2)]
        if any(answer.status != 200 for answer in answers):
            self.unanswered += 1
            return
        told = [answer.json() for answer in answers]
        self.shares |= {one["share"] for one in told}
        for _ in (1, 2):
            guide.insist(f"/s/shares/{told[0]['share']}/result/", {"outcome": "sent"})
        link = str(told[0]["payload"]["news"]["link"])
        looker = Browser(self.house)
        looker.cookies["visitor"] = uuid.uuid4().hex
        for _ in (1, 2):
            looker.insist(link.removeprefix(self.house.door.url))
        self.looks += 1
