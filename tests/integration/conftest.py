"""What the tests of this room share."""

import pytest

from tests.integration.support import System


@pytest.fixture
def crm(db: None) -> System:
    """A system that may do everything."""
    return System()
