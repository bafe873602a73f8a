"""What must happen between a restored backup and the first start on it."""

from dataclasses import dataclass

from django.db import transaction

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.members.services import heed_list, reconcile
from guideapp.organisation.models import GuideSession
from guideapp.organisation.services import sync_address_book
from guideapp.wecom.models import Credential, OutboxCall, SyncCursor
from guideapp.wecom.outbox import end_what_sets_values

_MAY_HAVE_GONE = (OutboxCall.State.WAITING, OutboxCall.State.SENDING)


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many rows of the backup are no longer true."""

    credentials: int
    sessions: int
    uncertain: int


@transaction.atomic
def drop_what_is_old() -> Dropped:
    """Tokens, logins, and calls that may have gone out after the backup was made.

    A call that must not be repeated blindly becomes `uncertain`: a person decides. Twice is once.
    """
    credentials, _by_model = Credential.objects.all().delete()
    sessions, _by_model = GuideSession.objects.all().delete()
    calls = OutboxCall.objects.filter(idempotent=False, state__in=_MAY_HAVE_GONE)
    uncertain = calls.update(
        state=OutboxCall.State.UNCERTAIN, error="a backup was restored before it was seen to go out"
    )
    # Over values that people changed since they would be old news; the reading that follows tells.
    end_what_sets_values(error="a backup was restored: WeCom may hold a newer value")
    # An interrupted reading would go on in its middle; what changed before it would stay unseen.
    SyncCursor.objects.filter(finished_at=None).update(cursor="", finished_at=now())
    dropped = Dropped(credentials, sessions, uncertain)
    record_audit(
        actor="",
        action="backup.restored",
        subject="installation",
        sessions=sessions,
        uncertain=uncertain,
    )
    return dropped


def erase_anew() -> int:
    """People whom the backup still knows although they were erased after it; how many.

    Whoever a job of the backup is at work on is erased by a job of their own, once workers run.
    """
    return heed_list()


def read_wecom_anew() -> int:
    """The address book and every guide's customers; how many customer rows differed."""
    sync_address_book()
    return reconcile()["repaired"]
