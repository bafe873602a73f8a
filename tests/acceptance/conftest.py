"""A small company that the product has read from the played WeCom, and windows onto it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FrameLocator, Page, expect

from guideapp.acquisition.services import save_message
from guideapp.core.clock import now
from guideapp.core.jobs.worker import start_threads
from guideapp.materials.models import Material
from guideapp.materials.services import (
    MaterialText,
    add_category,
    publish,
    save_material,
    store_content,
)
from guideapp.members.models import Contact
from guideapp.members.services import (
    PurchaseLine,
    open_card,
    reconcile,
    record_purchase,
    save_member,
    write_note,
)
from guideapp.organisation.models import Brand, Department, Guide, Role, Store
from guideapp.organisation.services import (
    grant_role,
    link_region,
    link_store,
    place_guides,
    sync_address_book,
)
from guideapp.sandbox.services import callbacks
from tests.browser_support import Windows
from tests.wecom_support import PlayedWeCom

# These prove something else than a page: what they open and where is their own business.
OPENS_NO_WINDOW_OF_OURS = ("test_n2_", "test_n10_", "test_r67_")


@dataclass
class Story:
    """The company of scenarios/small.json as the product knows it, with workers running."""

    wecom: PlayedWeCom
    windows: Windows
    brand: Brand

    def chat(self, guide: str, customer: str = "") -> tuple[Page, FrameLocator]:
        """The sandbox window as `guide` (a name), in the chat with `customer` (as listed)."""
        page = self.windows.desk()
        page.goto("/sandbox/")
        choice = page.get_by_label("身份")
        label = choice.locator("option").filter(has_text=guide).first.inner_text()
        if choice.locator("option:checked").inner_text() != label:
            self.windows.forgive("401 (Unauthorized)")  # the page of the person before
            with page.expect_navigation():
                choice.select_option(label=label)
        if customer:
            self.turn_to(page, customer)
        return page, page.frame_locator("iframe")

    def turn_to(self, page: Page, customer: str) -> None:
        """Choose another conversation of the window."""
        line = page.locator(".sb-conv").filter(has=page.get_by_text(customer, exact=True))
        with page.expect_navigation():  # also where this conversation is the open one already
            line.first.click()
        page.locator(".sb-chat-h").get_by_role("heading", name=customer).wait_for()

    def greet_newcomer(self, page: Page, key: str, name: str) -> None:
        """A stranger adds 林小满; once she has been told, open the chat with them."""
        self.wecom.raise_event(
            "add_external_contact", userid="linxm", external_userid=self.wecom.customer(key)
        )
        expect(page.locator(".sb-conv").filter(has_text="应用消息")).to_be_visible()
        self.turn_to(page, name)

    def guide(self, userid: str) -> Guide:
        """The row of a member of the company."""
        return Guide.objects.with_userid(userid).get()

    def contact(self, key: str) -> Contact:
        """The row of a customer by the scenario's key."""
        return Contact.objects.get(external_userid=self.wecom.customer(key))


def picture(colour: str = "#8a5438") -> bytes:
    """A PNG as a phone would upload it."""
    target = io.BytesIO()
    Image.new("RGB", (900, 720), colour).save(target, "PNG")
    return target.getvalue()


def make_live(brand: Brand, title: str, kind: str = "image", **fields: Any) -> Material:
    """A live material, written and published the way headquarters does."""
    stores = fields.pop("only_stores", [])
    shelf = brand.category_set.first() or add_category(brand=brand, name="新品", editor=None)
    file = store_content(content=picture(), name=f"{title}.png", guide=None)
    text = {
        "summary": "一件穿到过年",
        "body": "看腰线，看袖长。",
        "file": file if kind == Material.Kind.IMAGE else None,
        "cover": file,
    }
    material = save_material(
        material=None,
        kind=kind,
        text=MaterialText(title=title, category=shelf, **text | fields),
        only_stores=stores,
        editor=None,
    )
    return publish(material_id=material.pk, editor=None, at=now() - timedelta(days=1))


@pytest.fixture
def story(wecom: PlayedWeCom, windows: Windows, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """See Story. Zhou (周晚晴) is a gold member, Juzi (橘子汽水) is not."""
    sync_address_book()
    departments = {row.wecom_id: row for row in Department.objects.all()}
    region = link_region(actor_userid="", department=departments[2], brand_name="青禾")
    for wecom_id, code in ((3, "QH001"), (4, "QH002")):
        link_store(
            actor_userid="", department=departments[wecom_id], region=region, code=code, city="杭州"
        )
    place_guides.call()
    for role in (Role.HQ_CONTENT, Role.HQ_ADMIN):
        grant_role(actor_userid="", guide=Guide.objects.with_userid("wangsi").get(), role=role)
    reconcile()
    brand = region.brand
    _know_zhou(wecom, brand)
    for title in ("燕麦色大衣的 5 种穿法", "羊绒不起球，记住这 3 步", "围巾的 6 种系法"):
        make_live(brand, title)
    save_message(
        brand=brand,
        store=None,
        text="{客户}你好，我是{门店}的{导购}，想看什么直接问我",
        material=Material.objects.order_by("pk").first(),
        is_active=True,
        editor=Guide.objects.with_userid("wangsi").get(),
    )
    monkeypatch.setenv("WECOM_SANDBOX_DELIVERS", "1")  # callbacks go out by themselves here
    deliverer = callbacks.start_thread()
    workers = start_threads()
    yield Story(wecom, windows, brand)
    windows.close()
    workers.stop(seconds=120)  # a job that still writes would meet the emptying of the tables
    deliverer.stop()


@pytest.fixture(autouse=True)
def opened_a_page(request: pytest.FixtureRequest, windows: Windows) -> Iterator[None]:
    """An acceptance test that opened no page in a real browser proves nothing."""
    yield
    if not request.path.name.startswith(OPENS_NO_WINDOW_OF_OURS):
        assert windows.opened > 0


def _know_zhou(wecom: PlayedWeCom, brand: Brand) -> None:
    """What the retailer's member system says of 周晚晴, and what her guide noted."""
    contact = Contact.objects.get(external_userid=wecom.customer("zhou"))
    store = Store.objects.get(code="QH001")
    member = save_member(
        name="周晚晴", phone="13800002046", unionid=contact.unionid, home_store=store
    )
    open_card(
        member=member,
        brand=brand,
        number="HY20267731",
        level="金卡",
        points=3260,
        opened_at=now() - timedelta(days=400),
    )
    linxm = Guide.objects.with_userid("linxm").get()
    for days, amount in ((18, 89900), (60, 56900)):
        record_purchase(
            member=member,
            order_no=f"QH{days}",
            lines=[PurchaseLine("K011-1M", "圆领羊绒开衫", "鼠尾草绿", "M", 1, amount)],
            store=store,
            guide=linxm,
            at=now() - timedelta(days=days),
        )
    write_note(contact, linxm, "想要轻一点的长款大衣，预算 2,000 左右。")
