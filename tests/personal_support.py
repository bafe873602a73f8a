"""A customer about whom every table holds something, and a search for what is left of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.db.models import Model

from guideapp.acquisition.models import WelcomeDelivery
from guideapp.attribution.models import Order, OrderLine, Refund
from guideapp.compliance.models import ContactSlot
from guideapp.core.audit import record_access, record_audit
from guideapp.core.clock import now, today
from guideapp.core.fields import blind_index
from guideapp.integration.models import ApiClient, IdempotentCall, ImportFinding, ImportRun
from guideapp.members.models import (
    Consent,
    FollowRelation,
    IdentityLink,
    IdentityRequest,
    ImportantDate,
    Member,
    MemberAsset,
    MemberValue,
    MergeCandidate,
    OfficialFollower,
    Preference,
)
from guideapp.members.services import Subject, subject_of
from tests.factories import (
    make_brand,
    make_callback_event,
    make_card,
    make_contact,
    make_event,
    make_follow,
    make_guide,
    make_job,
    make_link,
    make_member,
    make_observation,
    make_outbox_call,
    make_share,
    make_suggestion,
    make_tag_mark,
    make_visit,
    make_welcome,
)

PHONE = "+8613977776666"
UNIONID = "oCANARYunionid0001"
SECOND_UNIONID = "oCANARYunionid0002"
EXTERNAL = "wmCANARY000001"
NUMBER = "HYCANARY7731"
CARD = "CARDCANARY01"
OPENID = "openCANARY0001"
KEYS = (PHONE, UNIONID, SECOND_UNIONID, EXTERNAL, NUMBER, CARD, OPENID)
_SIGNS = ("CANARY", "13977776666", *(blind_index(key) for key in KEYS), blind_index("6666"))
_OURS = "guideapp."
_MAY_KEEP = {"members.Tombstone"}


@dataclass(frozen=True)
class Whole:
    """The person's rows that tests go on with."""

    member: Member
    follow: FollowRelation
    order: Order
    run: ImportRun

    @property
    def subject(self) -> Subject:
        """The person as an erasure sees them."""
        found = subject_of(f"m-{self.member.pk}")
        assert found is not None
        return found


def make_whole_person() -> Whole:
    """Two member records of one person, a contact, and a row about them in every table."""
    guide = make_guide(name="林小满")
    member = make_member(
        name="CANARY", phone=PHONE, unionid=UNIONID, number=NUMBER, gender=2, phone_verified=True
    )
    twin = make_member(name="CANARY twin", unionid=SECOND_UNIONID, same_as=member)
    contact = make_contact(
        external_userid=EXTERNAL,
        name="CANARY",
        avatar_url="https://example.com/CANARY.png",
        unionid=UNIONID,
        unionid_bidx=blind_index(UNIONID),
        member=member,
        gender=2,
        active_at=now(),
    )
    follow = make_follow(
        guide=guide,
        contact=contact,
        remark="CANARY",
        description="CANARY",
        state="CANARY",
        search_terms=" CANARY ",
    )
    brand = guide.store.region.brand
    _of_member(member, twin, follow)
    _of_contact(member, follow)
    order = Order.objects.create(
        brand=brand,
        order_no="QH-1001",
        store=guide.store,
        member=twin,
        ordered_at=now(),
        amount_fen=9900,
        refunded_fen=100,
    )
    line = OrderLine.objects.create(
        order=order, line_no=1, sku_code="K1", title="大衣", amount_fen=9900
    )
    Refund.objects.create(order=order, refund_no="T1", line=line, amount_fen=100, at=now())
    return Whole(member, follow, order, _elsewhere(member, follow))


def _of_member(member: Member, twin: Member, follow: FollowRelation) -> None:
    brand, contact = make_brand(), follow.contact
    make_card(member=member, brand=brand, number=CARD, points=3260)
    MemberValue.objects.create(member=member, brand=brand, spend_fen=9900)
    MemberAsset.objects.create(member=twin, brand=brand, code="CANARY1", title="CANARY")
    OfficialFollower.objects.create(
        account="CANARY",
        openid=OPENID,
        openid_bidx=blind_index(OPENID),
        unionid=UNIONID,
        unionid_bidx=blind_index(UNIONID),
        member=member,
        followed_at=now(),
    )
    Consent.objects.create(
        member=member,
        brand=brand,
        purpose="marketing",
        version="2026-11",
        channel="page",
        given_at=now(),
    )
    link = {"evidence": "unionid", "rule_version": 1, "at": now()}
    IdentityLink.objects.create(member=member, contact=contact, **link)
    stranger = make_member(name="somebody else")
    MergeCandidate.objects.create(
        one=min(member, stranger, key=lambda row: row.pk),
        other=max(member, stranger, key=lambda row: row.pk),
        reason="proposed",
        rule_version=1,
    )
    IdentityRequest.objects.create(
        token="T" * 22,
        contact=contact,
        member=member,
        guide=follow.guide,
        expires_at=now() + timedelta(days=3),
    )
    make_event(
        kind="purchase",
        key="purchase:CANARY",
        member=member,
        guide=follow.guide,
        store=follow.guide.store,
        params={"order_no": "CANARY", "amount_fen": 9900},
    )


def _of_contact(member: Member, follow: FollowRelation) -> None:
    contact, guide = follow.contact, follow.guide
    make_observation(contact=contact, author=guide, text="CANARY 喜欢驼色")
    Preference.objects.create(
        contact=contact, kind="top_size", value="CANARY", author=guide, at=now()
    )
    ImportantDate.objects.create(
        member=member, kind="birthday", label="CANARY", year=1990, month=3, day=8, at=now()
    )
    make_suggestion(
        contact=contact, guide=guide, evidence={"name": "CANARY"}, action_url="/g/CANARY"
    )
    make_tag_mark(follow=follow, evidence={"CANARY": 1})
    make_event(key=f"seen:{EXTERNAL}", contact=contact, guide=guide, params={"x": "CANARY"})
    share = make_share(guide=guide, contact=contact, detail="CANARY")
    make_visit(share=share, visitor="CANARY")
    make_link(guide=guide, contact=contact)
    slot = {"day": today(), "number": 1, "kind": "share", "key": f"share:{share.pk}:CANARY"}
    ContactSlot.objects.create(contact=contact, guide=guide, at=now(), **slot)
    WelcomeDelivery.objects.create(
        code_hash="c" * 64, follow=follow, message=make_welcome(), due_at=now()
    )


def _elsewhere(member: Member, follow: FollowRelation) -> ImportRun:
    contact = follow.contact
    record_access(actor_id=follow.guide.pk, subject=f"contact:{contact.pk}", screen="sidebar")
    record_audit(actor="linxm", action="refused", subject=f"customer:{EXTERNAL}")
    make_callback_event(fields={"UserID": "linxm", "ExternalUserID": EXTERNAL})
    make_outbox_call(key=f"tags:{EXTERNAL}", payload={"external_userid": EXTERNAL})
    make_job(args=[EXTERNAL, "linxm"], dedupe_key=f"contact:{EXTERNAL}:linxm")
    client = ApiClient.objects.create(
        name="crm", key_id="k1", secret_hash="s" * 64, created_by="wangsi"
    )
    IdempotentCall.objects.create(
        client=client, key="1", digest="d" * 64, answer={"number": NUMBER}, created_at=now()
    )
    run = ImportRun(resource="members", name="members.csv", started_by="wangsi", state="done")
    run.file.save("members.csv", ContentFile(f"手机\n{PHONE}\n".encode()))
    words = f"{NUMBER}: 手机号不对"
    ImportFinding.objects.create(run=run, row=2, code="phone_refused", message=words)
    return run


def left_of_person() -> list[str]:
    """`app.Model.field` of every value in the database that still names the person."""
    return sorted({f"{label}.{name}" for label, name, value in _values() if _names(value)})


def _values() -> Iterator[tuple[str, str, Any]]:
    for model in _models():
        if model._meta.label not in _MAY_KEEP:
            names = [field.attname for field in model._meta.concrete_fields]
            for row in model._default_manager.values_list(*names):
                yield from ((model._meta.label, *pair) for pair in zip(names, row, strict=True))


def _models() -> Iterator[type[Model]]:
    for model in apps.get_models():
        if model.__module__.startswith(_OURS) and model._meta.app_label != "sandbox":
            yield model


def _names(value: Any) -> bool:
    return any(sign in str(value) for sign in _SIGNS)
