"""Who held a userid at what time: it may have been several people's, one after the other."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models.functions import Lower

from guideapp.organisation.models import Guide

_SEEN_WITHIN = timedelta(days=1)  # the nightly reading finds a new account by then


class Tenures:
    """Everybody who has ever held one of these userids; one query."""

    def __init__(self, userids: Iterable[str]) -> None:
        keys = {userid.lower() for userid in userids}
        rows = Guide.objects.alias(key=Lower("userid")).filter(key__in=keys)
        self._rows: dict[str, list[Guide]] = defaultdict(list)
        for guide in rows.order_by("created_at", "pk"):
            self._rows[guide.userid.lower()].append(guide)

    def knows(self, userid: str) -> bool:
        """True when somebody has held it."""
        return userid.lower() in self._rows

    def holder(self, userid: str, at: datetime) -> Guide | None:
        """Whose it was at that moment; the first holder whom we know had it ever before."""
        for number, guide in enumerate(self._rows.get(userid.lower(), ())):
            has_begun = number == 0 or guide.created_at - _SEEN_WITHIN <= at
            if has_begun and (guide.left_at is None or at < guide.left_at):
                return guide
        return None
