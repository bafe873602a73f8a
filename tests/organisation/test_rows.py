"""What the database itself keeps true."""

import pytest
from django.db import IntegrityError

from guideapp.core.clock import now
from guideapp.organisation.models import Guide, Role
from tests.factories import make_grant, make_guide


def test_a_userid_has_one_present_holder_whatever_its_case(db):
    make_guide(userid="linxm")
    with pytest.raises(IntegrityError):
        make_guide(userid="LinXM")


def test_a_leavers_userid_is_free_for_a_new_person(db):
    make_guide(userid="linxm", left_at=now(), status=Guide.Status.LEFT)
    assert make_guide(userid="linxm").pk


@pytest.mark.parametrize("role", [Role.GUIDE, Role.STORE_MANAGER, Role.REGIONAL_MANAGER])
def test_a_person_holds_a_role_at_a_place_once(db, role):
    guide = make_guide(roles=(role,))
    with pytest.raises(IntegrityError):
        make_grant(guide=guide, role=role)


def test_a_revoked_role_can_be_given_again(db):
    guide = make_guide()
    guide.grants.update(revoked_at=now())
    assert make_grant(guide=guide, role=Role.GUIDE).pk
