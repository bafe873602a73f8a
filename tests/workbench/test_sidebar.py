"""The shell beside a chat, who may see whom, and what a tap on the card does."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.jobs.models import Job
from guideapp.core.limits import reset
from guideapp.core.models import AccessLog, AuditEntry
from guideapp.members.models import FollowRelation, Observation, Suggestion, TagMark
from guideapp.wecom.models import OutboxCall
from tests.factories import (
    make_contact,
    make_follow,
    make_guide,
    make_suggestion,
    make_tag,
    make_tag_mark,
)

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def fresh_limits():
    reset()


def card(external_userid: str) -> str:
    return reverse("workbench:sidebar_customer", args=[external_userid])


def address(name: str, *args: object) -> str:
    return reverse(f"workbench:{name}", args=args)


def test_the_shell_costs_two_queries(as_guide, django_assert_num_queries):
    with django_assert_num_queries(2):
        page = as_guide.get(address("sidebar")).content.decode()
    assert page[: page.index("<template")].count("<h1") == 1
    assert "素材" in page


def test_the_shell_opens_the_tab_that_was_open_last(as_guide):
    as_guide.cookies["tab"] = "materials"
    page = as_guide.get(address("sidebar")).content.decode()
    current = page[page.index('aria-current="page"') :]
    assert current.index('data-tab="materials"') < current.index("</nav>")
    as_guide.cookies["tab"] = "'><script>"
    assert as_guide.get(address("sidebar")).status_code == 200


def test_a_manager_who_is_no_guide_has_nothing_to_send(as_manager):
    assert 'data-tab="materials"' not in as_manager.get(address("sidebar")).content.decode()


def test_headquarters_has_no_sidebar(as_content):
    assert as_content.get(address("sidebar")).status_code == 403


def test_without_login_the_sidebar_leads_to_it(client):
    assert client.get(address("sidebar")).status_code == 302


def test_a_foreign_customer_is_as_unknown_as_nobody(as_guide):
    foreign = make_follow(contact=make_contact(name="别人的客户")).contact
    answers = [
        as_guide.get(card(external_userid)) for external_userid in (foreign.external_userid, "wmNo")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    shown = [answer.content.decode().partition("<main")[2] for answer in answers]
    assert shown[0] == shown[1] != ""
    assert AuditEntry.objects.filter(action="refused").count() == 2
    assert not AccessLog.objects.exists()


def test_the_shell_waits_for_a_customer_and_says_nothing_about_them(as_guide):
    foreign = make_follow(contact=make_contact(name="别人的客户")).contact
    for external_userid in (foreign.external_userid, "wmNobody"):
        answer = as_guide.get(card(external_userid) + "?try=0", headers=HTMX)
        page = answer.content.decode()
        assert answer.status_code == 202
        assert "正在认 TA 是谁" in page
        assert "try=1" in page
        assert "别人的客户" not in page


def test_an_unknown_customer_is_fetched_by_one_job_that_holds_up_no_welcome(as_guide):
    for attempt in range(3):
        as_guide.get(f"{card('wmNobody')}?try={attempt}", headers=HTMX)
    job = Job.objects.get(dedupe_key__startswith="contact:wmNobody:")
    assert job.lane == "normal"
    assert AuditEntry.objects.filter(subject="customer:wmNobody").count() == 1


def test_after_five_tries_it_stops_asking(as_guide):
    assert "try=5" in as_guide.get(card("wmNobody") + "?try=4", headers=HTMX).content.decode()
    answer = as_guide.get(card("wmNobody") + "?try=5", headers=HTMX)
    assert answer.status_code == 200
    assert "还没认出 TA" in answer.content.decode()
    assert "hx-get" not in answer.content.decode()


@pytest.mark.parametrize("attempt", ["-1", "x", "1e9", "9999999999"])
def test_a_made_up_try_is_a_plain_404(as_guide, attempt):
    assert as_guide.get(card("wmNobody"), {"try": attempt}).status_code == 404


def test_a_customer_who_left_is_no_longer_shown(as_guide):
    follow = make_follow(guide=as_guide.guide, ended_at=now())
    assert as_guide.get(card(follow.contact.external_userid)).status_code == 404
    assert as_guide.get(address("customer", follow.pk)).status_code == 404


def test_too_many_profiles_are_refused(as_guide, settings):
    settings.PROFILE_LIMIT_PER_10_MINUTES = 3
    follow = make_follow(guide=as_guide.guide)
    codes = [as_guide.get(card(follow.contact.external_userid)).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert as_guide.get(address("customer", follow.pk))["Retry-After"]


def test_a_card_opened_by_itself_is_a_whole_page(as_guide):
    follow = make_follow(guide=as_guide.guide)
    page = as_guide.get(card(follow.contact.external_userid)).content.decode()
    assert page.startswith("<!doctype html>")
    assert page.count("<h1") == 1
    part = as_guide.get(card(follow.contact.external_userid), headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'hx-swap-oob="true"' in part


def test_the_wrong_entry_lists_the_last_customers(as_guide, django_assert_num_queries):
    for n in range(12):
        contact = make_contact(name=f"客户甲{n}", active_at=now() - timedelta(hours=n))
        make_follow(guide=as_guide.guide, contact=contact)
    make_follow(contact=make_contact(name="别人的客户"))
    with django_assert_num_queries(3):
        page = as_guide.get(address("recent")).content.decode()
    assert "从客户聊天里打开，就能看到 TA" in page
    assert [f"客户甲{n}<" in page for n in (0, 7, 8)] == [True, True, False]
    assert "别人的客户" not in page
    assert as_guide.guide.name in page


# --- tags ---------------------------------------------------------------------------------------


def test_a_tag_is_saved_with_one_tap_and_shown_at_once(as_guide):
    follow, tag = make_follow(guide=as_guide.guide), make_tag(name="通勤")
    sheet = as_guide.get(address("tags", follow.pk), headers=HTMX).content.decode()
    assert 'role="dialog"' in sheet
    answer = as_guide.post(address("mark", follow.pk, tag.pk), headers=HTMX).content.decode()
    assert 'aria-pressed="true"' in answer
    assert '<span class="tag">通勤</span>' in answer
    assert OutboxCall.objects.get(kind="mark_tag").payload["add"] == [tag.wecom_id]


def test_a_tag_is_taken_off_with_one_tap(as_guide):
    mark = make_tag_mark(follow=make_follow(guide=as_guide.guide), tag=make_tag(name="通勤"))
    address_off = address("unmark", mark.follow_id, mark.tag_id)
    answer = as_guide.post(address_off, headers=HTMX).content.decode()
    assert '<span class="tag">通勤</span>' not in answer
    assert TagMark.objects.get().removed_by == as_guide.guide
    assert OutboxCall.objects.get(kind="mark_tag").payload["remove"] == [mark.tag.wecom_id]


def test_tags_work_without_a_script(as_guide):
    follow, tag = make_follow(guide=as_guide.guide), make_tag(name="通勤")
    assert "<h1" in as_guide.get(address("tags", follow.pk)).content.decode()
    answer = as_guide.post(address("mark", follow.pk, tag.pk))
    assert answer["Location"] == address("tags", follow.pk)


@pytest.mark.parametrize("rows", [1, 50])
def test_the_tag_sheet_costs_five_queries(as_guide, rows, django_assert_max_num_queries):
    follow = make_follow(guide=as_guide.guide)
    for _ in range(rows):
        make_tag()
    with django_assert_max_num_queries(5):
        as_guide.get(address("tags", follow.pk), headers=HTMX)


def test_nobody_writes_on_another_guides_customer(as_guide):
    follow, tag = make_follow(), make_tag()
    suggestion = make_suggestion(guide=follow.guide, contact=follow.contact)
    answers = [
        as_guide.get(address("tags", follow.pk)),
        as_guide.post(address("mark", follow.pk, tag.pk)),
        as_guide.post(address("unmark", follow.pk, tag.pk)),
        as_guide.get(address("note", follow.pk)),
        as_guide.post(address("write", follow.pk), {"text": "x", "nonce": uuid.uuid4()}),
        as_guide.post(address("snooze", suggestion.pk)),
        as_guide.post(address("dismiss", suggestion.pk)),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert not TagMark.objects.exists()
    assert not Observation.objects.exists()
    suggestion.refresh_from_db()
    assert suggestion.state == Suggestion.State.OPEN


def test_a_regional_manager_changes_nothing(as_regional):
    follow = make_follow(guide=make_guide(store=as_regional.guide.store))
    assert as_regional.post(address("mark", follow.pk, make_tag().pk)).status_code == 403


def test_a_manager_writes_on_a_customer_of_the_store(as_manager):
    follow = make_follow(guide=make_guide(store=as_manager.guide.store))
    answer = as_manager.post(address("mark", follow.pk, make_tag().pk), headers=HTMX)
    assert answer.status_code == 200
    assert TagMark.objects.get().author == as_manager.guide


def test_a_tag_that_is_gone_is_refused_in_words(as_guide):
    follow, tag = make_follow(guide=as_guide.guide), make_tag(gone_at=now())
    answer = as_guide.post(address("mark", follow.pk, tag.pk), headers=HTMX)
    assert answer.status_code == 409
    assert "toast" in answer["HX-Trigger"]


# --- notes --------------------------------------------------------------------------------------


def note(follow: FollowRelation, client, text: str, nonce: uuid.UUID | None = None):
    data = {"text": text, "nonce": nonce or uuid.uuid4()}
    return client.post(address("write", follow.pk), data, headers=HTMX)


def test_a_note_is_there_at_once_and_the_sheet_closes(as_guide):
    follow = make_follow(guide=as_guide.guide)
    assert "<textarea" in as_guide.get(address("note", follow.pk), headers=HTMX).content.decode()
    answer = note(follow, as_guide, "喜欢驼色，怕起球")
    assert "喜欢驼色，怕起球" in answer.content.decode()
    assert answer["HX-Trigger-After-Settle"] == "sheet:close"
    assert Observation.objects.get().author == as_guide.guide


def test_a_double_tap_is_one_note(as_guide):
    follow, nonce = make_follow(guide=as_guide.guide), uuid.uuid4()
    note(follow, as_guide, "喜欢驼色", nonce)
    note(follow, as_guide, "喜欢驼色", nonce)
    assert Observation.objects.count() == 1


@pytest.mark.parametrize("text", ["", "a\x00b", "长" * 301])
def test_a_note_that_cannot_be_kept_says_why_and_keeps_nothing(as_guide, text):
    answer = note(make_follow(guide=as_guide.guide), as_guide, text)
    assert answer.status_code == 422
    assert "toast" in answer["HX-Trigger"]
    assert not Observation.objects.exists()


def test_a_note_without_its_nonce_is_refused(as_guide):
    follow = make_follow(guide=as_guide.guide)
    answer = as_guide.post(address("write", follow.pk), {"text": "x"}, headers=HTMX)
    assert answer.status_code == 422


# --- next step ----------------------------------------------------------------------------------


def test_useless_brings_the_next_suggestion(as_guide):
    follow = make_follow(guide=as_guide.guide)
    first = make_suggestion(guide=as_guide.guide, contact=follow.contact)
    make_suggestion(guide=as_guide.guide, contact=follow.contact, rule="new_customer", priority=20)
    answer = as_guide.post(address("dismiss", first.pk), {"in_chat": "1"}, headers=HTMX)
    assert "新客户，先打个招呼" in answer.content.decode()
    first.refresh_from_db()
    assert first.state == Suggestion.State.DISMISSED


def test_tomorrow_takes_the_suggestion_off_the_card(as_guide):
    follow = make_follow(guide=as_guide.guide)
    suggestion = make_suggestion(guide=as_guide.guide, contact=follow.contact)
    answer = as_guide.post(address("snooze", suggestion.pk), headers=HTMX)
    assert answer.content.decode().strip() == ""
    suggestion.refresh_from_db()
    assert suggestion.snoozed_until > now()
    page = as_guide.get(card(follow.contact.external_userid)).content.decode()
    assert 'class="nba"' not in page


def test_an_answer_without_a_script_leads_back_to_the_customer(as_guide):
    follow = make_follow(guide=as_guide.guide)
    suggestion = make_suggestion(guide=as_guide.guide, contact=follow.contact)
    answer = as_guide.post(address("snooze", suggestion.pk))
    assert answer["Location"] == address("customer", follow.pk)


def test_done_is_kept_and_the_next_one_rises_from_the_list(as_guide):
    follow = make_follow(guide=as_guide.guide)
    first = make_suggestion(guide=as_guide.guide, contact=follow.contact)
    below = make_suggestion(
        guide=as_guide.guide, contact=follow.contact, rule="new_customer", priority=20
    )
    page = as_guide.get(card(follow.contact.external_userid)).content.decode()
    assert "还可以做" in page
    answer = as_guide.post(address("done", first.pk), {"in_chat": "1"}, headers=HTMX)
    assert "新客户，先打个招呼" in answer.content.decode()
    assert "还可以做" not in answer.content.decode()
    first.refresh_from_db()
    below.refresh_from_db()
    assert first.state == Suggestion.State.DONE
    assert first.first_shown_at is not None
    assert below.first_shown_at is not None


@pytest.mark.parametrize("name", ["mark", "unmark", "write", "done", "snooze", "dismiss"])
def test_reading_changes_nothing(as_guide, name):
    args = (1, 1) if name in {"mark", "unmark"} else (1,)
    assert as_guide.get(address(name, *args)).status_code == 405
