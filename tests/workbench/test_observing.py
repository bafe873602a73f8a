"""What a guide keeps by a tap: sizes, likings, days, notes, tags; and what nobody may keep."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.models import AccessLog
from guideapp.members.models import ImportantDate, Observation, Preference, Tag, TagMark
from guideapp.members.services import load_default_topics
from guideapp.organisation.models import Guide, Role
from tests.factories import (
    make_follow,
    make_grant,
    make_guide,
    make_store,
    make_tag,
    make_tag_group,
    make_tag_mark,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def post(client, name, follow, form=None, *args):
    url = reverse(f"workbench:{name}", args=[follow.pk, *args])
    return client.post(url, form or {}, headers=HTMX)


@pytest.fixture
def follow(as_guide):
    load_default_topics()
    return make_follow(guide=as_guide.guide)


def test_a_size_is_one_tap_in_the_sheet_and_stands_on_the_card(as_guide, follow):
    sheet = as_guide.get(reverse("workbench:note", args=[follow.pk]), headers=HTMX)
    assert "上装尺码" in sheet.content.decode()
    answer = post(as_guide, "prefer", follow, {"kind": "top_size", "value": "M"})
    assert 'hx-swap-oob="true"' in answer.content.decode()
    assert "M 码" in answer.content.decode()
    assert Preference.objects.get().author == as_guide.guide


def test_two_taps_on_one_size_are_one_row_and_a_third_takes_it_back(as_guide, follow):
    for _ in range(2):
        post(as_guide, "prefer", follow, {"kind": "top_size", "value": "M"})
    assert Preference.objects.count() == 1
    post(as_guide, "prefer", follow, {"kind": "top_size", "off": "M"})
    assert Preference.objects.filter(ended_at=None).count() == 0


def test_a_wedding_in_may_is_kept_and_taken_back(as_guide, follow):
    post(as_guide, "note_date", follow, {"kind": "wedding", "month": 5})
    row = ImportantDate.objects.get()
    assert (row.month, row.day, row.repeats) == (5, None, False)
    post(as_guide, "note_date", follow, {"end": row.pk})
    assert ImportantDate.objects.get().ended_at


@pytest.mark.parametrize("form", [{"kind": "wedding", "month": 13}, {"kind": "trip"}])
def test_a_day_that_does_not_exist_is_refused(as_guide, follow, form):
    assert post(as_guide, "note_date", follow, form).status_code == 422
    assert not ImportantDate.objects.exists()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("write", {"text": "TA 有糖尿病", "nonce": "7f3ae1c6-0000-4000-8000-000000000000"}),
        ("prefer", {"kind": "style", "value": "怀孕"}),
        ("own_tag", {"name": "信佛"}),
    ],
)
def test_sensitive_information_is_refused_with_the_reason(as_guide, follow, name, form):
    answer = post(as_guide, name, follow, form)
    assert answer.status_code == 422
    assert "不能记在客户名下" in json.loads(answer["HX-Trigger"])["toast"]["text"]
    assert not Observation.objects.exists()
    assert not Preference.objects.exists()
    assert not Tag.objects.exists()


def test_a_medical_company_tag_is_refused(as_guide, follow):
    tag = make_tag(name="高血压")
    assert post(as_guide, "mark", follow, None, tag.pk).status_code == 422
    assert not TagMark.objects.exists()


def test_an_own_tag_is_on_the_customer_and_nobody_elses(as_guide, follow):
    answer = post(as_guide, "own_tag", follow, {"name": "好说话"})
    assert "好说话" in answer.content.decode()
    tag = Tag.objects.get()
    assert (tag.owner, tag.wecom_id) == (as_guide.guide, None)
    colleague = make_follow(guide=make_guide())
    assert post(as_guide, "mark", colleague, None, tag.pk).status_code == 404


def test_tags_of_managers_are_not_a_guides_to_set(as_guide, follow):
    group = make_tag_group(set_by="managers")
    tag = make_tag(group=group)
    assert post(as_guide, "mark", follow, None, tag.pk).status_code == 404
    make_grant(guide=as_guide.guide, role=Role.STORE_MANAGER)
    assert post(as_guide, "mark", follow, None, tag.pk).status_code == 200


def test_a_managers_rights_end_at_the_own_store(as_guide, follow):
    """Who manages another store is a guide like all others here."""
    make_grant(guide=as_guide.guide, role=Role.STORE_MANAGER, store=make_store())
    secret = make_tag(
        name="重点关注", group=make_tag_group(set_by="managers", seen_by_guides=False)
    )
    make_tag_mark(follow=follow, tag=secret)
    assert post(as_guide, "unmark", follow, None, secret.pk).status_code == 404
    page = as_guide.get(reverse("workbench:customer", args=[follow.pk])).content.decode()
    assert "重点关注" not in page


def test_a_regional_manager_sees_managers_tags_in_the_own_region_alone(as_regional):
    make_grant(guide=as_regional.guide, role=Role.GUIDE)
    here = make_follow(guide=make_guide(store=make_store(region=as_regional.guide.store.region)))
    moved = make_follow(guide=as_regional.guide)
    Guide.objects.filter(pk=as_regional.guide.pk).update(store=make_store())
    secret = make_tag(name="重点关注", group=make_tag_group(seen_by_guides=False))
    for row, is_seen in ((here, True), (moved, False)):
        make_tag_mark(follow=row, tag=secret)
        page = as_regional.get(reverse("workbench:customer", args=[row.pk])).content.decode()
        assert ("重点关注" in page) == is_seen


@pytest.mark.parametrize(
    ("set_by", "asked"), [("guides", True), ("managers", False), ("nobody", False)]
)
def test_a_stale_tag_is_asked_of_who_may_answer(as_guide, follow, set_by, asked):
    tag = make_tag(name="通勤", group=make_tag_group(stale_after_days=90, set_by=set_by))
    make_tag_mark(follow=follow, tag=tag, marked_at=now() - timedelta(days=91))
    page = as_guide.get(reverse("workbench:customer", args=[follow.pk])).content.decode()
    assert "tag-old" in page
    assert ("“通勤”还对吗？" in page) == asked
    answer = post(as_guide, "still", follow, {"tag": tag.pk, "answer": "yes"})
    assert (answer.status_code == 200) == asked


def test_a_stale_tag_of_managers_is_asked_of_the_stores_manager(as_manager):
    follow = make_follow(guide=make_guide(store=as_manager.guide.store))
    tag = make_tag(name="通勤", group=make_tag_group(stale_after_days=90, set_by="managers"))
    make_tag_mark(follow=follow, tag=tag, marked_at=now() - timedelta(days=91))
    page = as_manager.get(reverse("workbench:customer", args=[follow.pk])).content.decode()
    assert "“通勤”还对吗？" in page
    assert post(as_manager, "still", follow, {"tag": tag.pk, "answer": "yes"}).status_code == 200


@pytest.mark.parametrize(
    ("name", "form", "screen"),
    [
        ("tags", None, "tags"),
        ("own_tag", {"name": "好说话"}, "tags"),
        ("note", None, "note"),
        ("prefer", {"kind": "top_size", "value": "M"}, "note"),
        ("note_date", {"kind": "wedding", "month": 5}, "note"),
        ("still", {"preference": 1, "answer": "yes"}, "note"),
    ],
)
def test_every_answer_that_shows_the_profile_is_kept_once(as_guide, follow, name, form, screen):
    url = reverse(f"workbench:{name}", args=[follow.pk])
    as_guide.post(url, form, headers=HTMX) if form else as_guide.get(url, headers=HTMX)
    rows = AccessLog.objects.values_list("actor_id", "subject", "screen")
    assert list(rows) == [(as_guide.guide.pk, f"contact:{follow.contact_id}", screen)]


def test_sheets_count_as_opened_profiles(as_guide, follow, settings):
    settings.PROFILE_LIMIT_PER_10_MINUTES = 1
    url = reverse("workbench:tags", args=[follow.pk])
    assert [as_guide.get(url).status_code for _ in range(2)] == [200, 429]


def test_a_tap_in_a_sheet_is_no_further_opened_profile(as_guide, follow, settings):
    settings.PROFILE_LIMIT_PER_10_MINUTES = 1
    taps = [post(as_guide, "prefer", follow, {"kind": "top_size", "value": v}) for v in "SML"]
    assert [tap.status_code for tap in taps] == [200, 200, 200]


def test_an_automatic_tag_is_nobodys_to_set(as_manager):
    follow = make_follow(guide=make_guide(store=as_manager.guide.store))
    tag = make_tag(group=make_tag_group(kind="automatic", wecom_id=None), wecom_id=None)
    assert post(as_manager, "mark", follow, None, tag.pk).status_code == 404


def test_without_a_script_the_tap_leads_back_to_the_page(as_guide, follow):
    url = reverse("workbench:prefer", args=[follow.pk])
    answer = as_guide.post(url, {"kind": "top_size", "value": "M"})
    assert answer.url == reverse("workbench:note", args=[follow.pk])
