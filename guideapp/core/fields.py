"""Columns that are unreadable without the keys in the environment.

A value is stored as `v1|key id|nonce|ciphertext` (AES-256-GCM, the column's name is authenticated
too). Exact look-up goes through `blind_index`, a keyed hash under another key.
"""

import base64
import hmac
import os
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

_NONCE_BYTES = 12


class Undecipherable(Exception):
    """The stored value was made under a key that is not configured, or was changed."""


def encrypt(value: str, *, column: str) -> str:
    """`value` under the newest key; only `decrypt` with the same `column` reads it."""
    key_id, key = next(iter(_keys(settings.DATA_KEYS).items()))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, value.encode(), column.encode())
    return "|".join(("v1", key_id, _b64(nonce), _b64(sealed)))


def decrypt(stored: str, *, column: str) -> str:
    """The text that `encrypt` was given. Raises Undecipherable."""
    try:
        version, key_id, nonce, sealed = stored.split("|")
        key = _keys(settings.DATA_KEYS)[key_id]
        if version != "v1":
            raise Undecipherable(column)
        plain = AESGCM(key).decrypt(
            base64.b64decode(nonce), base64.b64decode(sealed), column.encode()
        )
    except (ValueError, KeyError, InvalidTag):
        raise Undecipherable(column) from None
    return plain.decode()


def newest_key() -> str:
    """The id of the key that `encrypt` uses; it stands in each value."""
    return next(iter(_keys(settings.DATA_KEYS)))


def blind_index(value: str) -> str:
    """64 hex characters to look `value` up by; empty stays empty. Normalise before."""
    if not value:
        return ""
    return hmac.digest(settings.INDEX_KEY.encode(), value.encode(), "sha256").hex()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # no generic at run time
    """Text that the database holds encrypted. Empty stays empty; it cannot be filtered on."""

    @property
    def _column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Encrypt on the way in; the parts of a bulk update come by themselves."""
        if hasattr(value, "as_sql"):
            return value
        prepared = super().get_db_prep_save(value, connection)
        return encrypt(prepared, column=self._column) if prepared else prepared

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Decrypt on the way out."""
        return decrypt(value, column=self._column) if value else value


def check_keys() -> None:
    """Raise ImproperlyConfigured for DATA_KEYS that could not encrypt."""
    check_ring(settings.DATA_KEYS)


def check_ring(ring: str) -> None:
    """Raise ImproperlyConfigured for a key ring that could not encrypt."""
    _keys(ring)


@cache
def _keys(ring: str) -> dict[str, bytes]:
    keys = {}
    for part in ring.split(","):
        key_id, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded)
        except ValueError:  # also for letters that are no ASCII
            key = b""
        if not key_id or len(key) != 32:
            raise ImproperlyConfigured("DATA_KEYS must be `id:base64 of 32 bytes`, newest first.")
        keys[key_id] = key
    return keys


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
