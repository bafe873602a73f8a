"""Secrets in files are read again when they are written, without a restart."""

import os
from pathlib import Path
from typing import Any

import pytest

from guideapp.core import rotation
from guideapp.core.fields import decrypt, encrypt
from guideapp.core.rotation import Rotation

NEW_KEY = "2:" + "b" * 43 + "="


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """Put a secret into a file, as the process was started with it, and write it anew."""
    monkeypatch.setattr(rotation, "LOOK_SECONDS", 0)

    class Secret:
        def start(self, name: str) -> Rotation:
            self.file = tmp_path / name
            self.file.write_text(getattr(settings, name), encoding="utf-8")
            monkeypatch.delenv(name, raising=False)
            monkeypatch.setenv(f"{name}_FILE", str(self.file))
            setattr(settings, name, getattr(settings, name))  # undone at the end
            return Rotation()

        def write(self, value: str) -> None:
            self.file.write_text(value, encoding="utf-8")
            later = self.file.stat().st_mtime_ns + 10**9
            os.utime(self.file, ns=(later, later))

    return Secret()


def test_a_new_secret_of_the_app_is_used_at_once(secret: Any, settings: Any) -> None:
    watching = secret.start("WECOM_SECRET")
    watching.look()
    assert settings.WECOM_SECRET == "test-app-secret"
    secret.write("the-new-one\n")
    watching.look()
    assert settings.WECOM_SECRET == "the-new-one"


def test_a_new_key_encrypts_and_the_old_one_still_reads(secret: Any, settings: Any) -> None:
    watching = secret.start("DATA_KEYS")
    old = encrypt("13812345678", column="t.c")
    secret.write(f"{NEW_KEY},{settings.DATA_KEYS}")
    watching.look()
    assert encrypt("13812345678", column="t.c").startswith("v1|2|")
    assert decrypt(old, column="t.c") == "13812345678"


@pytest.mark.parametrize("broken", ["", "2:too-short", "2:密"])
def test_a_value_that_cannot_work_changes_nothing(secret: Any, settings: Any, broken: str) -> None:
    watching, before = secret.start("DATA_KEYS"), settings.DATA_KEYS
    secret.write(broken)
    watching.look()
    assert before == settings.DATA_KEYS


def test_what_stands_in_the_environment_itself_is_not_watched(
    secret: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret.start("WECOM_SECRET")
    monkeypatch.setenv("WECOM_SECRET", "given")
    watching = Rotation()
    secret.write("the-new-one")
    watching.look()
    assert settings.WECOM_SECRET == "test-app-secret"


def test_a_file_that_cannot_be_read_is_said_once_and_tried_again(
    secret: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    watching = secret.start("WECOM_SECRET")
    text = secret.file
    secret.write("the-new-one")
    kept = text.rename(text.with_suffix(".kept"))
    text.mkdir()  # reads as an OSError, for every user
    watching.look()
    watching.look()
    assert settings.WECOM_SECRET == "test-app-secret"
    assert caplog.text.count("cannot be used") == 1
    text.rmdir()
    kept.rename(text)
    watching.look()
    assert settings.WECOM_SECRET == "the-new-one"


def test_a_file_that_is_no_text_changes_nothing(secret: Any, settings: Any) -> None:
    watching = secret.start("WECOM_SECRET")
    secret.write("")
    secret.file.write_bytes(b"\xff\xfe")
    watching.look()
    assert settings.WECOM_SECRET == "test-app-secret"
