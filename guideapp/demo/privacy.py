"""Who looks after people's rights, and what members agreed to when they took their card."""

from django.db import transaction

from guideapp.demo.content import Words
from guideapp.members.models import Consent, MembershipCard
from guideapp.members.services import record_consent
from guideapp.organisation.models import Brand, Guide, Role
from guideapp.organisation.services import grant_role

_VERSION = "2026-11"
_MARKETING_EVERY = 5  # of five members four take marketing, too


def seed(said: Words, *, brand: Brand) -> None:
    """The HQ admin is the privacy officer; each card of the brand came with a consent."""
    admin = Guide.objects.with_userid(said.hq_admin.userid).get()
    grant_role(actor_userid="", guide=admin, role=Role.PRIVACY_OFFICER)
    cards = MembershipCard.objects.filter(brand=brand).select_related("member").order_by("pk")
    with transaction.atomic():
        for card in cards:
            purposes = [Consent.Purpose.MEMBERSHIP]
            if card.pk % _MARKETING_EVERY:
                purposes.append(Consent.Purpose.MARKETING)
            record_consent(
                card.member,
                brand,
                purposes,
                version=_VERSION,
                channel=Consent.Channel.STORE,
                at=card.opened_at,
            )
