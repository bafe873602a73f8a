"""What every test may use."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from guideapp.core import limits
from guideapp.core.clock import today, trust_own_clock
from guideapp.organisation.auth import log_in
from guideapp.organisation.models import Guide, Role
from guideapp.organisation.sessions import LOGIN_DAY, SessionStore
from tests.factories import make_guide

pytest_plugins = [
    "tests.browser_support",
    "tests.database_support",
    "tests.redis_support",
    "tests.wecom_support",
    "tests.alone_support",
]


@pytest.fixture(autouse=True)
def private_media(settings: Any, tmp_path: Path) -> None:
    """Uploaded files go to a folder of the test's own."""
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """No test inherits the rate counters of another, nor what its threads took for the time."""
    limits.reset()
    trust_own_clock()


class GuideClient(Client):
    """A browser in which `guide` is logged in."""

    def __init__(self, guide: Guide, *, by_qr: bool = True, **kw: Any) -> None:
        super().__init__(**kw)
        self.guide = guide
        request = HttpRequest()
        request.session = SessionStore()
        log_in(request, guide, by_qr)
        request.session[LOGIN_DAY] = today().isoformat()  # so that query counts are steady
        request.session.save()
        self.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key


@pytest.fixture
def client_for(db: None) -> Callable[..., GuideClient]:
    """Log somebody in: `client_for(guide)`; `by_qr=False` for a login inside WeCom."""
    return GuideClient


@pytest.fixture
def as_guide(db: None) -> GuideClient:
    """A guide of a store; `as_guide.guide` is the row."""
    return GuideClient(make_guide())


@pytest.fixture
def as_manager(db: None) -> GuideClient:
    """The manager of a store, who is no guide."""
    return GuideClient(make_guide(roles=(Role.STORE_MANAGER,)))


@pytest.fixture
def as_regional(db: None) -> GuideClient:
    """The manager of a region."""
    return GuideClient(make_guide(roles=(Role.REGIONAL_MANAGER,)))


@pytest.fixture
def as_content(db: None) -> GuideClient:
    """Headquarters, content."""
    return GuideClient(make_guide(roles=(Role.HQ_CONTENT,), store=None))


@pytest.fixture
def as_admin(db: None) -> GuideClient:
    """Headquarters, administration, just logged in by QR code."""
    return GuideClient(make_guide(roles=(Role.HQ_ADMIN,), store=None))
