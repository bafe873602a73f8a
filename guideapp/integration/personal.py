"""What this room's tables hold about people: answers to other systems, and the files they sent."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.fields import blind_index
from guideapp.core.personal import About, Fate, Person, before_erasure, mentioning, table
from guideapp.core.retention import kept_for
from guideapp.integration.models import (
    ApiClient,
    ConnectorState,
    IdempotentCall,
    ImportFinding,
    ImportRun,
    KeptRecord,
)

_OTHERS = "other people may stand in the same row; what it led to stands elsewhere"
_OVER = (ImportRun.State.DONE, ImportRun.State.FAILED)


@before_erasure
def drop_files(person: Person) -> None:
    """Delete the files of imports that are over: each may hold anybody.

    One that is checked and not yet imported goes with its retention (IMPORT_FILE_DAYS); its row
    of the person is refused by the tombstone.
    """
    _drop(ImportRun.objects.filter(state__in=_OVER).exclude(file=""))


@kept_for("IMPORT_FILE_DAYS", name="import_files", label=_("导入的文件"), most=14)
def cut_files(before: datetime) -> int:
    """Files of imports, also of those that nobody went on with."""
    return _drop(ImportRun.objects.filter(created_at__lt=before).exclude(file=""))


@before_erasure
def drop_kept(person: Person) -> None:
    """Delete the person's records that a source sent and that wait for another try."""
    named = Q(pk__in=[])
    for mark in person.marks:
        named |= Q(names__contains=blind_index(mark))
    KeptRecord.objects.filter(named).delete()
    for row in KeptRecord.objects.filter(names="").iterator():  # kept before names were noted
        unspaced = row.record.replace(" ", "").replace("-", "")  # of a phone number
        if person.stands_in(row.record) or person.stands_in(unspaced):
            row.delete()


@kept_for("KEPT_RECORD_DAYS", name="kept_records", label=_("没写进的拉取记录"))
def cut_kept(before: datetime) -> int:
    """Records that a source sent and that were refused all the time."""
    return KeptRecord.objects.filter(kept_at__lt=before).delete()[0]


def _drop(runs: Iterable[ImportRun]) -> int:
    dropped = list(runs)
    for run in dropped:
        run.file.delete(save=False)
        ImportRun.objects.filter(pk=run.pk).update(file="")
    return len(dropped)


table(
    ApiClient,
    s="secret_hash",
    p3="id created_at updated_at name key_id scopes created_by revoked_at last_used_at calls"
    " refused failed_items brands is_limited",
)
table(
    IdempotentCall,
    about=About.CUSTOMER,
    label=_("给其他系统的回答"),
    untold=_OTHERS,
    of=mentioning("answer"),
    fate=Fate.DELETE,
    s="digest",
    p1="answer",
    p3="id client key status created_at",
)
table(
    ImportRun,
    about=About.STAFF,  # its file goes by `drop_files`
    p1="file",
    p2="started_by",
    p3="id created_at updated_at resource name is_dry state rows row created updated unchanged"
    " refused error finished_at",
)
table(
    ImportFinding,
    about=About.CUSTOMER,
    label=_("导入时的问题"),
    untold=_OTHERS,
    of=mentioning("message"),
    fate=Fate.DELETE,
    p1="message",
    p3="id run row field code",
)
table(
    ConnectorState,
    p3="id created_at updated_at name resource cursor as_of tried_at failed_at error refused",
)
table(
    KeptRecord,
    about=About.STAFF,  # a customer's go by `drop_kept`
    s="digest names",
    p1="record",
    p3="id state code kept_at tried_at",
)
