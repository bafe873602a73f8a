"""Sessions in the database that know their guide."""

from typing import Any, cast

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

from guideapp.organisation.models import GuideSession

GUIDE = "guide"  # Guide.pk, also in the row's own column
SINCE = "since"  # login, seconds since the epoch
SEEN = "seen"  # last request that was noted
HQ_SEEN = "hq_seen"  # the same while headquarters' shorter idle limit was kept
QR_AT = "qr_at"  # login by QR code
LOGIN_DAY = "day"  # the last Shanghai day that has its LoginDay


class SessionStore(DatabaseSessions):
    """Django's database sessions over GuideSession."""

    @classmethod
    def get_model_class(cls) -> type[GuideSession]:
        """The table with the guide column."""
        return GuideSession

    def create_model_instance(self, data: dict[str, Any]) -> GuideSession:
        """The row of this session, tied to the guide who logged in."""
        row = cast(GuideSession, super().create_model_instance(data))
        row.guide_id = data.get(GUIDE)
        return row
