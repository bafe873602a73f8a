"""Secrets that change while we run: a file named by NAME_FILE is read again when it was written.

Only those whose new value works at once. SECRET_KEY and the database's password need a restart.
"""

import logging
import os
import time
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from guideapp.core.fields import check_ring

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5
NAMES = (
    "WECOM_SECRET",
    "WECOM_CONTACTS_SECRET",
    "WECOM_CALLBACK_TOKEN",
    "WECOM_CALLBACK_AES_KEY",
    "DATA_KEYS",
    "METRICS_TOKEN",
)


class Rotation:
    """Watches the files of this process's environment; cheap enough for every request."""

    def __init__(self) -> None:
        self._looked_at = 0.0
        self._written = {name: _written_at(name) for name in NAMES}
        self._refused: dict[str, int] = {}  # said once; the file is tried again at every look

    def look(self) -> None:
        """Take over what was written since the last look, at most every five seconds."""
        at = time.monotonic()
        if at - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = at
        for name in NAMES:
            written = _written_at(name)
            if written and written != self._written[name]:
                self._take_over(name, written)

    def _take_over(self, name: str, written: int) -> None:
        """A file that cannot be read or used is left alone: the old value goes on."""
        value = _usable(name)
        if value:
            self._written[name] = written
            setattr(settings, name, value)
            logger.warning("A secret was read anew.", extra={"setting": name})
        elif self._refused.get(name) != written:
            self._refused[name] = written
            logger.error("A new secret cannot be used; the old one stays.", extra={"setting": name})


def _written_at(name: str) -> int:
    """0 for a secret that is not in a file, or whose file is being replaced just now."""
    file = os.environ.get(f"{name}_FILE", "")
    try:
        return Path(file).stat().st_mtime_ns if file and not os.environ.get(name) else 0
    except OSError:
        return 0


def _usable(name: str) -> str:
    """What the file says; empty for one that we may not read, is no text, or cannot work."""
    try:
        value = Path(os.environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
        if name == "DATA_KEYS":
            check_ring(value)
    except (OSError, UnicodeDecodeError, ImproperlyConfigured):
        return ""
    return value


rotation = Rotation()
