"""Show a phone number in full: with a reason, so often a day, and each time on the record."""

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from guideapp.core.audit import record_access, record_audit
from guideapp.core.clock import day_range, today
from guideapp.core.models import AuditEntry
from guideapp.members.errors import PhoneUnknown, RevealLimit
from guideapp.members.models import FollowRelation, MembershipCard
from guideapp.members.services.identity import person_of
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Guide, Role

ACTION = "phone.reveal"


class RevealReason(models.TextChoices):
    """Why somebody needs the whole number."""

    CALL = "call", _("TA 请我打电话")
    DELIVERY = "delivery", _("寄送或调货")
    CHECK = "check", _("当面核对会员")
    AFTER_SALES = "after_sales", _("售后联系")


@transaction.atomic
def reveal_phone(follow: FollowRelation, actor: Actor, *, reason: str) -> str:
    """The customer's phone number in E.164, once the act stands in the audit log.

    `reason` is a RevealReason. Raises RevealLimit after the day's number of reveals
    (REVEALS_PER_DAY_GUIDE, REVEALS_PER_DAY_MANAGER), PhoneUnknown when there is none to show, or
    none that the brand of the relation's guide may know.
    """
    phone = _known_phone(follow)
    if not phone:
        raise PhoneUnknown
    Guide.objects.select_for_update().get(pk=actor.guide.pk)  # two taps at once are counted apart
    if reveals_left(actor) <= 0:
        raise RevealLimit
    record_audit(
        actor=actor.guide.userid,
        action=ACTION,
        subject=f"contact:{follow.contact_id}",
        reason=str(RevealReason(reason).value),
        screen="card",
    )
    subject = f"contact:{follow.contact_id}"  # who looked is what the customer may ask for
    record_access(actor_id=actor.guide.pk, subject=subject, screen="phone")
    return phone


def _known_phone(follow: FollowRelation) -> str:
    """The person's number, once they hold an open card of the brand; as the card does."""
    store, member_id = follow.guide.store, follow.contact.member_id
    if store is None or member_id is None:
        return ""
    people = list(person_of(member_id))
    cards = MembershipCard.objects.filter(
        member__in=people, brand=store.region.brand_id, closed_at=None
    )
    return next((row.phone for row in people if row.phone), "") if cards.exists() else ""


def reveals_left(actor: Actor) -> int:
    """How many numbers the person may still see today (Shanghai)."""
    start, _end = day_range(today())
    used = AuditEntry.objects.filter(actor=actor.guide.userid, action=ACTION, at__gte=start)
    manages = actor.has(Role.STORE_MANAGER)
    limit = settings.REVEALS_PER_DAY_MANAGER if manages else settings.REVEALS_PER_DAY_GUIDE
    return max(0, int(limit) - used.count())
