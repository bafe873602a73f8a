"""Ids and secrets that look like WeCom's."""

import hashlib
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def random_text(length: int) -> str:
    """Letters and digits nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def external_userid(key: str = "", *, kind: int = 1) -> str:
    """32 characters, `wm` for a WeChat user and `wo` for a WeCom user; the same for one `key`."""
    return f"{'wm' if kind == 1 else 'wo'}{_stretched(key, 30)}"


def tag_id(key: str = "") -> str:
    """32 characters beginning with `et`, for tags and for groups of tags."""
    return f"et{_stretched(key, 30)}"


def chat_id(key: str = "") -> str:
    """32 characters beginning with `wr`."""
    return f"wr{_stretched(key, 30)}"


def open_gid(chat_id: str) -> str:
    """28 characters beginning with `o`: what a mini program that is opened in the group gets."""
    return f"o{_stretched(f'opengid/{chat_id}', 27)}"


def unionid(key: str = "") -> str:
    """28 characters beginning with `o`."""
    return f"o{_stretched(key, 27)}"


def openid(key: str) -> str:
    """28 characters beginning with `o`, the same for one `key`."""
    return f"o{_stretched(f'openid/{key}', 27)}"


def link_id() -> str:
    """An acquisition link's: `ca` and what its address ends with."""
    return f"ca{random_text(30)}"


def config_id() -> str:
    """32 hex digits."""
    return secrets.token_hex(16)


def _stretched(key: str, length: int) -> str:
    if not key:
        return random_text(length)
    digest = hashlib.sha512(key.encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:length])
