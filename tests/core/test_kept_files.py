"""Files without room: nothing half stays, and the person is told."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import RequestFactory

from guideapp.core.errors import BadInput, NoRoom
from guideapp.core.kept_files import files_with_rows, keep_file, lost_a_file

KB = 1024


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """What a full disk does to a write: it stops in the middle."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_half_a_file_does_not_stay(media: Path) -> None:
    with no_file_beyond(64 * KB), pytest.raises(NoRoom):
        keep_file("imports/a.table", b"x" * 200 * KB)
    assert files(media) == []


@files_with_rows()
def keep_and_fail(error: Exception) -> None:
    """Keep a file, and do not come as far as its row."""
    keep_file("imports/a.table", b"x")
    raise error


def test_a_file_goes_when_its_row_is_refused(media: Path) -> None:
    with pytest.raises(BadInput):
        keep_and_fail(BadInput())
    assert files(media) == []


def test_a_file_kept_in_an_inner_step_goes_with_the_whole(media: Path) -> None:
    @files_with_rows()
    def whole() -> None:
        with files_with_rows():
            keep_file("imports/a.table", b"x")
        raise BadInput

    with pytest.raises(BadInput):
        whole()
    assert files(media) == []


def test_a_file_stays_when_nobody_knows_whether_its_row_was_written(media: Path) -> None:
    with pytest.raises(OperationalError):
        keep_and_fail(OperationalError("the connection was lost at the commit"))
    assert default_storage.exists("imports/a.table")


def test_a_form_is_read_to_its_end_though_its_file_found_no_room(
    media: Path, rf: RequestFactory, settings: Any
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(media)
    body = {"file": SimpleUploadedFile("a.mp4", b"x" * 3000 * KB), "title": "秋装"}
    request = rf.post("/", body)
    with no_file_beyond(500 * KB):
        assert request.POST["title"] == "秋装"
    assert lost_a_file(request)
    assert "file" not in request.FILES
    assert files(media) == []
