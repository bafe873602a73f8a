"""Keep the freshly seeded database aside, and bring it back when somebody presses 重置.

Only for the demo's SQLite file: a copy of a few megabytes takes well under a second.
"""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections, connection

from guideapp.core.audit import record_audit
from guideapp.core.models import AuditEntry

SEEDED = "demo_seeded"
_COPY = settings.BASE_DIR / "var" / "demo" / "seeded.sqlite3"


def is_seeded() -> bool:
    """True when the company has been seeded into this database."""
    return AuditEntry.objects.filter(action=SEEDED).exists()


def seeded_at() -> datetime | None:
    """When the story began: after seeding, or at the last 重置."""
    last = AuditEntry.objects.filter(action=SEEDED).order_by("-at").first()
    return last.at if last else None


def mark_seeded() -> None:
    """Write down that the story begins now; the start page counts its steps from here."""
    record_audit(actor="", action=SEEDED, subject="demo")


def take() -> None:
    """Copy the database as it stands."""
    if connection.vendor != "sqlite":
        return
    _COPY.parent.mkdir(parents=True, exist_ok=True)
    _copy(_database(), _COPY)


def can_restore() -> bool:
    """True when there is a copy to go back to."""
    return connection.vendor == "sqlite" and _COPY.exists()


def restore() -> None:
    """Bring the copy back and begin the story anew."""
    close_old_connections()
    connection.close()
    _copy(_COPY, _database())
    mark_seeded()


def _database() -> Path:
    return Path(connection.settings_dict["NAME"])


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA busy_timeout=20000")
        old.backup(new)
