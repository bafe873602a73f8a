"""Read settings from the environment; a missing required one stops the start with its name.

`DEMO=1` makes secrets of its own (kept in `var/demo/secrets.json`), so that a first run needs no
preparation. Every name read here stands in `.env.example` with one line of explanation.
"""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
_DEMO_SECRETS = BASE_DIR / "var" / "demo" / "secrets.json"


def env_bool(name: str, *, default: bool = False) -> bool:
    """`1`, `true`, `yes`, `on` are true; anything else given is false."""
    value = os.environ.get(name, "").strip().lower()
    return value in {"1", "true", "yes", "on"} if value else default


def env_str(name: str, default: str | None = None) -> str:
    """The text of `name`. Without `default` it is required: ImproperlyConfigured names it."""
    value = os.environ.get(name, "")
    if value:
        return value
    file = os.environ.get(f"{name}_FILE", "")
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set; .env.example says what it is for.")
    return default


def env_int(name: str, default: int) -> int:
    """A whole number; anything else stops the start."""
    value = env_str(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def env_list(name: str, default: str = "") -> list[str]:
    """A comma-separated list, empty parts dropped."""
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_secret(name: str) -> str:
    """A secret: required, except that the demo makes and keeps one of its own."""
    if os.environ.get(name) or os.environ.get(f"{name}_FILE") or not env_bool("DEMO"):
        return env_str(name)
    return _demo_secrets()[name]


def _demo_secrets() -> dict[str, str]:
    if not _DEMO_SECRETS.exists():
        _DEMO_SECRETS.parent.mkdir(parents=True, exist_ok=True)
        made = {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATA_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "INDEX_KEY": secrets.token_urlsafe(32),
            "WECOM_CORP_ID": f"ww{secrets.token_hex(8)}",
            "WECOM_SECRET": secrets.token_urlsafe(32),
            "WECOM_CONTACTS_SECRET": secrets.token_urlsafe(32),
            "WECOM_CALLBACK_TOKEN": secrets.token_hex(12),
            "WECOM_CALLBACK_AES_KEY": _aes_key(),
        }
        partial = _DEMO_SECRETS.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(made, indent=1), encoding="utf-8")
        partial.chmod(0o600)
        partial.replace(_DEMO_SECRETS)
    loaded: dict[str, str] = json.loads(_DEMO_SECRETS.read_text(encoding="utf-8"))
    return loaded


def _aes_key() -> str:
    """43 letters and digits, as WeCom's EncodingAESKey must be."""
    while True:
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        if key.isalnum():
            return key


def database(url: str) -> dict[str, Any]:
    """Django's settings for `sqlite:///path` or `postgresql://user:password@host:port/name`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path[1:] if parts.path.startswith("//") else BASE_DIR / parts.path[1:],
            # A file, not memory: the web server and the worker of a test are threads of their own.
            "TEST": {"NAME": BASE_DIR / "var" / "test" / "suite.sqlite3"},
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
                    "PRAGMA busy_timeout=20000;PRAGMA foreign_keys=ON;"
                ),
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        pool = {"min_size": 2, "max_size": env_int("DATABASE_POOL_SIZE", 8), "timeout": 10}
        # Workers and commands; `manage.py serve` asks for 5 s in the environment of its processes.
        seconds = env_int("DATABASE_STATEMENT_SECONDS", 60)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 0,  # required with a pool
            "OPTIONS": {"pool": pool, "options": f"-c statement_timeout={seconds}s"},
        }
    raise ImproperlyConfigured(f"DATABASE_URL begins with {parts.scheme!r}, which is not known.")


def s3_storage(bucket: str, endpoint: str, signed_seconds: int) -> dict[str, Any]:
    """Django's storage settings for a private bucket: signed addresses, nothing overwritten."""
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint or None,
            "region_name": env_str("S3_REGION", "") or None,
            "access_key": env_str("S3_ACCESS_KEY", "") or None,  # None: the machine's own role
            "secret_key": env_str("S3_SECRET_KEY", "") or None,
            "addressing_style": env_str("S3_ADDRESSING_STYLE", "auto"),
            "location": env_str("S3_PREFIX", ""),
            "signature_version": "s3v4",
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
            "querystring_expire": signed_seconds or 3600,
        },
    }


def s3_hosts(bucket: str, endpoint: str) -> list[str]:
    """Where signed addresses lead, by path and by host; without an endpoint set MEDIA_HOSTS."""
    parts = urlsplit(endpoint)
    own = [f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{bucket}.{parts.netloc}"]
    return own if bucket and endpoint else []
