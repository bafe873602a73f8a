"""Encrypted columns: unreadable without the keys, exact look-up by a keyed hash."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from guideapp.core.fields import Undecipherable, blind_index, decrypt, encrypt
from guideapp.wecom.models import Credential

OLD = "1:" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
NEW = "2:" + "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0="


@given(st.text())
def test_what_was_encrypted_comes_back(text: str) -> None:
    assert decrypt(encrypt(text, column="t.c"), column="t.c") == text


def test_the_same_text_never_looks_the_same() -> None:
    assert encrypt("x", column="t.c") != encrypt("x", column="t.c")


def test_a_value_moved_to_another_column_cannot_be_read() -> None:
    with pytest.raises(Undecipherable):
        decrypt(encrypt("x", column="t.phone"), column="t.note")


@pytest.mark.parametrize("stored", ["", "plain", "v1|1|a|b", "v2|1|AAAA|AAAA", "v1|9|AAAA|AAAA"])
def test_what_was_never_encrypted_cannot_be_read(stored: str) -> None:
    with pytest.raises(Undecipherable):
        decrypt(stored, column="t.c")


def test_an_old_key_still_reads_and_the_newest_writes(settings: Any) -> None:
    settings.DATA_KEYS = OLD
    stored = encrypt("x", column="t.c")
    settings.DATA_KEYS = f"{NEW},{OLD}"
    assert decrypt(stored, column="t.c") == "x"
    assert encrypt("x", column="t.c").startswith("v1|2|")
    settings.DATA_KEYS = NEW
    with pytest.raises(Undecipherable):
        decrypt(stored, column="t.c")


@pytest.mark.parametrize("ring", ["1:c2hvcnQ=", ":" + OLD[2:]])
def test_a_key_that_cannot_be_used_stops_the_start(settings: Any, ring: str) -> None:
    settings.DATA_KEYS = ring
    with pytest.raises(ImproperlyConfigured):
        encrypt("x", column="t.c")


def test_the_look_up_hash_needs_the_key_and_keeps_empty_empty(settings: Any) -> None:
    first = blind_index("+8613800000000")
    assert first == blind_index("+8613800000000")
    assert len(first) == 64
    settings.INDEX_KEY = "another"
    assert blind_index("+8613800000000") != first
    assert blind_index("") == ""


@pytest.mark.django_db
def test_a_column_holds_no_plain_text() -> None:
    row = Credential.objects.create(corp_id="ww", agent_id=1, kind="access_token", value="top")
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM wecom_credential")
        stored = cursor.fetchone()[0]
    row.refresh_from_db()
    assert stored.startswith("v1|")
    assert "top" not in stored
    assert row.value == "top"


@pytest.mark.django_db
def test_an_empty_column_stays_empty() -> None:
    Credential.objects.create(corp_id="ww", agent_id=1, kind="access_token")
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM wecom_credential")
        assert cursor.fetchone()[0] == ""
