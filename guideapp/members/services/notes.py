"""Notes that guides keep about a customer."""

from datetime import datetime

from django.utils.translation import gettext as _

from guideapp.core.clock import now
from guideapp.members.errors import NoteRefused
from guideapp.members.models import Contact, Observation
from guideapp.members.services.owners import owner_of
from guideapp.members.services.topics import require_allowed
from guideapp.organisation.models import Guide

NOTE_MAX = 300  # characters


def write_note(
    contact: Contact, by: Guide, text: str, *, nonce: str = "", at: datetime | None = None
) -> Observation:
    """Keep what `by` noted about the customer. The same `nonce` (≤ 36) again is the same note.

    Raises NoteRefused: empty, over 300 characters, or with characters that no text may hold; and
    TopicRefused for sensitive information.
    """
    text = _clean(text)
    require_allowed(text)
    fields = {"contact": contact, "owner_id": owner_of(by), "text": text, "at": at or now()}
    if not nonce:
        return Observation.objects.create(author=by, **fields)
    note, _is_new = Observation.objects.get_or_create(author=by, nonce=nonce[:36], defaults=fields)
    return note


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise NoteRefused(_("里面有存不了的字符，删掉再试"))
    if not text:
        raise NoteRefused(_("先写点什么，再保存"))
    if len(text) > NOTE_MAX:
        raise NoteRefused(
            _("最多 %(most)s 个字，还多 %(over)s 个")
            % {"most": NOTE_MAX, "over": len(text) - NOTE_MAX}
        )
    return text
