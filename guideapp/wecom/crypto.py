"""WeCom's callback scheme: SHA-1 signature, AES-256-CBC, a receive id at the end.

Knows nothing of settings or models, so that the played WeCom uses the same bytes as we do.
Source: developer.work.weixin.qq.com/document/path/91144
"""

import base64
import hashlib
import hmac
import os
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from guideapp.wecom.errors import (
    BadBase64,
    BadBuffer,
    BadCiphertext,
    BadKey,
    EncryptFailed,
    ReceiveIdMismatch,
    SignatureMismatch,
)

_KEY_LENGTH = 43
_AES_BLOCK = 16
_PAD_BLOCK = 32  # PKCS#7 over 32 bytes, although AES works in 16
_PREFIX = 16  # random bytes before the length
_HEAD = _PREFIX + 4


class Envelope(NamedTuple):
    """An encrypted message with what its receiver needs to check it."""

    encrypt: str
    msg_signature: str
    timestamp: str
    nonce: str


def signature(token: str, timestamp: str, nonce: str, encrypt: str) -> str:
    """SHA-1 hex of the four texts, sorted by bytes and joined."""
    parts = sorted(_bytes(part) for part in (token, timestamp, nonce, encrypt))
    return hashlib.sha1(b"".join(parts), usedforsecurity=False).hexdigest()


class CallbackCrypto:
    """Encrypt, decrypt and check for one receiver (Token, EncodingAESKey, corp id).

    Raises BadKey for a key that is not 43 base64 characters. The last character carries two bits
    that are not part of the key and need not be zero.
    """

    def __init__(self, token: str, aes_key: str, receive_id: str) -> None:
        self._token = token
        self._key = _key(aes_key)
        self._receive_id = _bytes(receive_id)

    def verify_url(self, msg_signature: str, timestamp: str, nonce: str, echostr: str) -> str:
        """The text to answer WeCom's address check with, bare. Raises as `decrypt` does."""
        plain = self.decrypt(msg_signature, timestamp, nonce, echostr)
        try:
            return plain.decode()
        except UnicodeDecodeError:
            raise BadBuffer from None

    def decrypt(self, msg_signature: str, timestamp: str, nonce: str, encrypt: str) -> bytes:
        """The message inside `encrypt`, after the signature and the receive id were checked.

        Raises SignatureMismatch, BadBase64, BadCiphertext, BadBuffer or ReceiveIdMismatch.
        """
        expected = signature(self._token, timestamp, nonce, encrypt)
        if not hmac.compare_digest(expected.encode(), _bytes(msg_signature)):
            raise SignatureMismatch
        message, receive_id = _unpack(self._decipher(encrypt))
        if not hmac.compare_digest(receive_id, self._receive_id):
            raise ReceiveIdMismatch
        return message

    def encrypt(
        self, plain: bytes, *, nonce: str, timestamp: str, random16: bytes | None = None
    ) -> Envelope:
        """`plain` for this receiver, signed. `random16` only to repeat a known result.

        Raises EncryptFailed when `random16` is not 16 bytes.
        """
        prefix = os.urandom(_PREFIX) if random16 is None else random16
        if len(prefix) != _PREFIX:
            raise EncryptFailed
        packed = prefix + len(plain).to_bytes(4) + plain + self._receive_id
        count = _PAD_BLOCK - len(packed) % _PAD_BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(packed + bytes([count]) * count) + encryptor.finalize()
        text = base64.b64encode(sealed).decode()
        return Envelope(text, signature(self._token, timestamp, nonce, text), timestamp, nonce)

    def _decipher(self, encrypt: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypt, validate=True)
        except ValueError:
            raise BadBase64 from None
        if not sealed or len(sealed) % _AES_BLOCK:
            raise BadCiphertext
        decryptor = self._cipher().decryptor()
        return decryptor.update(sealed) + decryptor.finalize()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:_AES_BLOCK]))


def _unpack(padded: bytes) -> tuple[bytes, bytes]:
    """Message and receive id of a deciphered buffer."""
    count = padded[-1]
    if not 1 <= count <= _PAD_BLOCK or padded[-count:] != bytes([count]) * count:
        raise BadBuffer
    packed = padded[:-count]
    end = _HEAD + int.from_bytes(packed[_PREFIX:_HEAD])
    if len(packed) < _HEAD or end > len(packed):
        raise BadBuffer
    return packed[_HEAD:end], packed[end:]


def _key(aes_key: str) -> bytes:
    try:
        key = base64.b64decode(f"{aes_key}=", validate=True)
    except ValueError:
        raise BadKey from None
    if len(aes_key) != _KEY_LENGTH or len(key) != 32:
        raise BadKey
    return key


def _bytes(text: str) -> bytes:
    """UTF-8, also of text that is none (a lone surrogate of a query): it only has to differ."""
    return text.encode(errors="surrogatepass")
