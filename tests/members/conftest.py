"""The small company of the sandbox, read over the wire."""

from collections.abc import Callable

import pytest

from guideapp.core.jobs.worker import run_due
from guideapp.members.models import FollowRelation
from guideapp.members.services import sync_tags
from guideapp.organisation.services import sync_address_book, sync_departments
from guideapp.sandbox.models import Callback
from tests.organisation.steps import link_small_company
from tests.wecom_support import PlayedWeCom


@pytest.fixture
def company(wecom: PlayedWeCom) -> PlayedWeCom:
    """Guides and tags of the small company, without its customers."""
    sync_departments()
    link_small_company()
    sync_address_book()
    sync_tags()
    run_due()
    return wecom


@pytest.fixture
def relation(company: PlayedWeCom) -> Callable[..., FollowRelation]:
    """The latest relation of a guide and a customer: `relation("linxm", "zhou")`."""

    def latest(userid: str, key: str) -> FollowRelation:
        external_userid = company.customer(key) if len(key) < 20 else key
        rows = FollowRelation.objects.filter(
            guide__userid=userid, contact__external_userid=external_userid
        )
        return rows.select_related("contact", "guide").latest("pk")

    return latest


@pytest.fixture
def happen(company: PlayedWeCom) -> Callable[..., dict[str, str]]:
    """Do an act in the played WeCom, deliver its callbacks and run what is due."""

    def act(type: str, **data: object) -> dict[str, str]:
        answer = company.raise_event(type, **data)
        company.deliver()
        run_due()
        return answer

    return act


@pytest.fixture
def redeliver(company: PlayedWeCom) -> Callable[[], None]:
    """Deliver every callback once more, as WeCom does when it saw no answer."""

    def again() -> None:
        Callback.objects.update(state=Callback.State.WAITING)
        company.deliver()
        run_due()

    return again
