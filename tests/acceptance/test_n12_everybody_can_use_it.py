"""Every page by keyboard and screen reader, at 360 px, in dark mode, and in both languages."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from guideapp.attribution.models import TrackedLink
from guideapp.materials.models import Material
from guideapp.members.models import FollowRelation
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.screens import axe_findings, shoot, sideways

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Screen:
    """One page: the picture's name, who looks at it, its address, and whether it is a desk's."""

    name: str
    userid: str
    address: str
    desk: bool = False


def screens_of(story: Story) -> Iterator[Screen]:
    """Every page that somebody can open, with the small company in it."""
    zhou, juzi = story.wecom.customer("zhou"), story.wecom.customer("juzi")
    follow = FollowRelation.objects.get(guide__userid="linxm", contact__external_userid=zhou)
    guide, material = story.guide("linxm"), Material.objects.order_by("pk").first()
    link = TrackedLink.objects.create(
        token="x" * 22,
        kind="share",
        guide=guide,
        target=f"material:{material.pk}",
        created_at=follow.followed_at,
    )
    materials = reverse("materials:sidebar")
    for name, address in (
        ("sidebar-customer", reverse("workbench:sidebar_customer", args=[zhou])),
        ("sidebar-nonmember", reverse("workbench:sidebar_customer", args=[juzi])),
        ("sidebar-materials", f"{materials}?customer={zhou}"),
        ("sidebar-materials-empty", f"{materials}?customer={zhou}&q=貂皮"),
        ("sidebar-recent", reverse("workbench:recent")),
        ("sidebar-tags", reverse("workbench:tags", args=[follow.pk])),
        ("sidebar-note", reverse("workbench:note", args=[follow.pk])),
        ("guide-home", reverse("workbench:home")),
        ("guide-customers", reverse("workbench:customers")),
        ("guide-customer", reverse("workbench:customer", args=[follow.pk])),
        ("guide-materials", reverse("materials:library")),
        ("me", reverse("organisation:me")),
        ("not-found", "/g/customers/999999/"),
        ("forbidden", reverse("materials:hq_library")),
    ):
        yield Screen(name, "linxm", address)
    for name, address in (
        ("manager-kpi", reverse("workbench:team")),
        ("manager-guides", reverse("workbench:team_guides")),
        ("manager-guide", reverse("workbench:team_guide", args=[guide.pk])),
    ):
        yield Screen(name, "hejs", address)
    for name, address in (
        ("start", "/"),
        ("public-material", f"/v/{material.pk}/{link.token}"),
    ):
        yield Screen(name, "", address)
    for name, address in (
        ("hq-materials", reverse("materials:hq_library")),
        ("hq-welcome", reverse("acquisition:welcome_list")),
        ("hq-people", reverse("organisation:people")),
        ("hq-organisation", reverse("organisation:tree")),
        ("hq-person", reverse("organisation:person", args=[guide.pk])),
        ("hq-department", reverse("organisation:department", args=[1])),
        ("hq-staff", reverse("organisation:hr")),
        ("hq-material", reverse("materials:hq_edit", args=[material.pk])),
        ("hq-material-new", f"{reverse('materials:hq_new')}?kind=link"),
        ("hq-categories", reverse("materials:hq_categories")),
        ("hq-welcome-store", reverse("acquisition:welcome_store", args=[guide.store_id])),
        ("hq-imports", reverse("imports:list")),
        ("hq-clients", reverse("integration:clients")),
        ("hq-client-new", reverse("integration:client_new")),
        *(
            (f"hq-{name.replace('_', '-')}", reverse(f"workbench:{name}"))
            for name in ("wecom", "wecom_check", "wecom_inbox", "wecom_outbox", "wecom_jobs")
        ),
        *(
            (f"hq-{name.removeprefix('hq_').replace('_', '-')}", reverse(f"workbench:{name}"))
            for name in ("rules", "hq_tags", "hq_topics", "identity", "identity_links")
        ),
        ("hq-wecom-calls", reverse("workbench:wecom_calls")),
        ("hq-wecom-sync", reverse("workbench:wecom_sync")),
        ("hq-audit", reverse("workbench:audit")),
        ("hq-accesses", reverse("workbench:accesses")),
        ("sandbox", "/sandbox/"),
    ):
        yield Screen(name, "wangsi", address, desk=True)


@pytest.mark.parametrize(
    ("look", "language", "width"),
    [("light", "zh-hans", 360), ("dark", "zh-hans", 390), ("light", "en", 360)],
)
def test_every_page_is_clean_for_axe_and_nothing_scrolls_sideways(
    story: Story, look: str, language: str, width: int
):
    # Pages that are refused answer 403 and 404, which the console tells.
    story.windows.forgive("Failed to load resource")
    suffix = "-en" if language == "en" else {"dark": "-dark", "light": ""}[look]
    findings: dict[str, list[str]] = {}
    pages: dict[tuple[str, bool], Page] = {}
    for screen in screens_of(story):
        reader = (screen.userid, screen.desk)
        if reader not in pages:
            pages[reader] = window_of(story, screen, look, language, width)
        page = pages[reader]
        page.goto(screen.address)
        if wrong := axe_findings(page) + sideways(page):
            findings[screen.name] = wrong
        shoot(page, f"{screen.name}{suffix}", whole=not screen.name.startswith("sandbox"))
    assert findings == {}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_headquarters_pages_are_whole_on_a_phone(story: Story, language: str):
    desk = [screen for screen in screens_of(story) if screen.name.startswith("hq-")]
    page = visit(story, replace(desk[0], desk=False), "light", language, 360)
    cut_off: dict[str, list[str]] = {}
    for screen in desk:
        page.goto(screen.address)
        if found := sideways(page):
            cut_off[screen.name] = found
    assert cut_off == {}


def test_the_card_works_by_keyboard_alone(story: Story):
    zhou = story.wecom.customer("zhou")
    screen = Screen("keyboard", "linxm", reverse("workbench:sidebar_customer", args=[zhou]))
    page = visit(story, screen, "light", "zh-hans", 360)
    add = page.locator("#tags-add")
    for _ in range(30):
        page.keyboard.press("Tab")
        if add.evaluate("node => node === document.activeElement"):
            break
    expect(add).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(add).to_be_focused()


def test_text_may_grow_to_twice_its_size(story: Story):
    zhou = story.wecom.customer("zhou")
    screen = Screen("large", "linxm", reverse("workbench:sidebar_customer", args=[zhou]))
    page = visit(story, screen, "light", "zh-hans", 360)
    page.set_viewport_size({"width": 240, "height": 800})  # 360 px at 150 %
    assert sideways(page) == []
    shoot(page, "sidebar-customer-large-text")


def visit(story: Story, screen: Screen, look: str, language: str, width: int) -> Page:
    """Open the page as its reader, in the look and language asked for."""
    page = window_of(story, screen, look, language, width)
    page.goto(screen.address)
    return page


def window_of(story: Story, screen: Screen, look: str, language: str, width: int) -> Page:
    """A window in which the screen's reader is logged in."""
    page = story.windows.desk() if screen.desk else story.windows.open(width=width, height=800)
    cookies = {"look": look, django_settings.LANGUAGE_COOKIE_NAME: language}
    if screen.userid:
        name = django_settings.SESSION_COOKIE_NAME
        cookies[name] = GuideClient(story.guide(screen.userid)).cookies[name].value
    page.context.add_cookies(
        [{"name": name, "value": value, "url": story.wecom.url} for name, value in cookies.items()]
    )
    return page
