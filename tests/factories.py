"""Rows for tests: `make_*` fills only what the model requires; the test states what matters."""

import itertools
from datetime import timedelta
from typing import Any

from guideapp.acquisition.models import WelcomeMessage
from guideapp.attribution.models import TrackedLink
from guideapp.catalogue.models import Product, Sku
from guideapp.compliance.models import ContactSlot, SensitiveWord
from guideapp.core.clock import now, today
from guideapp.core.fields import blind_index
from guideapp.core.models import Job
from guideapp.integration.models import ApiClient
from guideapp.integration.services import RESOURCES
from guideapp.materials.models import Category, Material, MaterialFile, Share, Visit
from guideapp.members.models import (
    BulkTagging,
    Contact,
    FollowRelation,
    ForbiddenTopic,
    IdentityLink,
    Member,
    MembershipCard,
    MergeCandidate,
    Observation,
    Preference,
    Suggestion,
    Tag,
    TagGroup,
    TagMark,
    TagRule,
    TimelineEvent,
)
from guideapp.members.services import owner_of
from guideapp.organisation.models import Brand, Department, Guide, Region, Role, RoleGrant, Store
from guideapp.wecom.models import ApiCall, CallbackEvent, OutboxCall

_numbers = itertools.count(1)


def _number() -> int:
    """A number that no other row of this run has."""
    return next(_numbers)


def _token() -> str:
    return f"{_number():022d}"


# --- organisation ---------------------------------------------------------------------------------


def make_brand(**kw: Any) -> Brand:
    """A brand; without a name always the same one, as most companies have one."""
    if not kw:
        return Brand.objects.get_or_create(name="青禾")[0]
    return Brand.objects.create(**{"name": f"品牌{_number()}"} | kw)


def make_region(**kw: Any) -> Region:
    """A region of its own in the usual brand."""
    kw.setdefault("brand", None)
    kw["brand"] = kw["brand"] or make_brand()
    return Region.objects.create(**{"name": f"大区{_number()}"} | kw)


def make_store(**kw: Any) -> Store:
    """A store, in a region of its own unless one is given."""
    n = _number()
    kw["region"] = kw.get("region") or make_region()
    return Store.objects.create(**{"name": f"门店{n}", "code": f"S{n:03d}"} | kw)


def make_department(**kw: Any) -> Department:
    """A department of the address book that stands for nothing of ours."""
    n = _number()
    return Department.objects.create(
        **{"wecom_id": 1000 + n, "parent_wecom_id": 1, "name": f"部门{n}"} | kw
    )


def make_guide(*, roles: tuple[str, ...] = (Role.GUIDE,), **kw: Any) -> Guide:
    """An active guide of a store with `roles`; store and region roles reach that store."""
    n = _number()
    if "store" not in kw:
        kw["store"] = make_store()
    fields = {"userid": f"guide{n}", "name": f"导购{n}", "can_contact_customers": True} | kw
    guide = Guide.objects.create(**fields)
    for role in roles:
        make_grant(guide=guide, role=role)
    return guide


def make_grant(*, guide: Guide, role: str, **kw: Any) -> RoleGrant:
    """A grant in force; a manager's reaches the guide's own store or region unless given."""
    scope: dict[str, Any] = {}
    if role == Role.STORE_MANAGER:
        scope = {"store": guide.store}
    elif role == Role.REGIONAL_MANAGER:
        scope = {"region": guide.store.region if guide.store else None}
    return RoleGrant.objects.create(
        **{"guide": guide, "role": role, "granted_at": now()} | scope | kw
    )


# --- members --------------------------------------------------------------------------------------


def make_contact(**kw: Any) -> Contact:
    """A customer as WeCom knows them, not a member."""
    n = _number()
    return Contact.objects.create(
        **{"external_userid": f"wmExample{n:06d}", "name": f"客户{n}"} | kw
    )


def make_follow(**kw: Any) -> FollowRelation:
    """An open relation of a guide and a customer, both new unless given."""
    kw["guide"] = kw.get("guide") or make_guide()
    kw["contact"] = kw.get("contact") or make_contact()
    return FollowRelation.objects.create(**{"followed_at": now()} | kw)


def make_member(**kw: Any) -> Member:
    """A member; the look-up hashes follow the phone and unionid given."""
    fields = {"name": f"会员{_number()}"} | kw
    fields.setdefault("phone_bidx", blind_index(fields.get("phone", "")))
    fields.setdefault("phone_tail_bidx", blind_index(fields.get("phone", "")[-4:]))
    fields.setdefault("unionid_bidx", blind_index(fields.get("unionid", "")))
    return Member.objects.create(**fields)


def make_card(**kw: Any) -> MembershipCard:
    """A membership card of the usual brand."""
    kw["member"] = kw.get("member") or make_member()
    kw["brand"] = kw.get("brand") or make_brand()
    fields = {"number": f"HY{_number():08d}", "level": "银卡", "opened_at": now()}
    return MembershipCard.objects.create(**fields | kw)


def make_candidate(**kw: Any) -> MergeCandidate:
    """An open question about two new members."""
    one, other = sorted((make_member(), make_member()), key=lambda member: member.pk)
    fields = {"one": one, "other": other, "reason": "two_numbers", "rule_version": 1}
    return MergeCandidate.objects.create(**fields | kw)


def make_identity_link(**kw: Any) -> IdentityLink:
    """A contact that a rule joined to a member."""
    kw["member"] = kw.get("member") or make_member()
    kw["contact"] = kw.get("contact") or make_contact(member=kw["member"])
    fields = {"evidence": "unionid", "rule_version": 1, "at": now()}
    return IdentityLink.objects.create(**fields | kw)


def make_tag_group(**kw: Any) -> TagGroup:
    """A group of company tags."""
    n = _number()
    return TagGroup.objects.create(**{"wecom_id": f"etGroup{n}", "name": f"标签组{n}"} | kw)


def make_tag(**kw: Any) -> Tag:
    """A company tag in a group of its own unless one is given."""
    n = _number()
    kw["group"] = kw.get("group") or make_tag_group()
    return Tag.objects.create(**{"wecom_id": f"etTag{n}", "name": f"标签{n}"} | kw)


def make_tag_mark(**kw: Any) -> TagMark:
    """A tag on a relation."""
    kw["follow"] = kw.get("follow") or make_follow()
    kw["tag"] = kw.get("tag") or make_tag()
    return TagMark.objects.create(**{"marked_at": now()} | kw)


def make_observation(**kw: Any) -> Observation:
    """A note about a customer."""
    kw["contact"] = kw.get("contact") or make_contact()
    kw["author"] = kw.get("author") or make_guide()
    kw.setdefault("owner_id", owner_of(kw["author"]))
    return Observation.objects.create(**{"text": "喜欢驼色", "at": now()} | kw)


def make_preference(**kw: Any) -> Preference:
    """A size that a guide noted."""
    kw["contact"] = kw.get("contact") or make_contact()
    kw["author"] = kw.get("author") or make_guide()
    kw.setdefault("owner_id", owner_of(kw["author"]))
    return Preference.objects.create(**{"kind": "top_size", "value": "M", "at": now()} | kw)


def make_tag_rule(**kw: Any) -> TagRule:
    """A rule that looks at who viewed coats, with its automatic tag."""
    group = make_tag_group(wecom_id=None, kind="automatic", name="自动标签")
    kw["tag"] = kw.get("tag") or make_tag(wecom_id=None, group=group)
    params = {"word": "大衣", "times": 1, "days": 14}
    return TagRule.objects.create(**{"trigger": "viewed", "params": params} | kw)


def make_bulk_tagging(**kw: Any) -> BulkTagging:
    """A tag for a list of one customer, by somebody of their own."""
    kw["tag"] = kw.get("tag") or make_tag()
    kw["by"] = kw.get("by") or make_guide()
    kw.setdefault("follow_ids", [make_follow().pk])
    return BulkTagging.objects.create(**{"total": len(kw["follow_ids"])} | kw)


def make_topic(**kw: Any) -> ForbiddenTopic:
    """A word that may not be noted."""
    return ForbiddenTopic.objects.create(**{"word": f"某病{_number()}", "topic": "health"} | kw)


def make_event(**kw: Any) -> TimelineEvent:
    """Something on a customer's timeline."""
    return TimelineEvent.objects.create(
        **{"kind": "material_viewed", "key": f"test:{_number()}", "at": now()} | kw
    )


def make_suggestion(**kw: Any) -> Suggestion:
    """An open suggestion for a guide about a customer."""
    kw["contact"] = kw.get("contact") or make_contact()
    kw["guide"] = kw.get("guide") or make_guide()
    fields: dict[str, Any] = {
        "rule": "viewed_material",
        "rule_version": 1,
        "priority": 10,
        "action_url": "/g/",
        "proposed_at": now(),
        "until": now() + timedelta(days=1),
    }
    return Suggestion.objects.create(**fields | kw)


# --- catalogue, attribution, compliance -----------------------------------------------------------


def make_product(**kw: Any) -> Product:
    """A style that the brand sells."""
    n = _number()
    fields = {"style_no": f"Q{n:05d}", "name": f"大衣{n}", "list_price_fen": 189900}
    return Product.objects.create(**fields | kw)


def make_sku(**kw: Any) -> Sku:
    """One colour and size of a style."""
    kw["product"] = kw.get("product") or make_product()
    return Sku.objects.create(**{"code": f"SKU{_number():06d}"} | kw)


def make_link(**kw: Any) -> TrackedLink:
    """A tracked link that a guide handed out."""
    kw["guide"] = kw.get("guide") or make_guide()
    kw.setdefault("store", kw["guide"].store)
    fields = {"token": _token(), "kind": TrackedLink.Kind.SHARE, "target": "material:1"}
    return TrackedLink.objects.create(**fields | {"created_at": now()} | kw)


def make_sensitive_word(**kw: Any) -> SensitiveWord:
    """A word that no text may carry."""
    fields = {"word": f"禁词{_number()}", "category": SensitiveWord.Category.ABSOLUTE_CLAIM}
    return SensitiveWord.objects.create(**fields | kw)


def make_slot(**kw: Any) -> ContactSlot:
    """A contact of today that a guide took."""
    kw["contact"] = kw.get("contact") or make_contact()
    kw.setdefault("guide", None)
    n = _number()
    fields = {"day": today(), "number": n, "kind": "share", "key": f"test:{n}", "at": now()}
    return ContactSlot.objects.create(**fields | kw)


# --- materials ------------------------------------------------------------------------------------


def make_category(**kw: Any) -> Category:
    """A shelf of the library."""
    kw["brand"] = kw.get("brand") or make_brand()
    return Category.objects.create(**{"name": f"分类{_number()}"} | kw)


def make_material_file(**kw: Any) -> MaterialFile:
    """The row of an uploaded picture; the file itself is not there."""
    n = _number()
    fields = {
        "kind": MaterialFile.Kind.IMAGE,
        "path": f"materials/{n}.jpg",
        "name": f"图片{n}.jpg",
        "content_type": "image/jpeg",
        "size_bytes": 1000,
        "sha256": f"{n:064x}",
    }
    return MaterialFile.objects.create(**fields | kw)


def make_material(**kw: Any) -> Material:
    """A live link of the usual brand that every store may send."""
    kw["category"] = kw.get("category") or make_category()
    kw.setdefault("brand", kw["category"].brand)
    fields = {
        "kind": Material.Kind.LINK,
        "title": f"秋装新品{_number()}",
        "link_url": "https://example.com/",
        "drawing": "g-coat",
        "status": Material.Status.LIVE,
        "published_at": now(),
    }
    return Material.objects.create(**fields | kw)


def make_share(**kw: Any) -> Share:
    """A material that a guide sent to a customer who follows them."""
    if "contact" not in kw and "guide" not in kw:
        follow = make_follow()
        kw |= {"contact": follow.contact, "guide": follow.guide}
    kw["guide"] = kw.get("guide") or make_guide()
    kw["contact"] = kw.get("contact") or make_follow(guide=kw["guide"]).contact
    kw["material"] = kw.get("material") or make_material()
    kw["link"] = kw.get("link") or make_link(
        guide=kw["guide"], contact=kw["contact"], target=f"material:{kw['material'].pk}"
    )
    fields = {
        "material_version": kw["material"].version,
        "store": kw["guide"].store,
        "nonce": f"nonce-{_number()}",
        "state": Share.State.SENT,
        "tapped_at": now(),
    }
    return Share.objects.create(**fields | kw)


def make_visit(**kw: Any) -> Visit:
    """A counted opening of a share's page."""
    share = kw.pop("share", None)
    if share is not None:
        kw |= {"link": share.link, "material": share.material}
    kw.setdefault("link", None)
    kw["material"] = kw.get("material") or make_material()
    fields = {
        "token": kw["link"].token if kw["link"] else _token(),
        "visitor": f"visitor{_number()}",
        "counted": True,
        "opened_at": now(),
    }
    return Visit.objects.create(**fields | kw)


# --- acquisition ----------------------------------------------------------------------------------


def make_welcome(**kw: Any) -> WelcomeMessage:
    """The brand's welcome message, without a material."""
    kw["brand"] = kw.get("brand") or make_brand()
    return WelcomeMessage.objects.create(**{"text": "{客户}您好,我是{门店}的{导购}。"} | kw)


# --- what talks with WeCom ------------------------------------------------------------------------


def make_callback_event(**kw: Any) -> CallbackEvent:
    """An event of the inbox that was given up."""
    fields = {
        "corp_id": "ww0a1b2c3d4e5f6071",
        "digest": f"{_number():064x}",
        "event": "change_external_contact",
        "change_type": "edit_external_contact",
        "fields": {"UserID": "linxm", "ExternalUserID": "wmExample000001"},
        "created_at": now(),
        "received_at": now(),
        "state": CallbackEvent.State.DEAD,
        "error": "guideapp.wecom.errors.WeComUnavailable: externalcontact/get: -1 system busy",
    }
    return CallbackEvent.objects.create(**fields | kw)


def make_outbox_call(**kw: Any) -> OutboxCall:
    """A text to a guide of which nobody knows whether it arrived."""
    fields = {
        "kind": "message_text",
        "key": f"text:{_number()}",
        "payload": {"userids": ["linxm"], "text": "周晚晴想看大衣"},
        "lane": "normal",
        "idempotent": False,
        "state": OutboxCall.State.UNCERTAIN,
        "attempts": 1,
        "created_at": now(),
    }
    return OutboxCall.objects.create(**fields | kw)


def make_api_client(**kw: Any) -> ApiClient:
    """A system that may write and read everything; its secret is nobody's."""
    n = _number()
    fields = {
        "name": f"系统{n}",
        "key_id": f"{n:016x}",
        "secret_hash": f"{n:064x}",
        "scopes": [f"{name}:{act}" for name in RESOURCES for act in ("read", "write")],
        "created_by": "admin",
    }
    return ApiClient.objects.create(**fields | kw)


def make_api_call(**kw: Any) -> ApiCall:
    """A call to WeCom that it refused: it knows no such member."""
    fields = {"at": now(), "path": "user/get", "errcode": 60111, "duration_ms": 42}
    return ApiCall.objects.create(**fields | kw)


def make_job(**kw: Any) -> Job:
    """A job that was given up."""
    fields = {
        "task": "guideapp.core.jobs.prune.prune_ledger",
        "lane": "bulk",
        "state": Job.State.DEAD,
        "attempts": 5,
        "fence": 5,
        "run_at": now(),
        "enqueued_at": now(),
        "finished_at": now(),
        "error_class": "builtins.ValueError",
        "error": 'Traceback\n  File "/x/guideapp/core/jobs/prune.py", line 30, in prune_ledger\n'
        "ValueError: 13800002046",
    }
    return Job.objects.create(**fields | kw)
