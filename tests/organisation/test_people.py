"""/hq/people/: find somebody, give and take roles."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from guideapp.organisation.models import Guide, Role, RoleGrant
from tests.factories import make_grant, make_guide, make_region, make_store

PEOPLE = reverse("organisation:people")
SEARCH = reverse("organisation:people_search")


def person_url(guide: Guide) -> str:
    return reverse("organisation:person", args=[guide.pk])


def grant_url(guide: Guide) -> str:
    return reverse("organisation:grant", args=[guide.pk])


def revoke_url(grant: RoleGrant) -> str:
    return reverse("organisation:revoke", args=[grant.guide_id, grant.pk])


def fill(people: int) -> None:
    for _n in range(people):
        make_guide(roles=(Role.GUIDE, Role.STORE_MANAGER))


@pytest.mark.parametrize("people", [1, 50])
def test_the_list_costs_four_queries_however_many_people(
    as_admin, people, django_assert_num_queries
):
    fill(people)
    with django_assert_num_queries(4):
        as_admin.get(PEOPLE)


def test_the_list_goes_on_after_fifty(as_admin):
    fill(51)
    first = as_admin.get(PEOPLE)
    second = as_admin.get(PEOPLE, {"after": first.context["next_after"]})
    assert len(first.context["people"]) == 50
    assert len(second.context["people"]) == 2
    assert second.context["next_after"] is None


@pytest.mark.parametrize("words", ["小满", "LinX", "小林"])
def test_people_are_found_by_name_userid_and_alias(as_admin, words):
    linxm = make_guide(name="林小满", userid="linxm", alias="小林")
    make_guide()
    assert as_admin.post(SEARCH, {"q": words}).context["people"] == [linxm]


def test_what_is_searched_for_is_in_no_address(as_admin):
    fill(51)
    make_guide(name="林小满")
    page = as_admin.post(SEARCH, {"q": "林小满"})
    assert "?q=" not in page.text
    assert "HX-Push-Url" not in page.headers
    assert len(as_admin.get(PEOPLE, {"q": "林小满"}).context["people"]) == 50  # an old bookmark
    assert as_admin.get(SEARCH, {"q": "林小满"}).status_code == 405


def test_a_search_goes_on_after_fifty(as_admin):
    fill(60)
    first = as_admin.post(SEARCH, {"role": "guide"})
    second = as_admin.post(SEARCH, {"role": "guide", "after": first.context["next_after"]})
    assert (len(first.context["people"]), len(second.context["people"])) == (50, 10)


def test_people_are_found_by_role(as_admin):
    manager = make_guide(roles=(Role.STORE_MANAGER,))
    make_guide()
    assert as_admin.get(PEOPLE, {"role": "store_manager"}).context["people"] == [manager]


def test_a_bad_filter_is_dropped(as_admin):
    response = as_admin.get(PEOPLE, {"role": "emperor", "after": "x", "q": "y" * 99})
    assert response.status_code == 200


def test_leavers_are_not_listed_and_have_no_page(as_admin):
    leaver = make_guide(left_at=now())
    assert leaver not in as_admin.get(PEOPLE).context["people"]
    assert as_admin.get(person_url(leaver)).status_code == 404


def test_a_search_that_finds_nobody_says_so(as_admin):
    assert "没找到人" in as_admin.post(SEARCH, {"q": "没有这个人"}).text


def test_htmx_gets_the_results_alone(as_admin):
    response = as_admin.get(PEOPLE, headers={"HX-Request": "true"})
    assert "<html" not in response.text
    assert 'id="results"' in response.text


def test_an_admin_gives_a_role_and_it_is_audited(as_admin):
    guide = make_guide(roles=())
    response = as_admin.post(grant_url(guide), {"role": "hq_content"})
    assert response["Location"] == person_url(guide)
    grant = guide.grants.get()
    assert (grant.role, grant.source) == (Role.HQ_CONTENT, RoleGrant.Source.MANUAL)
    assert grant.granted_by == as_admin.guide.userid
    entry = AuditEntry.objects.get(action="role_granted")
    assert (entry.actor, entry.subject) == (as_admin.guide.userid, f"guide:{guide.pk}")


def test_a_role_given_twice_is_one_grant(as_admin):
    guide = make_guide(roles=())
    for _twice in range(2):
        as_admin.post(grant_url(guide), {"role": "hq_content"})
    assert guide.grants.count() == 1


def test_a_store_manager_gets_the_store_of_the_code(as_admin):
    guide, store = make_guide(roles=()), make_store(code="SH-01")
    as_admin.post(grant_url(guide), {"role": "store_manager", "store": "sh-01"})
    assert guide.grants.get().store == store


def test_a_regional_manager_gets_the_region(as_admin):
    guide, region = make_guide(roles=()), make_region()
    as_admin.post(grant_url(guide), {"role": "regional_manager", "region": region.pk})
    assert guide.grants.get().region == region


def test_a_place_that_the_role_has_no_use_for_is_dropped(as_admin):
    guide = make_guide(roles=())
    form = {"role": "hq_content", "store": make_store().code, "region": make_region().pk}
    as_admin.post(grant_url(guide), form)
    assert (guide.grants.get().store, guide.grants.get().region) == (None, None)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"role": "store_manager"}, "店长要填门店编号"),
        ({"role": "store_manager", "store": "nowhere"}, "没有这个门店编号"),
        ({"role": "regional_manager"}, "区域经理要选大区"),
        ({"role": "emperor"}, "emperor"),
        ({}, "必填"),
    ],
)
def test_a_role_without_its_place_is_refused_beside_the_field(as_admin, form, words):
    guide = make_guide(roles=())
    response = as_admin.post(grant_url(guide), form)
    assert response.status_code == 422
    assert words in response.text
    assert not guide.grants.exists()


def test_a_disabled_person_gets_no_role(as_admin):
    guide = make_guide(roles=(), status=Guide.Status.DISABLED)
    assert as_admin.post(grant_url(guide), {"role": "hq_content"}).status_code == 409
    assert not guide.grants.exists()


def test_an_admin_takes_a_role_away_and_it_counts_with_the_next_request(as_admin, client_for):
    content = make_guide(roles=())
    grant = make_grant(guide=content, role=Role.HQ_CONTENT)
    browser = client_for(content)
    assert browser.get("/me/").status_code == 200
    as_admin.post(revoke_url(grant))
    assert browser.get("/me/").status_code == 302
    assert AuditEntry.objects.filter(action="role_revoked").count() == 1


def test_taking_a_role_away_twice_changes_nothing_more(as_admin):
    grant = make_grant(guide=make_guide(roles=()), role=Role.HQ_CONTENT)
    for _twice in range(2):
        as_admin.post(revoke_url(grant))
    assert AuditEntry.objects.filter(action="role_revoked").count() == 1


def test_admins_cannot_take_their_own_admin_role_away(as_admin):
    grant = as_admin.guide.grants.get()
    response = as_admin.post(revoke_url(grant))
    assert response.status_code == 409
    assert "不能收回自己的管理员角色" in response.text
    assert as_admin.get(PEOPLE).status_code == 200


def test_a_role_from_the_address_book_is_not_taken_away_by_hand(as_admin):
    grant = make_grant(guide=make_guide(roles=()), role=Role.GUIDE, source=RoleGrant.Source.WECOM)
    assert as_admin.post(revoke_url(grant)).status_code == 409
    grant.refresh_from_db()
    assert grant.revoked_at is None


def test_a_grant_of_somebody_else_is_unknown_at_this_address(as_admin):
    grant = make_grant(guide=make_guide(roles=()), role=Role.HQ_CONTENT)
    address = reverse("organisation:revoke", args=[make_guide().pk, grant.pk])
    assert as_admin.post(address).status_code == 404


def test_roles_need_a_qr_login_of_the_last_five_minutes(as_admin):
    guide = make_guide(roles=())
    grant = make_grant(guide=guide, role=Role.HQ_CONTENT)
    with time_machine.travel(now() + timedelta(minutes=5, seconds=1)):
        assert "提交后再扫一次码" in as_admin.get(person_url(guide)).text
        for address in (grant_url(guide), revoke_url(grant)):
            assert as_admin.post(address, {"role": "hq_admin"})["Location"] == "/hq/again/"
    assert [held.role for held in guide.grants.filter(revoked_at=None)] == [Role.HQ_CONTENT]


def test_a_login_inside_wecom_is_not_enough_to_change_roles(client_for):
    admin = client_for(make_guide(roles=(Role.HQ_ADMIN,), store=None), by_qr=False)
    guide = make_guide(roles=())
    admin.post(grant_url(guide), {"role": "hq_admin"})
    assert not guide.grants.exists()


def test_hostile_names_are_shown_as_text(as_admin):
    guide = make_guide(name="<script>alert(1)</script>")
    for address in (PEOPLE, person_url(guide)):
        assert "<script>alert(1)" not in as_admin.get(address).text
