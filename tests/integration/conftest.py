"""What the tests of this room share."""

import pytest

from guideapp.members.models import FollowRelation
from tests.factories import make_contact, make_follow, make_guide, make_member, make_store
from tests.integration.support import System


@pytest.fixture
def crm(db: None) -> System:
    """A system that may do everything."""
    return System()


@pytest.fixture
def shop(db: None) -> FollowRelation:
    """A store, its guide, and a customer of theirs who is a member."""
    store = make_store(code="SH01")
    member = make_member(number="HY0001")
    follow = make_follow(guide=make_guide(store=store), contact=make_contact(member=member))
    return follow
