"""/hq/privacy/: the privacy officer finds, hands out, withdraws and erases; all of it on record."""

import json
import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from guideapp.core import retention
from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AccessLog, AuditEntry
from guideapp.members.models import Consent, OfficialFollower
from guideapp.organisation.models import Role
from guideapp.organisation.services.homes import home_of
from tests.conftest import GuideClient
from tests.factories import make_event, make_guide, make_member
from tests.personal_support import PHONE, left_of_person, make_whole_person

WHY = {"reason": "工单 7"}
SURE = WHY | {"is_proven": "on", "is_final": "on"}


@pytest.fixture
def officer(db):
    return GuideClient(make_guide(userid="wangsi", roles=(Role.PRIVACY_OFFICER,), store=None))


@pytest.fixture
def whole(db):
    return make_whole_person()


def at(name, whole, *more):
    return reverse(f"workbench:{name}", args=[whole.subject.key, *more])


def text(answer):
    return answer.content.decode()


def test_the_officer_begins_there(officer):
    assert officer.get("/", follow=True).status_code == 200
    assert "/hq/privacy/" in text(officer.get("/hq/privacy/"))
    request = officer.get("/hq/privacy/").wsgi_request
    assert home_of(request.actor) == "/hq/privacy/"


def test_a_search_needs_a_reason_and_is_kept(officer, whole):
    address = reverse("workbench:privacy_find")
    assert officer.post(address, {"who": PHONE}).status_code == 422
    answer = officer.post(address, {"who": PHONE} | WHY)
    assert answer["Location"] == at("privacy_person", whole)
    assert AuditEntry.objects.get(action="privacy.find").reason == "工单 7"
    assert "没有找到" in text(officer.post(address, {"who": "13900000009"} | WHY))


def test_the_page_masks_and_opening_it_is_a_read(officer, whole):
    page = text(officer.get(at("privacy_person", whole)))
    assert "139****6666" in page
    assert "13977776666" not in page
    assert AccessLog.objects.filter(screen="privacy", actor_id=officer.guide.pk).count() == 1


def test_people_who_share_a_number_are_listed_and_none_is_opened(officer):
    one, other = (make_member(name=name, phone=PHONE) for name in ("周晚晴", "顾北"))
    answer = officer.post(reverse("workbench:privacy_find"), {"who": PHONE} | WHY)
    page = text(answer)
    assert answer.status_code == 200
    for row in (one, other):
        assert row.name in page
        assert reverse("workbench:privacy_person", args=[f"m-{row.pk}"]) in page
    assert page.count("139****6666") == 2
    assert AuditEntry.objects.get(action="privacy.find").detail["found"] == [
        f"member:{row.pk}" for row in (one, other)
    ]
    assert AccessLog.objects.filter(screen="privacy").count() == 2


def test_who_only_follows_an_account_has_a_page_and_can_be_erased(officer):
    fan = OfficialFollower.objects.create(
        account="青禾", openid="oFan1", openid_bidx=blind_index("oFan1"), followed_at=now()
    )
    address = reverse("workbench:privacy_find")
    answer = officer.post(address, {"who": "oFan1"} | WHY, follow=True)
    assert "公众号" in text(answer)
    key = f"f-{fan.pk}"
    officer.post(reverse("workbench:privacy_export", args=[key]), WHY | {"shape": "json"})
    officer.post(reverse("workbench:privacy_erase", args=[key]), SURE)
    run_due()
    assert not OfficialFollower.objects.exists()
    assert "公众号粉丝" in text(officer.get("/hq/privacy/"))


@pytest.mark.parametrize("key", ["m-0", "c-0", "x-1", "m-", "m-99999999999999999999"])
def test_nobody_s_page_is_not_there(officer, key):
    address = reverse("workbench:privacy_person", args=[key])
    assert officer.get(address).status_code == 404


def test_a_copy_as_data_and_to_read(officer, whole):
    address = at("privacy_export", whole)
    answer = officer.post(address, WHY | {"shape": "json"})
    assert json.loads(answer.content)["tables"]["members.Member"]["rows"][0]["phone"] == PHONE
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    page = text(officer.post(address, WHY | {"shape": "html"}))
    assert PHONE in page
    assert "CANARY 喜欢驼色" in page
    assert AuditEntry.objects.filter(action="privacy.export").count() == 2


def test_a_copy_to_read_has_words_instead_of_codes_and_the_clock_of_shanghai(officer, whole):
    at_night = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    Consent.objects.update(given_at=at_night)
    bought = {"order_no": "QH-1001", "amount_fen": 9900, "brand_id": 1, "lines": [{"size": "M"}]}
    make_event(kind="purchase", member=whole.member, params=bought)
    officer.post(at("privacy_export", whole), WHY | {"shape": "json"})
    page = text(officer.post(at("privacy_export", whole), WHY | {"shape": "html"}))
    cells = set(re.findall("<td>(.*?)</td>", page))
    assert {"营销信息", "同意页", "女", "购买", "上装尺码", "2026-11-21 00:30:00"} <= cells
    assert "订单号：QH-1001；金额：¥99.00；明细：尺码：M" in cells
    assert "聊天侧边栏" in cells
    assert not cells & {"marketing", "page", "purchase", "top_size", "sidebar", "2"}
    assert "UTC" not in page
    assert "{" not in "".join(cells)


def test_a_copy_is_never_an_old_login_s(whole):
    officer = make_guide(roles=(Role.PRIVACY_OFFICER,), store=None)
    client = GuideClient(officer, by_qr=False)
    for name, form in (("privacy_export", WHY | {"shape": "json"}), ("privacy_erase", SURE)):
        assert client.post(at(name, whole), form).status_code == 302
    assert not AuditEntry.objects.filter(action__startswith="privacy.").exists()


def test_a_consent_is_withdrawn_for_the_customer(officer, whole):
    row = Consent.objects.get()
    officer.post(at("privacy_withdraw", whole, row.pk))
    row.refresh_from_db()
    assert row.withdrawn_at
    other = make_member()
    given = {"version": "1", "channel": "page", "given_at": now()}
    foreign = Consent.objects.create(member=other, brand=row.brand, purpose="marketing", **given)
    assert officer.post(at("privacy_withdraw", whole, foreign.pk)).status_code == 404


@pytest.mark.parametrize("left_out", SURE)
def test_an_erasure_needs_both_boxes_and_a_reason(officer, whole, left_out):
    form = {name: value for name, value in SURE.items() if name != left_out}
    assert officer.post(at("privacy_erase", whole), form).status_code == 422
    assert not AuditEntry.objects.filter(action="privacy.erase").exists()


def test_an_erasure_is_shown_until_it_is_done_and_after(officer, whole):
    assert officer.get(at("privacy_confirm", whole)).status_code == 200
    officer.post(at("privacy_erase", whole), SURE)
    assert "正在删" in text(officer.get("/hq/privacy/"))
    run_due()
    assert left_of_person() == []
    page = text(officer.get("/hq/privacy/"))
    assert "已删完" in page
    assert "CANARY" not in page
    assert officer.get(at("privacy_person", whole)).status_code == 200


def test_periods_are_kept_to_each_night_and_shown(officer):
    retention.keep_to_periods.call()
    assert AuditEntry.objects.filter(action="retention.run").count() == len(retention.rules())
    page = text(officer.get("/hq/privacy/"))
    assert all(str(rule.label) in page for rule in retention.rules())


def test_old_reads_go_and_young_ones_stay(officer, settings):
    day = 24 * 3600
    for age in (181, 179):
        AccessLog.objects.create(
            at=now() - retention.timedelta(seconds=age * day),
            actor_id=1,
            subject="contact:1",
            screen="sidebar",
        )
    retention.keep_to_periods.call()
    assert AccessLog.objects.filter(subject="contact:1").count() == 1
