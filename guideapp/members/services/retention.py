"""What this room throws away by itself: people whom nobody has followed for long."""

from collections.abc import Sequence
from datetime import datetime
from itertools import batched

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from guideapp.core import personal
from guideapp.core.personal_tables import PersonBusy
from guideapp.core.retention import kept_for
from guideapp.members.models import Contact, FollowRelation
from guideapp.members.services.subjects import Subject

_A_NIGHT = 2_000
_AT_ONCE = 50  # tables are searched for their keys: few long scans instead of many


@kept_for("LOST_CONTACT_DAYS", name="lost_contacts", label=_("早已没有导购的客户"), least=30)
def erase_lost(before: datetime) -> int:
    """Contacts without a member record whom the last guide lost before then.

    Nobody asked for it, so there is no tombstone: they may add a guide again any day.
    """
    followed = FollowRelation.objects.filter(contact=OuterRef("pk"))
    lately = followed.exclude(ended_at__lt=before)
    rows = Contact.objects.filter(member=None, erased_at=None, created_at__lt=before)
    lost = rows.filter(~Exists(lately)).order_by("pk")[:_A_NIGHT]
    return sum(_forget(some) for some in batched(lost, _AT_ONCE, strict=False))


def _forget(contacts: Sequence[Contact]) -> int:
    """One search of every table for all of them; whoever a job is at work on waits for a night."""
    try:
        # The contacts alone: who follows an official account goes on following it.
        personal.erase(Subject((), tuple(contacts), (), ()).person)
    except PersonBusy:
        if len(contacts) == 1:
            return 0
        return sum(_forget([contact]) for contact in contacts)
    return len(contacts)
