"""One tap on 发送: the tracked share, the payload for WeCom's client, and what came of it."""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from guideapp.attribution.models import TrackedLink
from guideapp.attribution.services import track
from guideapp.compliance.services import free_slot, take_slot
from guideapp.core.clock import now
from guideapp.core.errors import BadInput
from guideapp.materials.errors import (
    CustomerUnknown,
    MaterialExpired,
    MaterialUnknown,
    MaterialWithdrawn,
    NonceReused,
    OriginalNotReady,
    SentRecently,
    ShareUnknown,
)
from guideapp.materials.models import Material, Share, Standing
from guideapp.materials.services.addresses import CARD_DAYS, cover_url, public_url
from guideapp.materials.services.figures import count_sent
from guideapp.materials.services.media import enqueue_upload, media_id_of
from guideapp.members.models import Consent, Contact, FollowRelation
from guideapp.members.services import follow_up, record_event, refuse_withdrawn
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Guide

ASK_WITHIN = timedelta(hours=24)
FINAL = frozenset({Share.State.SENT, Share.State.CANCELLED, Share.State.FAILED})
_NONCE_MAX = 36
_DETAIL_MAX = 200
_DESC_MAX = 80


def share_material(
    *,
    material_id: int,
    actor: Actor,
    external_userid: str,
    nonce: str,
    form: str = Share.Form.CARD,
    again: bool = False,
) -> Share:
    """Record that the guide sends a material to their customer, and return the tracked share.

    Two calls with one `nonce` (the tap's) are one share. `again` is the guide's word that the same
    person may get the same material twice within 24 hours. Calls nobody outside the database.
    Raises CustomerUnknown, MaterialUnknown, MaterialWithdrawn, MaterialExpired, SentRecently,
    OriginalNotReady (after starting the upload), NonceReused, compliance's ContactedEnough, or
    members' NoConsent for somebody who has withdrawn.
    """
    if not 0 < len(nonce) <= _NONCE_MAX or form not in Share.Form.values:
        raise BadInput
    known = _share_of_tap(actor.guide, nonce)
    if known is not None:
        return _same_tap(known, material_id, external_userid)
    follow = (
        FollowRelation.objects.active()
        .filter(guide=actor.guide, contact__external_userid=external_userid)
        .select_related("contact")
        .first()
    )
    if follow is None:
        raise CustomerUnknown
    material = _sendable(material_id, actor.guide)
    form = _form_for(material, form)
    if form == Share.Form.ORIGINAL:
        _require_original(material)
    if not again and _sent_recently(material, follow):
        raise SentRecently
    try:
        return _create(material, actor.guide, follow.contact, nonce, form)
    except IntegrityError:  # the same tap arrived twice at once
        known = _share_of_tap(actor.guide, nonce)
        if known is None:
            raise
        return _same_tap(known, material_id, external_userid)


def _share_of_tap(guide: Guide, nonce: str) -> Share | None:
    shares = Share.objects.select_related("link", "contact", "material__file", "material__cover")
    return shares.filter(guide=guide, nonce=nonce).first()


def _same_tap(share: Share, material_id: int, external_userid: str) -> Share:
    if (share.material_id, share.contact.external_userid) != (material_id, external_userid):
        raise NonceReused
    return share


def _sendable(material_id: int, guide: Guide) -> Material:
    """The material if this guide may send it now; the refusal says why not."""
    at = now()
    found = Material.objects.sendable(store=guide.store, at=at).filter(pk=material_id)
    material = found.select_related("file", "cover").first()
    if material is not None:
        return material
    gone = Material.objects.filter(pk=material_id).exclude(status=Material.Status.DRAFT).first()
    if gone is None:
        raise MaterialUnknown
    if gone.standing == Standing.WITHDRAWN:
        raise MaterialWithdrawn
    if gone.standing == Standing.EXPIRED:
        raise MaterialExpired
    raise MaterialUnknown  # timed, or another store's


def _form_for(material: Material, form: str) -> str:
    if material.kind == Material.Kind.TEXT:
        return Share.Form.TEXT
    if form == Share.Form.ORIGINAL and material.has_original:
        return Share.Form.ORIGINAL
    return Share.Form.CARD


def _require_original(material: Material) -> None:
    if material.file is None or media_id_of(material.file) is None:
        if material.file is not None:
            enqueue_upload(material.file)
        raise OriginalNotReady


def _sent_recently(material: Material, follow: FollowRelation) -> bool:
    return Share.objects.filter(
        contact=follow.contact_id,
        guide=follow.guide_id,
        material=material,
        state=Share.State.SENT,
        tapped_at__gt=now() - ASK_WITHIN,
    ).exists()


@transaction.atomic
def _create(material: Material, guide: Guide, contact: Contact, nonce: str, form: str) -> Share:
    at = now()
    if guide.store is not None:
        refuse_withdrawn(contact, guide.store.region.brand, Consent.Purpose.MARKETING)
    link = track(
        kind=TrackedLink.Kind.SHARE,
        guide=guide,
        store=guide.store,
        contact=contact,
        target=f"material:{material.pk}",
        at=at,
    )
    share = Share.objects.create(
        link=link,
        material=material,
        material_version=material.version,
        guide=guide,
        store=guide.store,
        contact=contact,
        form=form,
        nonce=nonce,
        tapped_at=at,
    )
    take_slot(contact, "share", _slot_key(share), guide)
    return share


def _slot_key(share: Share) -> str:
    return f"share:{share.pk}"


def payload_of(share: Share, *, base_url: str) -> dict[str, Any]:
    """What `ww.sendChatMessage` takes for this share; `base_url` begins absolute addresses.

    A card carries all four fields, because some desktop clients refuse one without a picture.
    Raises OriginalNotReady when WeCom's copy of the file ran out since the tap.
    """
    material = share.material
    payload = {"enterChat": True}
    if share.form == Share.Form.TEXT:
        return payload | {"msgtype": "text", "text": {"content": material.body or material.title}}
    if share.form == Share.Form.ORIGINAL and material.file is not None:
        media_id = media_id_of(material.file)
        if media_id is None:
            raise OriginalNotReady
        kind = material.file.kind
        return payload | {"msgtype": kind, kind: {"mediaid": media_id}}
    picture = base_url + cover_url(material, days=CARD_DAYS)
    if material.kind == Material.Kind.MINI_PROGRAM:
        return payload | {"msgtype": "miniprogram", "miniprogram": _mini_program(share, picture)}
    news = {
        "link": base_url + public_url(material, share.link.token),
        "title": material.title,
        "desc": (material.summary or material.body)[:_DESC_MAX] or material.title,
        "imgUrl": picture,
    }
    return payload | {"msgtype": "news", "news": news}


def _mini_program(share: Share, picture: str) -> dict[str, str]:
    material = share.material
    joint = "&" if "?" in material.mini_program_page else "?"
    return {
        "appid": material.mini_program_appid,
        "title": material.title,
        "imgUrl": picture,
        "page": f"{material.mini_program_page}{joint}share_token={share.link.token}",
    }


@transaction.atomic
def report_share(*, share_id: int, guide: Guide, outcome: str, detail: str = "") -> Share:
    """Keep what WeCom's client said: `sent`, `cancelled`, `failed`, or `unknown` (no answer came).

    The first of the three results stands; whatever comes later changes nothing. `unknown` only
    keeps the words. Raises ShareUnknown for somebody else's share.
    """
    if outcome not in Share.State.values:
        raise BadInput
    shares = Share.objects.select_for_update(of=("self",)).select_related("link", "material")
    share = shares.filter(pk=share_id, guide=guide).first()
    if share is None:
        raise ShareUnknown
    if share.state in FINAL:
        return share
    share.state = outcome
    share.detail = detail[:_DETAIL_MAX]
    share.reported_at = now() if outcome in FINAL else None
    share.save(update_fields=["state", "detail", "reported_at"])
    if outcome == Share.State.SENT:
        _was_sent(share)
    elif outcome in FINAL:
        free_slot(_slot_key(share))
    return share


def _was_sent(share: Share) -> None:
    count_sent(share)
    record_event(
        kind="material_sent",
        key=f"share:{share.pk}",
        contact=share.contact,
        guide=share.guide,
        store=share.store,
        params={"material": share.material_id, "title": share.material.title, "form": share.form},
        at=share.tapped_at,
    )
    follow_up(contact=share.contact, guide=share.guide)
