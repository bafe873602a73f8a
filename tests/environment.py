"""The environment of a test run, set before the settings are read.

`DATABASE_URL` (or none: SQLite) chooses the database; everything else is fixed, so that a
developer's own environment cannot change a result.
"""

import base64
import os
from pathlib import Path

_FIXED = {
    "DEMO": "1",
    "DEBUG": "0",
    "WECOM_SANDBOX": "1",
    "STATIC_HASHED": "0",
    "SITE_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "SECRET_KEY": "only-for-tests-" + "x" * 50,
    "DATA_KEYS": "1:" + base64.b64encode(b"k" * 32).decode(),
    "INDEX_KEY": "only-for-tests",
    "WECOM_CORP_ID": "ww0a1b2c3d4e5f6071",
    "WECOM_AGENT_ID": "1000002",
    "WECOM_SECRET": "test-app-secret",
    "WECOM_CONTACTS_SECRET": "test-contacts-secret",
    "WECOM_CALLBACK_TOKEN": "testcallbacktoken",
    "WECOM_SANDBOX_DELIVERS": "0",  # tests deliver callbacks by hand
    "WECOM_CALLBACK_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "LOG_LEVEL": "WARNING",
    "API_FEED_LAG_SECONDS": "0",  # what a test has just written is listed
}
_UNSET = (
    "REDIS_URL",
    "JOBS_DRIVER",
    "CELERY_BROKER_URL",
    "S3_BUCKET",
    "METRICS_TOKEN",
    "PROMETHEUS_MULTIPROC_DIR",
    "SENTRY_DSN",
    "WECOM_API_BASE_URL",
    "WECOM_OAUTH_URL",
    "WECOM_QR_LOGIN_URL",
    "MEDIA_ROOT",
    "ERASURES_ROOT",
)

(Path(__file__).resolve().parent.parent / "var" / "test").mkdir(parents=True, exist_ok=True)
os.environ.update(_FIXED)
os.environ.setdefault("DATABASE_URL", "sqlite:///var/test/db.sqlite3")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread
for name in _UNSET:
    os.environ.pop(name, None)
