"""我的: look, language, roles."""

import pytest
from django.urls import reverse

from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Role
from guideapp.organisation.services import home_of
from tests.factories import make_guide

ME = reverse("organisation:me")


@pytest.mark.parametrize("look", ["system", "light", "dark"])
def test_the_look_is_kept_on_this_device(as_guide, look):
    response = as_guide.post(reverse("organisation:choose_look"), {"look": look})
    assert response["Location"] == ME
    assert as_guide.cookies["look"].value == look
    assert f'value="{look}" aria-pressed="true"' in as_guide.get(ME).text


def test_the_language_is_kept_on_this_device(as_guide):
    as_guide.post(reverse("organisation:choose_language"), {"language": "en"})
    assert as_guide.get(ME)["Content-Language"] == "en"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("choose_look", {"look": "neon"}),
        ("choose_language", {"language": "xx"}),
        ("choose_look", {}),
    ],
)
def test_an_unknown_choice_is_refused(as_guide, name, form):
    assert as_guide.post(reverse(f"organisation:{name}"), form).status_code == 422


def test_choices_are_made_by_post_only(as_guide):
    assert as_guide.get(reverse("organisation:choose_look")).status_code == 405


def test_a_person_sees_only_the_roles_they_hold(client_for):
    page = client_for(make_guide(roles=(Role.GUIDE, Role.STORE_MANAGER))).get(ME).text
    assert 'href="/g/"' in page
    assert 'href="/m/"' in page
    assert 'href="/hq/people/"' not in page


def test_headquarters_sees_it_in_the_console(as_admin, as_guide):
    assert "总部导航" in as_admin.get(ME).text
    assert "总部导航" not in as_guide.get(ME).text


@pytest.mark.parametrize(
    ("roles", "home"),
    [
        ((Role.GUIDE, Role.HQ_ADMIN), "/g/"),
        ((Role.STORE_MANAGER, Role.HQ_CONTENT), "/m/"),
        ((Role.REGIONAL_MANAGER,), "/m/"),
        ((Role.HQ_CONTENT,), "/hq/materials/"),
        ((Role.HQ_ADMIN,), "/hq/people/"),
    ],
)
def test_everybody_begins_at_the_work_nearest_to_customers(db, roles, home):
    guide = make_guide(roles=roles)
    assert home_of(Actor(guide=guide, grants=tuple(guide.grants.all()))) == home
