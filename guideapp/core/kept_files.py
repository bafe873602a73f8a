"""Files that people send us: kept whole with their rows, or not at all."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest

from guideapp.core.errors import NoRoom

try:  # STORE_TROUBLE: how a disk or an object store says that it takes or gives nothing
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    STORE_TROUBLE: tuple[type[Exception], ...] = (OSError, Boto3Error, BotoCoreError, ClientError)
except ImportError:  # requirements-prod.txt brings it, for those who set S3_BUCKET
    STORE_TROUBLE = (OSError,)

logger = logging.getLogger(__name__)

_LOST = "guideapp.lost_a_file"  # in META, which a client cannot write under this name
_kept: ContextVar[list[str] | None] = ContextVar("kept", default=None)


def keep_file(name: str, content: bytes) -> str:
    """Write the bytes under `name` (or one like it, which is returned).

    Raises NoRoom when the disk is full or the object store takes nothing; nothing stays then.
    """
    try:
        kept = _write(name, content)
    except STORE_TROUBLE:
        logger.error("A file could not be kept.", extra={"file": name}, exc_info=True)
        _discard(name)
        raise NoRoom from None
    inside = _kept.get()
    if inside is not None:
        inside.append(kept)
    return kept


@contextmanager
def files_with_rows() -> Iterator[None]:
    """What was kept inside goes again when the block fails, so that no file is without its row.

    After a lost connection nobody knows whether the row was written: then the file stays, because
    a row without its file is worse.
    """
    outer, ours = _kept.get(), list[str]()
    token = _kept.set(ours)
    try:
        yield
    except BaseException as error:
        if not _lost_the_connection(error):
            for name in ours:
                _discard(name)
        raise
    else:
        if outer is not None:
            outer.extend(ours)
    finally:
        _kept.reset(token)


def _lost_the_connection(error: BaseException) -> bool:
    """True where nobody knows how the transaction ended: no answer came (SQLSTATE 08, 57P)."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    told = getattr(error.__cause__, "sqlstate", None)
    return told is None or told.startswith(("08", "57P"))


def _write(name: str, content: bytes) -> str:
    """Temp, fsync, rename; an object store writes whole objects anyway and has no paths."""
    try:
        target = Path(default_storage.path(name))
    except NotImplementedError:
        return default_storage.save(name, ContentFile(content))
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f"{target.suffix}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError:  # half a file would only make the disk fuller
        partial.unlink(missing_ok=True)
        raise
    return name


def _discard(name: str) -> None:
    """Also an object whose answer never came; where the store is away it stays, without a row."""
    with suppress(*STORE_TROUBLE):
        default_storage.delete(name)


class SpooledUpload(TemporaryFileUploadHandler):
    """A large upload waits in a temporary file. Without room there, the request says so.

    The form's other fields are still read: the CSRF token among them, so that the person hears the
    true reason. `lost_a_file` tells the views.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open the temporary file."""
        try:
            super().new_file(*args, **kwargs)
        except OSError:
            self._lose()
            raise SkipFile from None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write on."""
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError:
            self._lose()
            raise SkipFile from None

    def file_complete(self, file_size: int) -> Any:
        """The file; None when its last bytes found no room."""
        try:
            return super().file_complete(file_size)
        except OSError:
            self._lose()
            return None

    def _lose(self) -> None:
        if self.request is not None:
            self.request.META[_LOST] = True
        if hasattr(self, "file"):
            with suppress(OSError):  # closing writes once more what found no room
                self.file.close()


def lost_a_file(request: HttpRequest) -> bool:
    """True when an upload of this request found no room while it was read."""
    return _LOST in request.META
