"""The callback scheme against the vendor's published vectors, and against damage."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideapp.wecom import errors
from guideapp.wecom.crypto import CallbackCrypto, signature
from tests.wecom.vectors import SAMPLE_A, VECTORS, Receiver, Vector

OURS = CallbackCrypto("token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww0a1b2c3d4e5f6071")
each_vector = pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)


def crypto_of(receiver: Receiver) -> CallbackCrypto:
    return CallbackCrypto(*receiver)


def open_signed(encrypt: str) -> bytes:
    """Decrypt `encrypt` under a signature that fits it, as a holder of the token could send it."""
    return OURS.decrypt(signature("token", "1", "n", encrypt), "1", "n", encrypt)


@each_vector
def test_a_published_message_is_read(vector: Vector) -> None:
    plain = crypto_of(vector.receiver).decrypt(
        vector.msg_signature, vector.timestamp, vector.nonce, vector.encrypt
    )
    assert plain.decode() == vector.plain


@each_vector
def test_a_published_message_is_written_byte_for_byte(vector: Vector) -> None:
    envelope = crypto_of(vector.receiver).encrypt(
        vector.plain.encode(),
        nonce=vector.nonce,
        timestamp=vector.timestamp,
        random16=vector.prefix,
    )
    assert envelope == (vector.encrypt, vector.msg_signature, vector.timestamp, vector.nonce)


@pytest.mark.parametrize("name", ["A1", "B1"])
def test_the_address_check_is_answered_with_the_bare_text(name: str) -> None:
    vector = VECTORS[name]
    answer = crypto_of(vector.receiver).verify_url(
        vector.msg_signature, vector.timestamp, vector.nonce, vector.encrypt
    )
    assert answer == vector.plain


def test_the_published_keys_end_in_spare_bits_and_are_accepted() -> None:
    again = base64.b64encode(base64.b64decode(SAMPLE_A.aes_key + "=")).decode().rstrip("=")
    assert again != SAMPLE_A.aes_key
    crypto_of(SAMPLE_A)


@pytest.mark.parametrize("key", ["", "short", "a" * 42, "a" * 44, "a" * 42 + "!", "导" * 43])
def test_a_key_of_the_wrong_form_is_refused(key: str) -> None:
    with pytest.raises(errors.BadKey) as caught:
        CallbackCrypto("token", key, "ww")
    assert caught.value.library_code == -40004


@given(plain=st.binary(max_size=200), nonce=st.text(), timestamp=st.text(max_size=12))
def test_what_was_encrypted_is_read_again(plain: bytes, nonce: str, timestamp: str) -> None:
    sent = OURS.encrypt(plain, nonce=nonce, timestamp=timestamp)
    assert OURS.decrypt(sent.msg_signature, sent.timestamp, sent.nonce, sent.encrypt) == plain


@given(cut=st.integers(0, 31))
def test_padding_fills_blocks_of_32(cut: int) -> None:
    sent = OURS.encrypt(b"x" * cut, nonce="n", timestamp="1")
    assert len(base64.b64decode(sent.encrypt)) % 32 == 0


@given(msg_signature=st.text(), timestamp=st.text(), nonce=st.text(), encrypt=st.text())
def test_any_text_with_a_wrong_signature_is_refused(
    msg_signature: str, timestamp: str, nonce: str, encrypt: str
) -> None:
    with pytest.raises(errors.SignatureMismatch):
        OURS.decrypt(msg_signature, timestamp, nonce, encrypt)


@given(encrypt=st.text(st.characters(codec=None)))
def test_signed_text_of_any_kind_gives_a_typed_error(encrypt: str) -> None:
    with pytest.raises(errors.CallbackCryptoError):
        open_signed(encrypt)


@given(sealed=st.binary(max_size=160))
def test_signed_bytes_that_were_never_encrypted_give_a_typed_error(sealed: bytes) -> None:
    with pytest.raises(errors.CallbackCryptoError):
        open_signed(base64.b64encode(sealed).decode())


@given(at=st.integers(0, 95), flip=st.integers(1, 255))
def test_a_changed_byte_never_breaks_the_reader(at: int, flip: int) -> None:
    sealed = bytearray(base64.b64decode(OURS.encrypt(b"x" * 30, nonce="n", timestamp="1").encrypt))
    sealed[at] ^= flip
    try:
        message = open_signed(base64.b64encode(sealed).decode())
    except errors.CallbackCryptoError:
        return
    assert isinstance(message, bytes)


@pytest.mark.parametrize(
    ("encrypt", "error", "library_code"),
    [
        ("not base64", errors.BadBase64, -40010),
        ("导购", errors.BadBase64, -40010),
        ("", errors.BadCiphertext, -40007),
        (base64.b64encode(b"x" * 17).decode(), errors.BadCiphertext, -40007),
        (base64.b64encode(b"x" * 32).decode(), errors.BadBuffer, -40008),
    ],
)
def test_each_damage_has_its_own_error(
    encrypt: str, error: type[errors.CallbackCryptoError], library_code: int
) -> None:
    with pytest.raises(error) as caught:
        open_signed(encrypt)
    assert caught.value.library_code == library_code


def test_a_message_for_another_company_is_refused() -> None:
    other = CallbackCrypto("token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww-other")
    sent = other.encrypt(b"<xml/>", nonce="n", timestamp="1")
    with pytest.raises(errors.ReceiveIdMismatch):
        OURS.decrypt(sent.msg_signature, sent.timestamp, sent.nonce, sent.encrypt)


def test_a_message_under_another_key_is_refused() -> None:
    other = CallbackCrypto("token", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg", "ww")
    sent = other.encrypt(b"<xml/>" * 20, nonce="n", timestamp="1")
    with pytest.raises((errors.BadBuffer, errors.ReceiveIdMismatch)):
        OURS.decrypt(sent.msg_signature, sent.timestamp, sent.nonce, sent.encrypt)


def test_an_address_check_that_is_not_text_is_refused() -> None:
    sent = OURS.encrypt(b"\xff\xfe", nonce="n", timestamp="1")
    with pytest.raises(errors.BadBuffer):
        OURS.verify_url(sent.msg_signature, sent.timestamp, sent.nonce, sent.encrypt)


def test_a_random_prefix_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(errors.EncryptFailed):
        OURS.encrypt(b"", nonce="n", timestamp="1", random16=b"short")


def test_a_lone_surrogate_in_the_query_is_a_wrong_signature() -> None:
    with pytest.raises(errors.SignatureMismatch):
        OURS.decrypt("\ud800", "\ud800", "n", "x")
