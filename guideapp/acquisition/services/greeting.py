"""Greet a new customer: owe the call in the event's transaction, build its text when it goes out.

A welcome code lives 20 seconds and works once. Nothing here waits for WeCom, a name or a file: the
call is an outbox row of the urgent lane, its text is made of what is known when it is sent.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from guideapp.acquisition.models import CODE_LIFE, WelcomeDelivery, WelcomeMessage
from guideapp.acquisition.services.outcome import Welcome, suggest_first_contact
from guideapp.acquisition.wording import Names, fill
from guideapp.attribution.models import TrackedLink
from guideapp.attribution.services import track
from guideapp.core.clock import now
from guideapp.core.jobs.errors import GiveUp
from guideapp.materials.models import Material
from guideapp.materials.services import cover_url, public_url
from guideapp.materials.services.addresses import CARD_DAYS
from guideapp.members.models import FollowRelation
from guideapp.organisation.models import Guide
from guideapp.wecom import outbox
from guideapp.wecom.client import WeComClient
from guideapp.wecom.types import Attachment

_SAME_ARRIVAL = timedelta(days=1)  # a half event and the whole one are one arrival
CALL = "welcome"  # the kind of the outbox call
_BAD_CARD = frozenset({40007, 40058, 41064, 41065})
_TITLE_BYTES, _SUMMARY_BYTES = 128, 512  # of a link attachment


@transaction.atomic(savepoint=False)
def greet(
    follow: FollowRelation, *, welcome_code: str, state: str, event_at: datetime
) -> WelcomeDelivery | None:
    """Owe the new customer of `follow` a welcome; None where there is none to send.

    Without a code (the console greets, or the two have talked before) or without a message the
    guide is told at once; otherwise when it is known what became of the welcome. The same code
    again changes nothing.
    """
    code_hash = hashlib.sha256(welcome_code.encode()).hexdigest() if welcome_code else ""
    known = _known(follow, code_hash, event_at)
    if known:
        return known
    message = message_for(follow.guide) if welcome_code else None
    if message is None:
        suggest_first_contact(follow, Welcome.NONE, at=event_at)
        return None
    call = outbox.send(
        CALL,
        {"welcome_code": welcome_code, "delivery": code_hash},
        key=f"welcome:{code_hash}",
        lane="urgent",
        expires_at=event_at + CODE_LIFE,
    )
    return WelcomeDelivery.objects.create(
        code_hash=code_hash,
        follow=follow,
        message=message,
        link=_link_of(message, follow, state),
        call=call,
        due_at=event_at + CODE_LIFE,
    )


def message_for(guide: Guide) -> WelcomeMessage | None:
    """What a new customer of `guide` is greeted with: the store's message, else the brand's."""
    if guide.store is None:
        return None
    return WelcomeMessage.objects.for_store(guide.store).first()


def content_of(delivery: WelcomeDelivery) -> tuple[str, list[Attachment]]:
    """Text and attachments as of now: a name that came meanwhile is used, a material that was
    withdrawn or has expired meanwhile is left out."""
    follow, message = delivery.follow, delivery.message
    store = follow.guide.store
    names = Names(follow.contact.name, follow.guide.name, store.name if store else "")
    return fill(message.text, names), _attachments(delivery)


def _known(follow: FollowRelation, code_hash: str, event_at: datetime) -> WelcomeDelivery | None:
    """The welcome of this code, or for an event without one, of the same arrival.

    The whole event carries no code where the half one's was used.
    """
    if code_hash:
        return WelcomeDelivery.objects.filter(code_hash=code_hash).first()
    recent = WelcomeDelivery.objects.filter(follow=follow, due_at__gte=event_at - _SAME_ARRIVAL)
    return recent.order_by("-due_at").first()


def _link_of(message: WelcomeMessage, follow: FollowRelation, state: str) -> TrackedLink | None:
    if message.material_id is None:
        return None
    return track(
        kind=TrackedLink.Kind.WELCOME,
        guide=follow.guide,
        store=follow.guide.store,
        contact=follow.contact,
        channel=state,
        target=f"material:{message.material_id}",
    )


def _attachments(delivery: WelcomeDelivery) -> list[Attachment]:
    """The material as a card that opens the tracked page; none where it cannot be sent now."""
    if delivery.link is None:
        return []
    store = delivery.follow.guide.store
    sendable = Material.objects.sendable(store=store, at=now())
    # The link names the material of then: headquarters may have chosen another meanwhile.
    wanted = delivery.link.target.removeprefix("material:")
    material = sendable.select_related("cover", "file").filter(pk=wanted).first()
    if material is None:
        return []
    link = {
        "title": cut_bytes(material.title, _TITLE_BYTES),
        "desc": cut_bytes(material.summary, _SUMMARY_BYTES),
        "url": _absolute(public_url(material, delivery.link.token)),
        "picurl": _absolute(cover_url(material, days=CARD_DAYS)),
    }
    return [{"msgtype": "link", "link": {name: value for name, value in link.items() if value}}]


def _absolute(path: str) -> str:
    return path if "://" in path else f"{settings.SITE_URL}{path}"


def cut_bytes(text: str, most: int) -> str:
    """`text` cut to `most` bytes of UTF-8, never inside a character."""
    return text.encode()[:most].decode(errors="ignore")


def _delivery_of(code_hash: str) -> WelcomeDelivery | None:
    """The welcome with everything that its text needs."""
    deliveries = WelcomeDelivery.objects.select_related(
        "message", "link", "follow__contact", "follow__guide__store__region"
    )
    return deliveries.filter(code_hash=code_hash).first()


def without_card(payload: dict[str, Any], errcode: int) -> dict[str, Any] | None:
    """The words alone when WeCom will not take the card: better than no welcome."""
    return payload | {"card": False} if errcode in _BAD_CARD else None


@outbox.call(CALL, idempotent=False, repair=without_card, forget=("welcome_code",))
def send_welcome(client: WeComClient, payload: dict[str, Any]) -> dict[str, Any]:
    """{welcome_code, delivery, card}: text and card are made at this moment."""
    delivery = _delivery_of(payload["delivery"])
    if delivery is None:
        raise GiveUp("the relation was erased before it could be greeted")
    text, attachments = content_of(delivery)
    if not payload.get("card", True):
        attachments = []
    client.contacts.send_welcome(
        welcome_code=payload["welcome_code"], text=text, attachments=attachments
    )
    return {"title": attachments[0]["link"]["title"] if attachments else ""}
