"""Sessions in the database that know their guide."""

from typing import Any, cast

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db.models import CharField, DateTimeField, QuerySet
from django.utils import timezone

from guideapp.core.prepared import Given, Prepared
from guideapp.organisation.models import GuideSession

GUIDE = "guide"  # Guide.pk, also in the row's own column
SINCE = "since"  # login, seconds since the epoch
SEEN = "seen"  # last request that was noted
HQ_SEEN = "hq_seen"  # the same while headquarters' shorter idle limit was kept
QR_AT = "qr_at"  # login by QR code
HELD = "held"  # a form that waits for a fresh QR login (organisation.held)
LOGIN_DAY = "day"  # the last Shanghai day that has its LoginDay


class SessionStore(DatabaseSessions):
    """Django's database sessions over GuideSession."""

    @classmethod
    def get_model_class(cls) -> type[GuideSession]:
        """The table with the guide column."""
        return GuideSession

    def _get_session_from_db(self) -> GuideSession | None:
        """The live row of this key; each request asks for it, so the query is made ready once."""
        row = _LIVE.first(key=self.session_key, at=timezone.now())
        if row is None:
            self._session_key = None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> GuideSession:
        """The row of this session, tied to the guide who logged in."""
        row = cast(GuideSession, super().create_model_instance(data))
        row.guide_id = data.get(GUIDE)
        return row


def _live() -> QuerySet[GuideSession]:
    return GuideSession.objects.filter(
        session_key=Given("key", CharField()), expire_date__gt=Given("at", DateTimeField())
    )


_LIVE = Prepared(_live)
