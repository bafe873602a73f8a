"""发送: one tap, one share; what WeCom's client said; nothing counted twice."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.attribution.models import TrackedLink
from guideapp.core.clock import now, today
from guideapp.core.models import AuditEntry, Job
from guideapp.materials.models import Material, MaterialDay, Share
from guideapp.members.models import TimelineEvent
from guideapp.wecom.models import MediaAsset
from tests.factories import (
    make_follow,
    make_material,
    make_material_file,
    make_share,
    make_store,
    make_suggestion,
    make_visit,
)

JSON = {"Accept": "application/json"}


def tap(client, material, follow, *, nonce="tap-1", form="card", **more):
    """What send.js posts."""
    body = {"customer": follow.contact.external_userid, "nonce": nonce, "form": form} | more
    return client.post(reverse("materials:send", args=[material.pk]), body, headers=JSON)


def report(client, share_id, outcome, detail=""):
    """What send.js posts after the client answered."""
    body = {"outcome": outcome, "detail": detail}
    return client.post(reverse("materials:result", args=[share_id]), body, headers=JSON)


@pytest.fixture
def follow(as_guide):
    """A customer of the logged-in guide."""
    return make_follow(guide=as_guide.guide, remark="周晚晴")


def test_a_tap_answers_with_a_card_that_opens_the_tracked_page(as_guide, follow):
    material = make_material(title="双面羊毛大衣", summary="驼色到店")
    answer = tap(as_guide, material, follow).json()
    link = TrackedLink.objects.get()
    assert answer["payload"] == {
        "msgtype": "news",
        "enterChat": True,
        "news": {
            "link": f"http://testserver/v/{material.pk}/{link.token}",
            "title": "双面羊毛大衣",
            "desc": "驼色到店",
            "imgUrl": answer["payload"]["news"]["imgUrl"],
        },
    }
    assert answer["payload"]["news"]["imgUrl"].startswith("http://testserver/static/covers/g-coat-")
    assert answer["state"] == "unknown"


def test_the_link_leads_back_to_guide_store_and_customer(as_guide, follow):
    tap(as_guide, make_material(), follow)
    link = TrackedLink.objects.get()
    assert (link.guide, link.store, link.contact, link.kind) == (
        as_guide.guide,
        as_guide.guide.store,
        follow.contact,
        "share",
    )


def test_a_double_tap_is_one_share(as_guide, follow):
    material = make_material()
    first = tap(as_guide, material, follow).json()
    second = tap(as_guide, material, follow).json()
    assert first == second
    assert Share.objects.count() == 1


def test_a_nonce_of_another_send_is_refused(as_guide, follow):
    tap(as_guide, make_material(), follow)
    response = tap(as_guide, make_material(), follow)
    assert response.status_code == 422
    assert response.json()["code"] == "nonce_reused"
    assert Share.objects.count() == 1


def test_another_guides_customer_cannot_be_sent_to(as_guide):
    foreign = make_follow()
    response = tap(as_guide, make_material(), foreign)
    assert response.status_code == 404
    assert not Share.objects.exists()
    subject = f"customer:{foreign.contact.external_userid}"
    assert AuditEntry.objects.filter(action="refused", subject=subject).exists()


def test_a_store_manager_cannot_send_in_a_guides_name(as_guide, client_for, follow):
    manager = client_for(make_follow(guide=None).guide)
    assert tap(manager, make_material(), follow).status_code == 404


def test_a_withdrawn_material_is_refused_in_words(as_guide, follow):
    gone = make_material(status=Material.Status.WITHDRAWN)
    response = tap(as_guide, gone, follow)
    assert (response.status_code, response.json()["code"]) == (409, "material_withdrawn")
    assert "下架" in response.json()["message"]


def test_an_expired_material_is_refused_in_words(as_guide, follow):
    over = make_material(valid_until=now() - timedelta(seconds=1))
    response = tap(as_guide, over, follow)
    assert (response.status_code, response.json()["code"]) == (409, "material_expired")


@pytest.mark.parametrize("kind", ["draft", "timed", "other_store"])
def test_what_the_guide_cannot_see_is_not_found(as_guide, follow, kind):
    material = make_material(
        status="draft" if kind == "draft" else "live",
        valid_from=now() + timedelta(days=1) if kind == "timed" else None,
    )
    if kind == "other_store":
        material.only_stores.set([make_store()])
    assert tap(as_guide, material, follow).status_code == 404


def test_the_same_thing_to_the_same_person_within_a_day_asks_once(as_guide, follow):
    material = make_material()
    make_share(guide=as_guide.guide, contact=follow.contact, material=material)
    asked = tap(as_guide, material, follow)
    assert (asked.status_code, asked.json()["code"]) == (409, "sent_recently")
    assert tap(as_guide, material, follow, again="1").status_code == 200


def test_a_cancelled_send_does_not_ask(as_guide, follow):
    material = make_material()
    contact = follow.contact
    make_share(guide=as_guide.guide, contact=contact, material=material, state="cancelled")
    assert tap(as_guide, material, follow).status_code == 200


def test_text_goes_out_as_text(as_guide, follow):
    material = make_material(kind=Material.Kind.TEXT, body="晚上好，新款到了。")
    payload = tap(as_guide, material, follow).json()["payload"]
    assert payload["text"] == {"content": "晚上好，新款到了。"}
    assert Share.objects.get().form == Share.Form.TEXT


def test_a_mini_program_opens_its_page_with_our_token(as_guide, follow):
    material = make_material(
        kind=Material.Kind.MINI_PROGRAM,
        mini_program_appid="wx1234567890",
        mini_program_page="pages/goods/index.html?id=3",
    )
    mini = tap(as_guide, material, follow).json()["payload"]["miniprogram"]
    token = TrackedLink.objects.get().token
    assert mini["page"] == f"pages/goods/index.html?id=3&share_token={token}"
    assert set(mini) == {"appid", "title", "imgUrl", "page"}


def picture(**kw):
    return make_material(kind=Material.Kind.IMAGE, file=make_material_file(**kw))


def test_the_original_needs_a_fresh_copy_at_wecom(as_guide, follow):
    material = picture()
    response = tap(as_guide, material, follow, form="original")
    assert (response.status_code, response.json()["code"]) == (409, "original_not_ready")
    assert Job.objects.filter(task__endswith="upload_original", state="ready").count() == 1
    assert not Share.objects.exists()


def test_the_original_goes_out_by_its_media_id(as_guide, follow):
    material = picture()
    asset = {"kind": "image", "sha256": material.file.sha256, "media_id": "MEDIA1"}
    MediaAsset.objects.create(**asset, expires_at=now() + timedelta(hours=1))
    payload = tap(as_guide, material, follow, form="original").json()["payload"]
    assert payload == {"msgtype": "image", "image": {"mediaid": "MEDIA1"}, "enterChat": True}


def test_an_expired_media_id_is_not_used(as_guide, follow):
    material = picture()
    asset = {"kind": "image", "sha256": material.file.sha256, "media_id": "MEDIA1"}
    MediaAsset.objects.create(**asset, expires_at=now())
    assert tap(as_guide, material, follow, form="original").status_code == 409


@pytest.mark.parametrize("body", [{}, {"customer": "x"}, {"customer": "x", "nonce": "n" * 37}])
def test_a_broken_tap_is_refused(as_guide, body):
    url = reverse("materials:send", args=[make_material().pk])
    assert as_guide.post(url, body, headers=JSON).status_code == 422


def test_a_reported_send_counts_once_however_often_it_is_told(as_guide, follow):
    share = make_share(guide=as_guide.guide, contact=follow.contact, state="unknown")
    for _ in range(3):
        assert report(as_guide, share.pk, "sent").json() == {"state": "sent", "message": ""}
    share.material.refresh_from_db()
    assert share.material.sent_count == 1
    assert MaterialDay.objects.get(material=share.material, day=today()).sent == 1
    assert TimelineEvent.objects.filter(kind="material_sent", contact=follow.contact).count() == 1


@pytest.mark.parametrize("first", ["sent", "cancelled", "failed"])
@pytest.mark.parametrize("later", ["sent", "cancelled", "failed", "unknown"])
def test_a_later_result_never_overwrites_a_final_one(as_guide, follow, first, later):
    share = make_share(guide=as_guide.guide, contact=follow.contact, state="unknown")
    report(as_guide, share.pk, first)
    assert report(as_guide, share.pk, later).json()["state"] == first


def test_only_sent_counts_as_sent(as_guide, follow):
    for outcome in ("cancelled", "failed", "unknown"):
        share = make_share(guide=as_guide.guide, contact=follow.contact, state="unknown")
        report(as_guide, share.pk, outcome)
    assert not MaterialDay.objects.exists()
    assert not TimelineEvent.objects.exists()


def test_a_timeout_stays_unknown_and_a_late_result_still_counts(as_guide, follow):
    share = make_share(guide=as_guide.guide, contact=follow.contact, state="unknown")
    assert report(as_guide, share.pk, "unknown", "timeout: late").json()["state"] == "unknown"
    share.refresh_from_db()
    assert (share.detail, share.reported_at) == ("timeout: late", None)
    assert report(as_guide, share.pk, "sent").json()["state"] == "sent"


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("no_permission: no permission", "你没有客户联系权限，请找店长"),
        ("no_customer: without context of external contact", "请从客户聊天里打开"),
        ("no_permission: user not in allow list", "你还没开通导购台"),
        ("client_too_old: not exist", "企业微信版本太低，更新后才能发送"),
        ("unknown: err_code 2", "没发出去，再试一次"),
    ],
)
def test_a_failure_is_said_in_plain_words(as_guide, follow, detail, words):
    share = make_share(guide=as_guide.guide, contact=follow.contact, state="unknown")
    assert words in report(as_guide, share.pk, "failed", detail).json()["message"]


def test_somebody_elses_share_cannot_be_reported(as_guide):
    share = make_share(state="unknown")
    assert report(as_guide, share.pk, "sent").status_code == 404
    share.refresh_from_db()
    assert share.state == "unknown"


def test_a_made_up_result_is_refused(as_guide, follow):
    share = make_share(guide=as_guide.guide, contact=follow.contact, state="unknown")
    assert report(as_guide, share.pk, "read").status_code == 422


def test_a_view_that_came_before_the_result_is_counted_with_it(as_guide, follow):
    share = make_share(guide=as_guide.guide, contact=follow.contact, state="unknown")
    make_visit(share=share)
    report(as_guide, share.pk, "sent")
    day = MaterialDay.objects.get()
    assert (day.sent, day.viewed) == (1, 1)


def test_following_up_takes_the_prompt_away(as_guide, follow):
    suggestion = make_suggestion(guide=as_guide.guide, contact=follow.contact)
    share = make_share(guide=as_guide.guide, contact=follow.contact, state="unknown")
    report(as_guide, share.pk, "sent")
    suggestion.refresh_from_db()
    assert suggestion.state == "done"


def test_the_payload_carries_no_personal_data(as_guide, follow):
    answer = json.dumps(tap(as_guide, make_material(), follow).json(), ensure_ascii=False)
    assert follow.contact.external_userid not in answer
    assert "周晚晴" not in answer


def test_a_send_costs_few_queries(as_guide, follow, django_assert_max_num_queries):
    material = make_material()
    with django_assert_max_num_queries(14):  # session, guide, tap, relation, material, recent,
        tap(as_guide, material, follow)  # savepoints, link, share, contacts of today, slot
