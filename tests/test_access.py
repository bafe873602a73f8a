"""Who may call what: every URL × role × (own, same store, other store, other region).

Deny by default: a URL without a rule fails, and so does a URL with roles that has no row in `ROWS`.
A room adds its rows to the table; the table says what should be, not what the view declares.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from guideapp.core.access import Rule, rule_of
from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from guideapp.integration.models import ImportRun
from guideapp.members.models import Consent, Contact
from guideapp.organisation.models import Guide, HrPlan, Role
from tests.conftest import GuideClient
from tests.factories import (
    make_api_call,
    make_api_client,
    make_brand,
    make_bulk_tagging,
    make_callback_event,
    make_candidate,
    make_category,
    make_department,
    make_follow,
    make_grant,
    make_guide,
    make_identity_link,
    make_job,
    make_material,
    make_member,
    make_outbox_call,
    make_region,
    make_share,
    make_store,
    make_suggestion,
    make_tag,
    make_tag_group,
    make_tag_mark,
    make_tag_rule,
    make_topic,
    make_welcome,
)

OWN, SAME_STORE, OTHER_STORE, OTHER_REGION = "own", "same store", "other store", "other region"
TARGETS = (OWN, SAME_STORE, OTHER_STORE, OTHER_REGION)
EVERYWHERE = frozenset(TARGETS)

# Which targets a role reaches, where the object belongs to a guide of that target.
OWN_ONLY = {Role.GUIDE: {OWN}}
STAFF = OWN_ONLY | {Role.STORE_MANAGER: {OWN, SAME_STORE}}
PEOPLE_OF_MANAGERS = {
    Role.STORE_MANAGER: {OWN, SAME_STORE},
    Role.REGIONAL_MANAGER: {OWN, SAME_STORE, OTHER_STORE},
}
STORE_SIDE = OWN_ONLY | PEOPLE_OF_MANAGERS
# The function itself, without an object of somebody's.
GUIDES = {Role.GUIDE: EVERYWHERE}
MANAGERS = dict.fromkeys((Role.STORE_MANAGER, Role.REGIONAL_MANAGER), EVERYWHERE)
SHOP = GUIDES | MANAGERS
CONTENT = dict.fromkeys((Role.HQ_CONTENT, Role.HQ_ADMIN), EVERYWHERE)
ADMINS = {Role.HQ_ADMIN: EVERYWHERE}
OFFICER = {Role.PRIVACY_OFFICER: EVERYWHERE}
EVERYBODY = dict.fromkeys(Role, EVERYWHERE)


class Target:
    """A guide somewhere, with a customer of theirs; more is made when a row asks for it."""

    def __init__(self, guide: Guide) -> None:
        self.guide = guide
        self.follow = make_follow(guide=guide)
        self.customer = self.follow.contact.external_userid

    @property
    def share(self) -> Any:
        """A material that the guide sent to their customer."""
        return make_share(guide=self.guide, contact=self.follow.contact)

    @property
    def suggestion(self) -> Any:
        """A suggestion to the guide about their customer."""
        return make_suggestion(guide=self.guide, contact=self.follow.contact)


def _nothing(_target: Target) -> Any:
    return {}


@dataclass(frozen=True)
class Row:
    """`reach`: role → targets; any other role is refused (403), any other target unknown (404).

    Both leave an audit row.

    `args`, `query` and `form` make the URL's arguments, its query and its form for a target.
    """

    reach: dict[Role, Any]
    method: str = "GET"
    args: Callable[[Target], dict[str, Any]] = field(default=_nothing)
    query: Callable[[Target], dict[str, Any]] = field(default=_nothing)
    form: Callable[[Target], dict[str, Any]] = field(default=_nothing)


def _follow(target: Target) -> dict[str, Any]:
    return {"follow_id": target.follow.pk}


def _guide(target: Target) -> dict[str, Any]:
    return {"guide_id": target.guide.pk}


def _customer(target: Target) -> dict[str, Any]:
    return {"customer": target.customer}


def _material(_target: Target) -> dict[str, Any]:
    return {"material_id": make_material().pk}


def _department(_target: Target) -> dict[str, Any]:
    return {"wecom_id": make_department().wecom_id}


def _hr_plan(_target: Target) -> dict[str, Any]:
    return {"plan_id": HrPlan.objects.create().pk}


def _import_run(_target: Target) -> dict[str, Any]:
    run = ImportRun.objects.create(resource="members", name="会员.csv", started_by="wangsi")
    return {"run_id": run.pk}


def _event(_target: Target) -> dict[str, Any]:
    return {"event_id": make_callback_event().pk}


def _call(_target: Target) -> dict[str, Any]:
    return {"call_id": make_outbox_call().pk}


def _api_call(_target: Target) -> dict[str, Any]:
    return {"call_id": make_api_call().pk}


def _job(_target: Target) -> dict[str, Any]:
    return {"job_id": make_job().pk}


def _subject(target: Target) -> dict[str, Any]:
    return {"key": f"c-{target.follow.contact_id}"}


def _consent(target: Target) -> dict[str, Any]:
    member = make_member()
    Contact.objects.filter(pk=target.follow.contact_id).update(member=member)
    given = {"version": "1", "channel": "page", "given_at": now()}
    brand = make_brand()
    row = Consent.objects.create(member=member, brand=brand, purpose="marketing", **given)
    return _subject(target) | {"consent_id": row.pk}


def _pair(_target: Target) -> dict[str, Any]:
    return {"candidate_id": make_candidate().pk}


def _link(_target: Target) -> dict[str, Any]:
    return {"link_id": make_identity_link().pk}


def _why(_target: Target) -> dict[str, Any]:
    return {"reason": "修好了", "seen": 1, "about": "linxm"}


ROWS: dict[str, Row] = {
    # --- organisation ---
    "organisation:me": Row(EVERYBODY),
    "organisation:choose_look": Row(EVERYBODY, "POST", form=lambda _t: {"look": "dark"}),
    "organisation:choose_language": Row(EVERYBODY, "POST", form=lambda _t: {"language": "en"}),
    "organisation:again": Row(EVERYBODY),
    "organisation:people": Row(ADMINS),
    "organisation:people_search": Row(ADMINS, "POST", form=lambda _t: {"q": "林"}),
    "organisation:person": Row(ADMINS, args=_guide),
    "organisation:grant": Row(ADMINS, "POST", args=_guide, form=lambda _t: {"role": "hq_content"}),
    "organisation:revoke": Row(
        ADMINS,
        "POST",
        args=lambda t: {
            "guide_id": t.guide.pk,
            "grant_id": make_grant(guide=t.guide, role=Role.HQ_CONTENT).pk,
        },
    ),
    "organisation:hr": Row(ADMINS),
    "organisation:hr_make": Row(ADMINS, "POST"),
    "organisation:hr_plan": Row(ADMINS, args=_hr_plan),
    "organisation:hr_apply": Row(ADMINS, "POST", args=_hr_plan),
    "organisation:tree": Row(ADMINS),
    "organisation:sync": Row(ADMINS, "POST"),
    "organisation:department": Row(ADMINS, args=_department),
    "organisation:make_region": Row(ADMINS, "POST", args=_department),
    "organisation:make_store": Row(ADMINS, "POST", args=_department),
    "organisation:unlink": Row(ADMINS, "POST", args=_department),
    # --- materials ---
    "materials:sidebar": Row(OWN_ONLY, query=_customer),
    "materials:send": Row(
        OWN_ONLY,
        "POST",
        args=_material,
        form=lambda t: {"customer": t.customer, "nonce": "n-1", "form": "card"},
    ),
    "materials:result": Row(
        OWN_ONLY,
        "POST",
        args=lambda t: {"share_id": t.share.pk},
        form=lambda _t: {"outcome": "sent"},
    ),
    "materials:signals": Row(OWN_ONLY, query=_customer),
    "materials:library": Row(GUIDES),
    "materials:hq_library": Row(CONTENT),
    "materials:hq_upload": Row(CONTENT, "POST"),
    "materials:hq_create_from_files": Row(CONTENT, "POST"),
    "materials:hq_new": Row(CONTENT),
    "materials:hq_categories": Row(CONTENT),
    "materials:hq_change_category": Row(
        CONTENT, "POST", args=lambda _t: {"category_id": make_category().pk}
    ),
    "materials:hq_edit": Row(CONTENT, args=_material),
    "materials:hq_withdraw": Row(CONTENT, "POST", args=_material),
    "materials:hq_preview": Row(CONTENT, args=_material),
    # --- acquisition ---
    "acquisition:welcome_list": Row(CONTENT),
    "acquisition:welcome_preview": Row(CONTENT, "POST"),
    "acquisition:welcome_brand": Row(CONTENT, args=lambda _t: {"brand_id": make_brand().pk}),
    "acquisition:welcome_store": Row(CONTENT, args=lambda t: {"store_id": t.guide.store.pk}),
    "acquisition:welcome_switch": Row(
        CONTENT,
        "POST",
        args=lambda _t: {"message_id": make_welcome(store=make_store()).pk},
    ),
    # --- integration ---
    "integration:clients": Row(ADMINS),
    "integration:client_new": Row(ADMINS),
    "integration:client_make": Row(ADMINS, "POST"),
    "integration:client_revoke": Row(
        ADMINS, "POST", args=lambda _t: {"client_id": make_api_client().pk}
    ),
    # --- workbench ---
    "workbench:home": Row(GUIDES),
    "workbench:customers": Row(GUIDES),
    "workbench:customers_search": Row(GUIDES, "POST", form=lambda _t: {"q": "林"}),
    "workbench:customer": Row(STORE_SIDE, args=_follow),
    "workbench:sidebar": Row(SHOP),
    "workbench:recent": Row(SHOP),
    "workbench:sidebar_customer": Row(STORE_SIDE, args=lambda t: {"external_userid": t.customer}),
    "workbench:tags": Row(STAFF, args=_follow),
    "workbench:mark": Row(STAFF, "POST", args=lambda t: _follow(t) | {"tag_id": make_tag().pk}),
    "workbench:unmark": Row(
        STAFF,
        "POST",
        args=lambda t: _follow(t) | {"tag_id": make_tag_mark(follow=t.follow).tag.pk},
    ),
    "workbench:note": Row(STAFF, args=_follow),
    "workbench:write": Row(STAFF, "POST", args=_follow, form=lambda _t: {"text": "喜欢驼色"}),
    "workbench:done": Row(OWN_ONLY, "POST", args=lambda t: {"suggestion_id": t.suggestion.pk}),
    "workbench:reveal": Row(STAFF, args=_follow),
    "workbench:reveal_now": Row(STAFF, "POST", args=_follow, form=lambda _t: {"reason": "call"}),
    "workbench:own_accesses": Row(SHOP),
    "workbench:claim": Row(OWN_ONLY, args=_follow),
    "workbench:claim_asked": Row(OWN_ONLY, args=_follow),
    "workbench:claim_find": Row(
        OWN_ONLY, "POST", args=_follow, form=lambda _t: {"phone": "13800002046"}
    ),
    "workbench:claim_ask": Row(OWN_ONLY, "POST", args=_follow),
    "workbench:own_tag": Row(OWN_ONLY, "POST", args=_follow, form=lambda _t: {"name": "爱聊天"}),
    "workbench:prefer": Row(
        STAFF, "POST", args=_follow, form=lambda _t: {"kind": "top_size", "value": "M"}
    ),
    "workbench:note_date": Row(
        STAFF, "POST", args=_follow, form=lambda _t: {"kind": "wedding", "month": 5}
    ),
    "workbench:still": Row(
        STAFF, "POST", args=_follow, form=lambda _t: {"preference": 1, "answer": "yes"}
    ),
    "workbench:purchases": Row(STORE_SIDE, args=_follow),
    "workbench:snooze": Row(OWN_ONLY, "POST", args=lambda t: {"suggestion_id": t.suggestion.pk}),
    "workbench:dismiss": Row(OWN_ONLY, "POST", args=lambda t: {"suggestion_id": t.suggestion.pk}),
    "workbench:team": Row(MANAGERS),
    "workbench:team_store": Row(PEOPLE_OF_MANAGERS, args=lambda t: {"store_id": t.guide.store.pk}),
    "workbench:store_customers": Row(
        PEOPLE_OF_MANAGERS, args=lambda t: {"store_id": t.guide.store.pk}
    ),
    "workbench:store_customers_search": Row(
        PEOPLE_OF_MANAGERS,
        "POST",
        args=lambda t: {"store_id": t.guide.store.pk},
        form=lambda _t: {"q": "林"},
    ),
    "workbench:team_picture": Row(
        PEOPLE_OF_MANAGERS, args=lambda t: {"store_id": t.guide.store.pk}
    ),
    "workbench:team_guides": Row(MANAGERS),
    "workbench:team_guide": Row(PEOPLE_OF_MANAGERS, args=_guide),
    # --- integration, files ---
    "imports:list": Row(ADMINS),
    "imports:upload": Row(ADMINS, "POST"),
    "imports:template": Row(ADMINS, args=lambda _t: {"resource": "members"}),
    "imports:run": Row(ADMINS, args=_import_run),
    "imports:confirm": Row(ADMINS, "POST", args=_import_run),
    "imports:report": Row(ADMINS, args=_import_run),
    "workbench:tagging": Row({Role.STORE_MANAGER: EVERYWHERE}),
    "workbench:tagging_start": Row(
        {Role.STORE_MANAGER: {OWN, SAME_STORE}},
        "POST",
        form=lambda t: {"guide": t.guide.pk, "tag": make_tag().pk},
    ),
    "workbench:tagging_progress": Row(
        {Role.STORE_MANAGER: ()}, args=lambda _t: {"bulk_id": make_bulk_tagging().pk}
    ),
    # --- workbench, headquarters ---
    "workbench:hq_tags": Row(ADMINS),
    "workbench:hq_tag_rule_save": Row(
        ADMINS,
        "POST",
        form=lambda _t: {"name": "近期看大衣", "trigger": "spent", "amount_yuan": 100},
    ),
    "workbench:hq_tag_rule_switch": Row(
        ADMINS, "POST", args=lambda _t: {"rule_id": make_tag_rule().pk}
    ),
    "workbench:hq_tag_group_change": Row(
        ADMINS,
        "POST",
        args=lambda _t: {"group_id": make_tag_group().pk},
        form=lambda _t: {"set_by": "managers"},
    ),
    "workbench:hq_topics": Row(ADMINS),
    "workbench:hq_topic_add": Row(
        ADMINS, "POST", form=lambda _t: {"word": "测试病", "topic": "health"}
    ),
    "workbench:hq_topic_remove": Row(ADMINS, "POST", args=lambda _t: {"topic_id": make_topic().pk}),
    "workbench:wecom": Row(ADMINS),
    "workbench:wecom_check": Row(ADMINS),
    "workbench:wecom_run_check": Row(ADMINS, "POST"),
    "workbench:wecom_inbox": Row(ADMINS),
    "workbench:wecom_replay_dead": Row(ADMINS, "POST", form=_why),
    "workbench:wecom_event": Row(ADMINS, args=_event),
    "workbench:wecom_replay": Row(ADMINS, "POST", args=_event, form=_why),
    "workbench:wecom_outbox": Row(ADMINS),
    "workbench:wecom_call": Row(ADMINS, args=_call),
    "workbench:wecom_send_again": Row(ADMINS, "POST", args=_call, form=_why),
    "workbench:wecom_drop": Row(ADMINS, "POST", args=_call, form=_why),
    "workbench:wecom_jobs": Row(ADMINS),
    "workbench:wecom_job": Row(ADMINS, args=_job),
    "workbench:wecom_run_again": Row(ADMINS, "POST", args=_job, form=_why),
    "workbench:wecom_calls": Row(ADMINS),
    "workbench:wecom_api_call": Row(ADMINS, args=_api_call),
    "workbench:wecom_repeat": Row(ADMINS, "POST", args=_api_call, form=_why),
    "workbench:wecom_sync": Row(ADMINS),
    "workbench:rules": Row(CONTENT),
    "workbench:privacy": Row(OFFICER),
    "workbench:privacy_find": Row(
        OFFICER, "POST", form=lambda _t: {"who": "HY1", "reason": "工单"}
    ),
    "workbench:privacy_person": Row(OFFICER, args=_subject),
    "workbench:privacy_export": Row(
        OFFICER, "POST", args=_subject, form=lambda _t: {"reason": "工单 7", "shape": "json"}
    ),
    "workbench:privacy_withdraw": Row(OFFICER, "POST", args=_consent),
    "workbench:privacy_confirm": Row(OFFICER, args=_subject),
    "workbench:privacy_erase": Row(
        OFFICER,
        "POST",
        args=_subject,
        form=lambda _t: {"reason": "工单 7", "is_proven": "on", "is_final": "on"},
    ),
    "workbench:identity": Row(ADMINS),
    "workbench:identity_links": Row(ADMINS),
    "workbench:identity_link": Row(ADMINS, args=_link),
    "workbench:identity_undo": Row(ADMINS, "POST", args=_link, form=_why),
    "workbench:identity_candidate": Row(ADMINS, args=_pair),
    "workbench:identity_merge": Row(ADMINS, "POST", args=_pair, form=_why),
    "workbench:identity_apart": Row(ADMINS, "POST", args=_pair, form=_why),
    "workbench:join_codes": Row(ADMINS),
    "workbench:audit": Row(ADMINS),
    "workbench:accesses": Row(ADMINS),
}


def _urls(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, Rule | None]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name or pattern.pattern}", rule_of(pattern.callback)
        else:
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _urls(pattern, inner)


URLS = list(_urls(get_resolver()))
WITH_ROLES = [name for name, rule in URLS if rule and not rule.public]
TABLED = [name for name in WITH_ROLES if name in ROWS]


def test_every_url_has_a_name_of_its_own():
    names = [name for name, _rule in URLS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "rule"), URLS)
def test_every_url_has_a_rule(name, rule):
    assert rule is not None, f"{name}: say @public(why) or @…_required"
    assert bool(rule.roles) != rule.public, f"{name}: roles or public"
    assert not rule.public or rule.why, f"{name}: say what protects it instead of a login"


def test_every_url_with_roles_has_a_row_in_the_table():
    assert set(WITH_ROLES) == set(ROWS)


@pytest.fixture
def targets(db: None) -> dict[str, Target]:
    """A guide, a colleague, one of another store of the region, and one of another region."""
    region = make_region()
    store, elsewhere = make_store(region=region), make_store(region=region)
    return {
        OWN: Target(make_guide(store=store)),
        SAME_STORE: Target(make_guide(store=store)),
        OTHER_STORE: Target(make_guide(store=elsewhere)),
        OTHER_REGION: Target(make_guide(store=make_store(region=make_region()))),
    }


@pytest.fixture
def clients(targets: dict[str, Target]) -> dict[Role, GuideClient]:
    """One person for each role, at the store of the first guide; the first guide is that guide."""
    store = targets[OWN].guide.store
    people = {role: make_guide(store=store, roles=(role,)) for role in Role if role != Role.GUIDE}
    people[Role.GUIDE] = targets[OWN].guide
    return {role: GuideClient(guide) for role, guide in people.items()}


def ask(client: Client, name: str, target: Target) -> str:
    """What came of one call, in words. What it changed is undone: no call knows another."""
    row = ROWS[name]
    with transaction.atomic():
        address = reverse(name, kwargs=row.args(target), query=row.query(target))
        if row.method == "POST":
            response = client.post(address, row.form(target))
        else:
            response = client.get(address)
        told = AuditEntry.objects.filter(action__startswith="refused").exists()
        transaction.set_rollback(True)
    return verdict(response.status_code, told=told)


def verdict(status: int, *, told: bool) -> str:
    """`told`: the refusal is in the audit log. A wrong method or our failure is nobody's due."""
    if status == 405 or status >= 500:
        return f"error {status}"
    if status in (403, 404) and not told:
        return f"{status} without an audit row"
    return {403: "refused", 404: "unknown"}.get(status, "allowed")


@pytest.mark.parametrize("name", TABLED)
def test_a_role_reaches_what_the_table_says_and_nothing_else(name, targets, clients):
    reach = ROWS[name].reach
    due, found = {}, {}
    for role, client in clients.items():
        for where, target in targets.items():
            allowed = "allowed" if where in reach.get(role, ()) else "unknown"
            due[role.value, where] = allowed if role in reach else "refused"
            found[role.value, where] = ask(client, name, target)
    assert found == due


@pytest.mark.parametrize("name", TABLED)
def test_nobody_gets_anywhere_without_a_login(name, targets):
    with transaction.atomic():
        row, target = ROWS[name], targets[OWN]
        address = reverse(name, kwargs=row.args(target))
        response = Client().get(address) if row.method == "GET" else Client().post(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/wecom/login/")
