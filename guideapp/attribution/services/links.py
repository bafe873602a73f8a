"""Hand out tracked links and look them up again."""

import re
import secrets
import string
from collections.abc import Iterable
from datetime import datetime

from guideapp.attribution.models import TrackedLink
from guideapp.core.clock import now
from guideapp.members.models import Contact
from guideapp.organisation.models import Guide, Store

TOKEN_LENGTH = 22  # fits WeCom's `state` (30) and holds 130 random bits
_ALPHABET = string.digits + string.ascii_letters
_TOKEN = re.compile(rf"[0-9A-Za-z]{{{TOKEN_LENGTH}}}")
_RANDOM_BYTES = 32  # far more than the 17 that 22 characters hold, so that none is likelier
_BATCH = 1000


def new_token() -> str:
    """22 random base62 characters: nothing to decode, nothing to forge."""
    number = int.from_bytes(secrets.token_bytes(_RANDOM_BYTES))
    letters = []
    for _ in range(TOKEN_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(letters)


def track(
    *,
    kind: str,
    guide: Guide,
    store: Store | None,
    contact: Contact | None,
    target: str,
    channel: str = "",
    parent: TrackedLink | None = None,
    at: datetime | None = None,
) -> TrackedLink:
    """Keep who handed out what to whom, and return the link whose token leads back to it.

    `kind` is a TrackedLink.Kind, `target` names the thing (`material:12`), `channel` the add state
    or campaign, `parent` the link that a forward came from.
    """
    return TrackedLink.objects.create(
        token=new_token(),
        kind=kind,
        guide=guide,
        store=store,
        contact=contact,
        channel=channel,
        target=target,
        parent=parent,
        created_at=at or now(),
    )


def track_many(links: Iterable[TrackedLink]) -> list[TrackedLink]:
    """Store unsaved links under tokens of their own, in batches, in the order given."""
    prepared = list(links)
    for link in prepared:
        link.token = new_token()
    return TrackedLink.objects.bulk_create(prepared, batch_size=_BATCH)


def find(token: str) -> TrackedLink | None:
    """The link under `token` with guide, store and contact; None for anything unknown."""
    if not _TOKEN.fullmatch(token):
        return None
    links = TrackedLink.objects.select_related("guide", "store", "contact")
    return links.filter(token=token).first()
