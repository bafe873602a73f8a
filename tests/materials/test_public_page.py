"""What a customer opens: the page, the visit, how long it was read, and what the guide learns."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.materials.models import Material, MaterialDay, Visit
from guideapp.members.models import Contact, Suggestion, TimelineEvent
from guideapp.wecom.models import OutboxCall
from tests.factories import make_follow, make_material, make_material_file, make_share

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"
KEY = re.compile(r'data-visit="([^"]+)"')


def customer():
    """A customer's phone: no login, cookies of its own."""
    return Client(headers={"user-agent": PHONE})


def open_page(browser, share):
    return browser.get(reverse("materials:public", args=[share.material_id, share.link.token]))


def beacon(browser, share, page, dwell_ms, *, depth=50, left=False):
    """What beacon.js tells."""
    body = {"visit": KEY.search(page.text)[1], "dwell_ms": dwell_ms, "depth": depth}
    url = reverse("materials:beacon", args=[share.material_id, share.link.token])
    return browser.post(url, body | ({"left": "1"} if left else {}))


@pytest.fixture
def share(db):
    """A material that was sent to a customer and is reported sent."""
    follow = make_follow()
    return make_share(guide=follow.guide, contact=follow.contact)


def test_the_page_needs_no_login_and_says_what_is_kept(share):
    page = open_page(customer(), share)
    assert page.status_code == 200
    assert share.material.title in page.text
    assert "浏览记录会告知你的专属导购" in page.text
    assert f"你的专属导购 {share.guide.name}" in page.text


def test_the_page_carries_link_preview_tags_and_is_not_indexed(share):
    page = open_page(customer(), share)
    image = re.search(r'og:image" content="([^"]+)"', page.text)[1]
    assert image.startswith("http://testserver/")
    assert f'og:title" content="{share.material.title}"' in page.text
    assert page["X-Robots-Tag"] == "noindex, nofollow"


def test_the_page_has_no_inline_code(share):
    page = open_page(customer(), share)
    assert " style=" not in page.text
    assert not re.search(r"\son\w+=", page.text)
    assert "unsafe-inline" not in page["Content-Security-Policy"]


def test_hostile_text_stays_text(db):
    material = make_material(title="<script>alert(1)</script>", body='"><img src=x onerror=1>')
    page = open_page(customer(), make_share(material=material))
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


def test_the_link_out_carries_the_token(db):
    material = make_material(link_url="https://mall.example.com/p?id=3#top")
    share = make_share(material=material)
    page = open_page(customer(), share)
    address = f"https://mall.example.com/p?id=3&amp;share_token={share.link.token}#top"
    assert address in page.text


def test_opening_is_one_view_in_half_an_hour(share, time_machine):
    time_machine.move_to(now(), tick=False)
    phone = customer()
    open_page(phone, share)
    open_page(phone, share)
    assert Visit.objects.filter(counted=True).count() == 1
    time_machine.shift(timedelta(minutes=30))
    open_page(phone, share)
    assert Visit.objects.filter(counted=True).count() == 2


def test_two_phones_are_two_views(share):
    open_page(customer(), share)
    open_page(customer(), share)
    assert Visit.objects.filter(link=share.link, counted=True).count() == 2


@pytest.mark.parametrize(
    "agent", ["facebookexternalhit/1.1", "Twitterbot/1.0", "Slackbot-LinkExpanding 1.0", ""]
)
def test_link_previews_do_not_count(share, agent):
    robot = Client(headers={"user-agent": agent})
    assert open_page(robot, share).status_code == 200
    assert not Visit.objects.filter(counted=True).exists()
    assert not TimelineEvent.objects.exists()


def test_asking_for_the_head_is_no_visit(share):
    customer().head(reverse("materials:public", args=[share.material_id, share.link.token]))
    assert not Visit.objects.exists()


def test_an_unknown_token_opens_the_material_unattributed_and_is_logged(db, caplog):
    material = make_material()
    with caplog.at_level("INFO", logger="guideapp.materials"):
        page = customer().get(reverse("materials:public", args=[material.pk, "x" * 22]))
    assert page.status_code == 200
    assert "你的专属导购" not in page.text.replace("浏览记录会告知你的专属导购", "")
    assert Visit.objects.get().link is None
    assert "unattributed visit" in caplog.text
    assert "x" * 22 not in caplog.text


def test_a_token_of_another_material_is_no_attribution(share):
    other = make_material()
    customer().get(reverse("materials:public", args=[other.pk, share.link.token]))
    assert Visit.objects.get().link is None


def test_an_old_link_of_an_erased_customer_tells_nothing_about_them(share):
    Contact.objects.update(external_userid="erased-1", erased_at=now(), active_at=None)
    assert open_page(customer(), share).status_code == 200
    assert Visit.objects.get().link is None
    assert not TimelineEvent.objects.exists()
    assert Contact.objects.get().active_at is None


@pytest.mark.parametrize("change", [{"status": "withdrawn"}, {"valid_until": now()}])
def test_a_withdrawn_or_expired_material_says_so(share, change):
    Material.objects.filter(pk=share.material_id).update(**change)
    page = open_page(customer(), share)
    assert page.status_code == 410
    assert "这条内容已经结束了" in page.text
    assert not Visit.objects.exists()


def test_a_draft_is_not_found(share):
    Material.objects.filter(pk=share.material_id).update(status="draft")
    assert open_page(customer(), share).status_code == 404


def test_the_timeline_says_what_was_looked_at(share):
    open_page(customer(), share)
    event = TimelineEvent.objects.get(kind="material_viewed")
    assert (event.contact, event.guide) == (share.contact, share.guide)
    assert event.params["title"] == share.material.title
    assert event.params["times"] == 1


def test_a_views_share_is_counted_once(share):
    for _ in range(3):
        open_page(customer(), share)
    day = MaterialDay.objects.get(material=share.material)
    assert day.viewed == 1


def test_dwell_and_depth_grow_and_never_shrink(share, time_machine):
    time_machine.move_to(now(), tick=False)
    phone = customer()
    page = open_page(phone, share)
    time_machine.shift(timedelta(seconds=10))
    beacon(phone, share, page, 4000, depth=80)
    beacon(phone, share, page, 2000, depth=30)
    visit = Visit.objects.get()
    assert (visit.dwell_ms, visit.depth) == (4000, 80)


def test_a_page_cannot_claim_more_time_than_passed(share, time_machine):
    time_machine.move_to(now(), tick=False)
    phone = customer()
    page = open_page(phone, share)
    time_machine.shift(timedelta(seconds=5))
    beacon(phone, share, page, 3_600_000)
    assert Visit.objects.get().dwell_ms <= 6500


def test_a_visit_goes_on_when_the_page_is_opened_again(share, time_machine):
    time_machine.move_to(now(), tick=False)
    phone = customer()
    page = open_page(phone, share)
    time_machine.shift(timedelta(seconds=10))
    beacon(phone, share, page, 4000)
    assert 'data-seen="4000"' in open_page(phone, share).text


@pytest.mark.parametrize("key", ["", "1", "1~forged"])
def test_a_forged_visit_key_is_refused(share, key):
    phone = customer()
    open_page(phone, share)
    url = reverse("materials:beacon", args=[share.material_id, share.link.token])
    answer = phone.post(url, {"visit": key, "dwell_ms": 1, "depth": 1})
    assert answer.status_code == 422
    assert Visit.objects.get().dwell_ms == 0


def test_a_beacon_for_another_page_is_refused(share):
    phone = customer()
    page = open_page(phone, share)
    other = make_share()
    url = reverse("materials:beacon", args=[other.material_id, other.link.token])
    key = KEY.search(page.text)[1]
    assert phone.post(url, {"visit": key, "dwell_ms": 1, "depth": 1}).status_code == 422


def test_more_than_60_beacons_a_minute_are_refused(share, settings):
    settings.VISIT_BEACONS_PER_MINUTE = 3
    phone = customer()
    page = open_page(phone, share)
    answers = [beacon(phone, share, page, n).status_code for n in range(4)]
    assert answers == [204, 204, 204, 429]


def told():
    return OutboxCall.objects.filter(kind="message_text_card")


def test_leaving_the_page_prompts_the_guide_with_the_time(share, time_machine):
    time_machine.move_to(now(), tick=False)
    phone = customer()
    page = open_page(phone, share)
    time_machine.shift(timedelta(seconds=4))
    beacon(phone, share, page, 4000, left=True)
    suggestion = Suggestion.objects.get(state="open")
    assert (suggestion.guide, suggestion.contact) == (share.guide, share.contact)
    assert suggestion.evidence["dwell_ms"] == 4000
    assert told().count() == 1


def test_one_view_never_pings_twice(share, time_machine):
    time_machine.move_to(now(), tick=False)
    phone = customer()
    page = open_page(phone, share)
    for _ in range(3):
        time_machine.shift(timedelta(seconds=4))
        beacon(phone, share, page, 4000, left=True)
    time_machine.shift(timedelta(minutes=2))
    run_due(lanes=("normal",))
    assert told().count() == 1


def test_a_page_that_says_nothing_prompts_after_a_minute(share, time_machine):
    time_machine.move_to(now(), tick=False)
    open_page(customer(), share)
    run_due(lanes=("normal",))
    assert not Suggestion.objects.exists()
    time_machine.shift(timedelta(seconds=61))
    run_due(lanes=("normal",))
    assert Suggestion.objects.filter(state="open").count() == 1


def test_the_prompt_follows_the_reading(share, time_machine):
    time_machine.move_to(now(), tick=False)
    phone = customer()
    page = open_page(phone, share)
    time_machine.shift(timedelta(seconds=4))
    beacon(phone, share, page, 4000, left=True)
    time_machine.shift(timedelta(seconds=20))
    beacon(phone, share, page, 12000, left=True)
    assert Suggestion.objects.get(state="open").evidence["dwell_ms"] == 12000


def test_a_prompt_that_was_put_away_stays_away_for_this_view(share, time_machine):
    time_machine.move_to(now(), tick=False)
    phone = customer()
    page = open_page(phone, share)
    time_machine.shift(timedelta(seconds=4))
    beacon(phone, share, page, 4000, left=True)
    Suggestion.objects.update(state="done")
    time_machine.shift(timedelta(seconds=20))
    beacon(phone, share, page, 12000, left=True)
    assert not Suggestion.objects.filter(state="open").exists()


def test_a_view_after_the_customer_left_prompts_nobody(share):
    share.contact.follows.update(ended_at=now())
    phone = customer()
    page = open_page(phone, share)
    beacon(phone, share, page, 500, left=True)
    assert not Suggestion.objects.exists()


def test_only_the_customer_who_looked_appears(as_guide):
    first, second = make_follow(guide=as_guide.guide), make_follow(guide=as_guide.guide)
    material = make_material()
    sent = make_share(guide=as_guide.guide, contact=first.contact, material=material)
    make_share(guide=as_guide.guide, contact=second.contact, material=material)
    open_page(customer(), sent)
    assert TimelineEvent.objects.filter(contact=first.contact).count() == 1
    assert not TimelineEvent.objects.filter(contact=second.contact).exists()


def poll(client, follow, **more):
    query = {"customer": follow.contact.external_userid} | more
    return client.get(reverse("materials:signals"), query, headers={"HX-Request": "true"})


def test_polling_says_nothing_until_somebody_looks(as_guide):
    follow = make_follow(guide=as_guide.guide)
    share = make_share(guide=as_guide.guide, contact=follow.contact)
    assert poll(as_guide, follow, after=0).status_code == 204
    open_page(customer(), share)
    seen = poll(as_guide, follow, after=0)
    assert "TA 刚刚看过这条，共 1 次" in seen.text
    assert seen["HX-Trigger"] == "materials:viewed"
    assert poll(as_guide, follow, after=Visit.objects.get().pk).status_code == 204


def test_a_card_polls_from_the_second_it_was_made(as_guide):
    follow = make_follow(guide=as_guide.guide)
    share = make_share(guide=as_guide.guide, contact=follow.contact)
    before = int(now().timestamp()) - 5
    open_page(customer(), share)
    seen = poll(as_guide, follow, since=before, quiet=1)
    assert f"after={Visit.objects.get().pk}" in seen.text
    assert poll(as_guide, follow, since=before + 60, quiet=1).status_code == 204


def test_polling_for_a_foreign_customer_is_not_found(as_guide):
    assert poll(as_guide, make_follow(), after=0).status_code == 404


def test_polling_costs_four_queries(as_guide, django_assert_num_queries):
    follow = make_follow(guide=as_guide.guide)
    with django_assert_num_queries(4):  # session, guide; relation, newest view
        poll(as_guide, follow, after=0)


@pytest.mark.parametrize("kind", ["image", "video", "file", "text", "mini_program"])
def test_every_kind_has_its_page(db, kind):
    file = make_material_file(kind=kind) if kind in ("image", "video", "file") else None
    share = make_share(material=make_material(kind=kind, file=file, body="正文"))
    page = open_page(customer(), share)
    assert page.status_code == 200
    assert "正文" in page.text
