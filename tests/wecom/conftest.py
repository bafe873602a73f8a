"""WeCom as one may script it: single faults by `responses`, everything else by the sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import responses

from guideapp.wecom.client import forget_process_state

# A busy machine is no error; what a property finds is.
hypothesis.settings.register_profile("wecom", deadline=None)
hypothesis.settings.load_profile("wecom")

BASE = "https://qyapi.example.com/cgi-bin"


@dataclass
class Upstream:
    """A WeCom that answers as told; the last answer to a path is repeated."""

    mock: responses.RequestsMock

    def answers(
        self, path: str, *answers: dict[str, Any] | str | Exception, status: int = 200
    ) -> None:
        """Let `path` answer so, one after the other: an object, a raw body, or a network error."""
        for answer in answers:
            raw = {"json": answer} if isinstance(answer, dict) else {"body": answer}
            for method in ("GET", "POST"):
                self.mock.add(method, f"{BASE}/{path}", status=status, **raw)

    def gives_tokens(self, *tokens: str) -> None:
        """One after the other; each lives two hours."""
        self.answers("gettoken", *({"access_token": token, "expires_in": 7200} for token in tokens))

    def asked(self, path: str) -> list[Any]:
        """The requests that came to `path`."""
        base = f"{BASE}/{path}?"
        return [call.request for call in self.mock.calls if f"{call.request.url}?".startswith(base)]


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """No copied token and no open breaker of another test."""
    forget_process_state()
    yield
    forget_process_state()


@pytest.fixture
def upstream(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """A scripted WeCom; an unexpected request fails the test."""
    settings.WECOM_API_BASE_URL = BASE
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)  # no waiting between tries
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Upstream(mock)


@pytest.fixture
def with_token(upstream: Upstream, db: None) -> Upstream:
    """A scripted WeCom that gives one token."""
    upstream.gives_tokens("token-1")
    return upstream
