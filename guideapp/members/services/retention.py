"""What this room throws away by itself: people whom nobody has followed for long."""

from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from guideapp.core import personal
from guideapp.core.retention import kept_for
from guideapp.members.models import Contact, FollowRelation
from guideapp.members.services.subjects import subject_of_contact

_A_NIGHT = 2_000


@kept_for("LOST_CONTACT_DAYS", name="lost_contacts", label=_("早已没有导购的客户"), least=30)
def erase_lost(before: datetime) -> int:
    """Contacts without a member record whom the last guide lost before then.

    Nobody asked for it, so there is no tombstone: they may add a guide again any day.
    """
    followed = FollowRelation.objects.filter(contact=OuterRef("pk"))
    lately = followed.exclude(ended_at__lt=before)
    rows = Contact.objects.filter(member=None, erased_at=None, created_at__lt=before)
    lost = list(rows.filter(~Exists(lately)).order_by("pk")[:_A_NIGHT])
    for contact in lost:
        personal.erase(subject_of_contact(contact).person)
    return len(lost)
