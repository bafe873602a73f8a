"""The environment of a measured run: production settings with keys that protect nothing.

Import it before Django's settings are read. Processes that a bench starts inherit it.
"""

import base64
import getpass
import os
import socket
from urllib.parse import urlsplit

HOST = "localhost"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP_ID, TOKEN = "ww0a1b2c3d4e5f6071", "benchcallbacktoken"

_FIXED = {
    "DJANGO_SETTINGS_MODULE": "bench.settings",
    "DEBUG": "0",
    "SITE_NAME": "导购台",
    "SITE_URL": f"https://{HOST}",
    "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
    "BEHIND_PROXY": "1",  # the load generator is the proxy: it says X-Forwarded-Proto: https
    "SECRET_KEY": "only-for-measuring-" + "k" * 50,
    "DATA_KEYS": "1:" + base64.b64encode(b"k" * 32).decode(),
    "INDEX_KEY": "only-for-measuring",
    "WECOM_CORP_ID": CORP_ID,
    "WECOM_AGENT_ID": "1000002",
    "WECOM_SECRET": "bench-app-secret",
    "WECOM_CALLBACK_TOKEN": TOKEN,
    "WECOM_CALLBACK_AES_KEY": AES_KEY,
    "PROFILE_LIMIT_PER_10_MINUTES": "100000000",  # counted as ever, never reached
    # A burst asks WeCom more often than the company's quota of a minute would let us.
    "WECOM_CALLS_PER_MINUTE": "100000",
    "WECOM_CALLS_PER_HOUR": "1000000",
    "LOG_LEVEL": "WARNING",
}
_UNSET = ("DEMO", "WECOM_SANDBOX", "WECOM_API_BASE_URL", "WECOM_BRIDGE_SCRIPT", "COOKIE_SECURE")


def prepare(database: str) -> None:
    """Fix the environment of this process and its children; a second call changes nothing."""
    if os.environ.get("DJANGO_SETTINGS_MODULE") == _FIXED["DJANGO_SETTINGS_MODULE"]:
        return
    os.environ.update(_FIXED)
    for name in _UNSET:
        os.environ.pop(name, None)
    os.environ["DATABASE_URL"] = url_of(database)
    redis = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/9")
    os.environ["REDIS_URL"] = redis if _answers(redis) else ""


def server_url() -> str:
    """Where the PostgreSQL of the benches is (BENCH_DATABASE_URL, without a database)."""
    default = f"postgresql://{getpass.getuser()}@127.0.0.1:5432"
    parts = urlsplit(os.environ.get("BENCH_DATABASE_URL", default))
    return f"{parts.scheme}://{parts.netloc}"


def url_of(database: str) -> str:
    """DATABASE_URL of one of the benches' own databases."""
    return f"{server_url()}/{database}"


def _answers(url: str) -> bool:
    """Without Redis each process counts for itself, as in a small installation."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(1)
        found = probe.connect_ex((parts.hostname or "127.0.0.1", parts.port or 6379)) == 0
    if not found:
        print("No Redis answers: rate counters stay in each process's memory.", flush=True)
    return found
