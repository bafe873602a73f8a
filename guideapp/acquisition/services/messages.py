"""Edit welcome messages, and show headquarters what they did."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from guideapp.acquisition.models import WelcomeDelivery, WelcomeMessage
from guideapp.acquisition.wording import require_sendable, tidy
from guideapp.compliance.services import require_clean
from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.materials.models import Material, Visit
from guideapp.organisation.models import Brand, Guide, Store
from guideapp.wecom.models import OutboxCall

FIGURE_DAYS = 7
_MOST_STORES = 50  # on the list; the search finds the others


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of the welcomes of the last 7 days; `opened` counts those whose card was opened."""

    sent: int = 0
    missed: int = 0
    with_card: int = 0
    opened: int = 0

    @property
    def opened_rate(self) -> float | None:
        """Of the cards that were sent, the part that was opened; None without a card."""
        return self.opened / self.with_card if self.with_card else None

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.sent + other.sent,
            self.missed + other.missed,
            self.with_card + other.with_card,
            self.opened + other.opened,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A brand or a store, its own message if it has one, and the figures of that message."""

    brand: Brand
    store: Store | None
    message: WelcomeMessage | None
    figures: Figures

    @property
    def name(self) -> str:
        """What people call it."""
        return self.store.name if self.store else self.brand.name

    @property
    def greets_itself(self) -> bool:
        """True while its own message is what new customers get."""
        return self.message is not None and self.message.is_active


@transaction.atomic
def save_message(
    *,
    brand: Brand,
    store: Store | None,
    text: str,
    material: Material | None,
    is_active: bool,
    editor: Guide,
) -> WelcomeMessage:
    """Keep the welcome message of `store`, or of the brand where `store` is None.

    Raises WelcomeTooLong, WelcomeTextRefused or WordingRefused, and keeps nothing then.
    """
    text = tidy(text)
    require_sendable(text)
    require_clean(text, brand)
    message, created = WelcomeMessage.objects.update_or_create(
        brand=brand,
        store=store,
        defaults={
            "text": text,
            "material": material,
            "is_active": is_active,
            "edited_by": editor,
        },
    )
    record_audit(
        actor=editor.userid,
        action="welcome.create" if created else "welcome.edit",
        subject=f"welcome:{message.pk}",
        store=store.pk if store else None,
        material=material.pk if material else None,
        is_active=is_active,
        length=len(text),
    )
    return message


@transaction.atomic
def switch_message(message: WelcomeMessage, *, on: bool, editor: Guide) -> None:
    """Turn the message on or off; a store whose own is off greets with the brand's."""
    if message.is_active == on:
        return
    message.is_active = on
    message.edited_by = editor
    message.save(update_fields=["is_active", "edited_by", "updated_at"])
    record_audit(
        actor=editor.userid,
        action="welcome.on" if on else "welcome.off",
        subject=f"welcome:{message.pk}",
    )


def places(search: str = "") -> tuple[list[Place], bool]:
    """Each brand, its stores with a message of their own, then other open stores by name.

    Of the others at most 50, those whose name contains `search`; the second value says whether
    more were left out. Four queries.
    """
    written = list(
        WelcomeMessage.objects.select_related("material", "store", "brand").order_by("store__name")
    )
    figures = _figures()
    general = {message.brand_id: message for message in written if message.store_id is None}
    found = [
        _place(brand, None, general.get(brand.pk), figures)
        for brand in Brand.objects.order_by("name")
    ]
    found += [
        _place(message.brand, message.store, message, figures)
        for message in written
        if message.store and search in message.store.name
    ]
    others = Store.objects.filter(closed_on=None, welcomemessage=None, name__icontains=search)
    following = list(others.select_related("region__brand").order_by("name")[: _MOST_STORES + 1])
    found += [
        _place(store.region.brand, store, None, figures) for store in following[:_MOST_STORES]
    ]
    return found, len(following) > _MOST_STORES


def _place(
    brand: Brand, store: Store | None, message: WelcomeMessage | None, figures: dict[int, Figures]
) -> Place:
    known = figures.get(message.pk, Figures()) if message else Figures()
    return Place(brand, store, message, known)


def _figures() -> dict[int, Figures]:
    """By message; a welcome whose call waits or is uncertain is neither sent nor missed."""
    recent = WelcomeDelivery.objects.filter(due_at__gte=now() - timedelta(days=FIGURE_DAYS))
    sent = Q(call__state=OutboxCall.State.DONE)
    looked_at = Visit.objects.filter(link=OuterRef("link"), counted=True)
    rows = (
        recent.annotate(looked_at=Exists(looked_at))
        .values("message")
        .annotate(
            sent=Count("pk", filter=sent),
            missed=Count("pk", filter=Q(call__state=OutboxCall.State.FAILED)),
            with_card=Count("pk", filter=sent & Q(link__isnull=False)),
            opened=Count("pk", filter=sent & Q(looked_at=True)),
        )
    )
    return {
        row["message"]: Figures(row["sent"], row["missed"], row["with_card"], row["opened"])
        for row in rows
    }
