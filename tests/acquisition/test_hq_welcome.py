"""/hq/welcome/: headquarters writes what new customers are greeted with."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from guideapp.acquisition.models import WelcomeMessage
from guideapp.compliance.services import add_words
from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from guideapp.materials.models import Material
from guideapp.wecom.models import OutboxCall
from tests.acquisition.support import brand_of, ended, greet_now, make_seller
from tests.factories import (
    make_brand,
    make_follow,
    make_material,
    make_store,
    make_visit,
    make_welcome,
)

LIST = "/hq/welcome/"


def brand_page(brand: Any) -> str:
    """The address of the brand's message."""
    return reverse("acquisition:welcome_brand", args=[brand.pk])


def store_page(store: Any) -> str:
    """The address of the store's message."""
    return reverse("acquisition:welcome_store", args=[store.pk])


def test_headquarters_writes_the_brands_welcome(as_content: Any) -> None:
    brand, material = make_brand(), make_material()
    form = {"text": "{客户}您好\r\n我是{导购}", "material": material.pk, "is_active": "on"}
    response = as_content.post(brand_page(brand), form)
    assert response.status_code == 302
    message = WelcomeMessage.objects.get()
    assert (message.brand, message.store, message.text) == (brand, None, "{客户}您好\n我是{导购}")
    assert (message.material, message.is_active) == (material, True)
    assert message.edited_by == as_content.guide


def test_a_saved_message_says_so_and_shows_what_was_written(as_content: Any) -> None:
    brand = make_brand()
    response = as_content.post(brand_page(brand), {"text": "欢迎", "is_active": "on"}, follow=True)
    page = response.content.decode()
    assert "已保存" in page
    assert "欢迎</textarea>" in page


def test_every_edit_is_in_the_audit_log_without_its_text(as_content: Any) -> None:
    brand = make_brand()
    as_content.post(brand_page(brand), {"text": "欢迎光临", "is_active": "on"})
    as_content.post(brand_page(brand), {"text": "欢迎再来"})
    entries = AuditEntry.objects.filter(action__startswith="welcome.").order_by("pk")
    assert [entry.action for entry in entries] == ["welcome.create", "welcome.edit"]
    assert {entry.actor for entry in entries} == {as_content.guide.userid}
    assert "欢迎" not in str([entry.detail for entry in entries])


def test_an_over_long_text_is_refused_in_words_and_nothing_is_lost(as_content: Any) -> None:
    brand, text = make_brand(), "好" * 1043
    response = as_content.post(brand_page(brand), {"text": text, "is_active": "on"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "现在 1043 个，请删去 43 个" in page
    assert text in page
    assert not WelcomeMessage.objects.exists()


def test_a_forbidden_word_is_named_and_marked_and_nothing_is_lost(as_content: Any) -> None:
    brand, material = make_brand(), make_material()
    add_words([("全网最低", "absolute_claim")])
    form = {"text": "今天全网最低价", "material": material.pk, "is_active": "on"}
    response = as_content.post(brand_page(brand), form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "<mark>全网最低</mark>" in page
    assert "“全网最低”不能用" in page
    assert "今天全网最低价</textarea>" in page
    assert f'value="{material.pk}" selected' in page
    assert not WelcomeMessage.objects.exists()


def test_hostile_text_is_shown_as_text(as_content: Any) -> None:
    add_words([("坏词", "other")])
    response = as_content.post(brand_page(make_brand()), {"text": "<script>坏词</script>"})
    assert "<script>坏词" not in response.content.decode()


@pytest.mark.parametrize("text", ["", "   ", "{名字}您好", "好\x00"])
def test_a_text_that_cannot_be_sent_is_refused(as_content: Any, text: str) -> None:
    response = as_content.post(brand_page(make_brand()), {"text": text, "is_active": "on"})
    assert response.status_code == 422
    assert not WelcomeMessage.objects.exists()


def test_a_store_gets_a_message_of_its_own_beside_the_brands(as_content: Any) -> None:
    store = make_store()
    make_welcome(brand=store.region.brand, text="品牌的")
    as_content.post(store_page(store), {"text": "门店的", "is_active": "on"})
    assert WelcomeMessage.objects.get(store=store).text == "门店的"
    assert WelcomeMessage.objects.get(store=None).text == "品牌的"


@pytest.mark.parametrize("kind", ["draft", "of_another_brand"])
def test_a_material_that_cannot_be_sent_cannot_be_chosen(as_content: Any, kind: str) -> None:
    brand = make_brand()
    material = (
        make_material(status=Material.Status.DRAFT)
        if kind == "draft"
        else make_material(brand=make_brand(name="别家"))
    )
    form = {"text": "欢迎", "material": material.pk, "is_active": "on"}
    assert as_content.post(brand_page(brand), form).status_code == 422


def test_a_material_withdrawn_meanwhile_stays_chosen_and_says_that_it_is_skipped(
    as_content: Any,
) -> None:
    material = make_material(title="夏末清仓", status=Material.Status.WITHDRAWN)
    make_welcome(brand=material.brand, material=material)
    page = as_content.get(brand_page(material.brand)).content.decode()
    assert "夏末清仓（现在不能发，会略过）" in page
    form = {"text": "欢迎", "material": material.pk, "is_active": "on"}
    assert as_content.post(brand_page(material.brand), form).status_code == 302


def test_the_preview_fills_the_variables_and_shows_the_card(as_content: Any) -> None:
    guide = make_seller()
    material = make_material(title="大衣穿法")
    form = {"text": "我是{门店}的{导购}", "store": guide.store.pk, "material": material.pk}
    page = as_content.post("/hq/welcome/preview/", form).content.decode()
    assert "我是星河里店的小满" in page
    assert "大衣穿法" in page
    assert not WelcomeMessage.objects.exists()


@pytest.mark.parametrize("field", ["store", "brand", "material"])
def test_a_preview_with_a_broken_id_still_shows(as_content: Any, field: str) -> None:
    response = as_content.post("/hq/welcome/preview/", {"text": "您好", field: "9" * 30 + "x"})
    assert response.status_code == 200


def test_the_list_shows_the_brand_the_stores_and_what_became_of_the_welcomes(
    as_content: Any,
) -> None:
    follow = make_follow(guide=make_seller())
    material = make_material()
    make_welcome(brand=brand_of(follow), material=material, text="品牌的话")
    sent, missed = greet_now(follow, "A"), greet_now(make_follow(guide=follow.guide), "B")
    assert sent is not None
    assert missed is not None
    ended(sent, OutboxCall.State.DONE)
    ended(missed, OutboxCall.State.FAILED)
    make_visit(link=sent.link, material=material)
    response = as_content.get(LIST)
    total = response.context["total"]
    assert (total.sent, total.missed, total.with_card, total.opened) == (1, 1, 1, 1)
    page = response.content.decode()
    assert "品牌的话" in page
    assert "星河里店" in page


def test_welcomes_older_than_a_week_are_not_in_the_figures(as_content: Any) -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow))
    delivery = greet_now(follow, at=now() - timedelta(days=8))
    assert delivery is not None
    ended(delivery, OutboxCall.State.DONE)
    assert as_content.get(LIST).context["total"].sent == 0


def test_the_search_finds_a_store_by_a_part_of_its_name(as_content: Any) -> None:
    make_store(name="星河里店")
    make_store(name="武康路店")
    page = as_content.get(LIST, {"q": "星河"}, headers={"HX-Request": "true"}).content.decode()
    assert "星河里店" in page
    assert "武康路店" not in page
    assert "<html" not in page


@pytest.mark.parametrize("stores", [1, 50])
def test_the_list_costs_the_same_with_one_and_with_fifty_stores(
    as_content: Any, django_assert_num_queries: Any, stores: int
) -> None:
    for _n in range(stores):
        store = make_store()
        make_welcome(brand=store.region.brand, store=store)
    with django_assert_num_queries(2 + 4):
        assert as_content.get(LIST).status_code == 200


def test_a_switch_turns_a_message_off_and_on_again_audited(as_content: Any) -> None:
    message = make_welcome()
    address = reverse("acquisition:welcome_switch", args=[message.pk])
    response = as_content.post(address, {"on": "0"}, headers={"HX-Request": "true"})
    message.refresh_from_db()
    assert not message.is_active
    assert 'aria-checked="false"' in response.content.decode()
    as_content.post(address, {"on": "1"})
    message.refresh_from_db()
    assert message.is_active
    actions = AuditEntry.objects.filter(action__startswith="welcome.").values_list("action")
    assert [action for (action,) in actions] == ["welcome.off", "welcome.on"]


@pytest.mark.parametrize("client", ["as_guide", "as_manager", "as_regional"])
def test_only_headquarters_comes_in(client: str, request: pytest.FixtureRequest) -> None:
    other = request.getfixturevalue(client)
    message = make_welcome()
    assert other.get(LIST).status_code == 403
    assert other.get(brand_page(message.brand)).status_code == 403
    assert other.post(brand_page(message.brand), {"text": "我的"}).status_code == 403
    switch = reverse("acquisition:welcome_switch", args=[message.pk])
    assert other.post(switch, {"on": "0"}).status_code == 403
    message.refresh_from_db()
    assert message.is_active


@pytest.mark.parametrize(
    "address", ["/hq/welcome/brands/999/", "/hq/welcome/stores/999/", "/hq/welcome/999/switch/"]
)
def test_an_unknown_place_is_not_found(as_content: Any, address: str) -> None:
    assert as_content.post(address, {"text": "欢迎"}).status_code == 404


def test_a_get_changes_nothing(as_content: Any) -> None:
    message = make_welcome()
    switch = reverse("acquisition:welcome_switch", args=[message.pk])
    assert as_content.get(switch).status_code == 405
    assert as_content.get("/hq/welcome/preview/").status_code == 405
