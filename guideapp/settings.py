"""All settings. Everything that varies is read from the environment through `env.py`."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from guideapp.core.logs import log_settings
from guideapp.core.static_files import add_headers
from guideapp.env import (
    BASE_DIR,
    database,
    env_bool,
    env_int,
    env_list,
    env_secret,
    env_str,
    s3_hosts,
    s3_storage,
)

# --- what kind of installation this is -----------------------------------------------------------
DEBUG = env_bool("DEBUG")
DEMO = env_bool("DEMO")  # a seeded company on this machine; never on a public address
WECOM_SANDBOX = env_bool("WECOM_SANDBOX")  # serve the played WeCom at /sandbox/
if WECOM_SANDBOX and not (DEBUG or DEMO):
    raise ImproperlyConfigured("WECOM_SANDBOX=1 needs DEMO=1 or DEBUG=1: it lets anybody log in.")
LOCAL = DEBUG or DEMO  # plain http on the loopback address is allowed

SITE_NAME = env_str("SITE_NAME", "导购台")
SITE_URL = env_str("SITE_URL", "http://127.0.0.1:8000" if LOCAL else None).rstrip("/")

# --- Django ---------------------------------------------------------------------------------------
SECRET_KEY = env_secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")  # older ones that signed what is out there
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if LOCAL else "")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "guideapp.urls"
WSGI_APPLICATION = "guideapp.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "guideapp.core",
    "guideapp.wecom",
    "guideapp.organisation",
    "guideapp.members",
    "guideapp.catalogue",
    "guideapp.attribution",
    "guideapp.compliance",
    "guideapp.materials",
    "guideapp.acquisition",
    "guideapp.workbench",
    "guideapp.integration",
    *(["guideapp.sandbox"] if WECOM_SANDBOX else []),
    *(["guideapp.demo"] if DEMO else []),
]

METRICS_TOKEN = env_str("METRICS_TOKEN", "")  # what Prometheus shows at /metrics; empty: no page
STATIC_HASHED = env_bool("STATIC_HASHED", default=not DEBUG)  # tests serve the plain files
MIDDLEWARE = [
    # First: what it serves is public and unchanging, and needs few headers (core.static_files).
    *(["whitenoise.middleware.WhiteNoiseMiddleware"] if STATIC_HASHED else []),
    "guideapp.core.middleware.RequestIdMiddleware",
    "guideapp.core.middleware.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    *(["guideapp.core.metrics.MetricsMiddleware"] if METRICS_TOKEN else []),
    "guideapp.core.middleware.SecurityHeadersMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "guideapp.core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "guideapp.core.middleware.DomainErrorMiddleware",
    "guideapp.organisation.auth.AccessMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.template.context_processors.i18n",
                "guideapp.core.context.page",
            ],
            "builtins": ["guideapp.core.templatetags.page"],
            **(
                {
                    "loaders": [
                        (
                            "django.template.loaders.cached.Loader",
                            ["django.template.loaders.filesystem.Loader"],
                        )
                    ]
                }
                if not DEBUG
                else {"loaders": ["django.template.loaders.filesystem.Loader"]}
            ),
        },
    },
]

# --- data -----------------------------------------------------------------------------------------
DATABASES = {
    "default": database(env_str("DATABASE_URL", "sqlite:///var/demo/db.sqlite3" if LOCAL else None))
}
# A pooler that lends connections by transaction may not know prepared statements (core.prepared).
DATABASE_KEEPS_PLANS = env_bool("DATABASE_KEEPS_PLANS", default=True)
# Cache and rate counters of several processes; `redis://user:password@host:6379/0`.
REDIS_URL = env_str("REDIS_URL", "")
CACHES = {
    "default": {
        "BACKEND": "guideapp.core.shared_cache.SharedCache"
        if REDIS_URL
        else "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": REDIS_URL or "cache",
        "KEY_PREFIX": "guide",
    }
}
DATA_KEYS = env_secret("DATA_KEYS")  # `id:base64 of 32 bytes`, comma-separated, newest first
INDEX_KEY = env_secret("INDEX_KEY")  # keyed hashes that phone look-ups use

TASKS = {
    "default": {
        "BACKEND": "guideapp.core.jobs.backend.LedgerBackend",
        "QUEUES": ["urgent", "normal", "bulk"],
    }
}
# poll: workers ask the database. celery: a broker wakes them; the ledger stays what counts.
JOBS_DRIVER = env_str("JOBS_DRIVER", "poll")
CELERY_BROKER_URL = env_str("CELERY_BROKER_URL", REDIS_URL)
if JOBS_DRIVER not in {"poll", "celery"}:
    raise ImproperlyConfigured(f"JOBS_DRIVER is poll or celery, not {JOBS_DRIVER!r}.")
if JOBS_DRIVER == "celery" and not CELERY_BROKER_URL:
    raise ImproperlyConfigured("JOBS_DRIVER=celery needs CELERY_BROKER_URL or REDIS_URL.")

# --- files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_ADD_HEADERS_FUNCTION = add_headers
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static", ("vendor", BASE_DIR / "var" / "vendor")]
(BASE_DIR / "var" / "vendor").mkdir(parents=True, exist_ok=True)
MEDIA_ROOT = env_str("MEDIA_ROOT", str(BASE_DIR / "var" / ("demo" if DEMO else "") / "media"))
S3_BUCKET = env_str("S3_BUCKET", "")  # set: uploads live in an S3-compatible store (COS, OSS, …)
S3_ENDPOINT_URL = env_str("S3_ENDPOINT_URL", "")
S3_SIGNED_SECONDS = env_int("S3_SIGNED_SECONDS", 3600)  # 0: we pass the bytes on ourselves
_S3_HOSTS = s3_hosts(S3_BUCKET, S3_ENDPOINT_URL) if S3_SIGNED_SECONDS else []
_UPLOADS: dict[str, Any] = (
    s3_storage(S3_BUCKET, S3_ENDPOINT_URL, S3_SIGNED_SECONDS)
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"}
)
ERASURES_ROOT = env_str("ERASURES_ROOT", "")  # who was erased, outside the database; hashes alone
STORAGES = {
    "default": _UPLOADS,
    "erasures": _UPLOADS
    if not ERASURES_ROOT
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ERASURES_ROOT},
    },
    "staticfiles": {
        "BACKEND": "guideapp.core.static_files.HashedFiles"
        if STATIC_HASHED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bodies other than files
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "guideapp.core.kept_files.SpooledUpload",
]
FILE_UPLOAD_PERMISSIONS = 0o640

# --- language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"  # what people see; the database keeps UTC
CLOCK_OFFSET_SECONDS = env_int("CLOCK_OFFSET_SECONDS", 0)  # a process with a wrong clock, in tests
if CLOCK_OFFSET_SECONDS and not LOCAL:
    raise ImproperlyConfigured("CLOCK_OFFSET_SECONDS needs DEMO=1 or DEBUG=1: it makes time wrong.")

# --- sessions and cookies -------------------------------------------------------------------------
COOKIE_SECURE = env_bool("COOKIE_SECURE", default=not LOCAL)
_HOST_ONLY = "__Host-" if COOKIE_SECURE else ""
SESSION_ENGINE = "guideapp.organisation.sessions"
SESSION_COOKIE_NAME = f"{_HOST_ONLY}session"
SESSION_COOKIE_AGE = 24 * 3600  # the absolute end; idle limits are in organisation.auth
SESSION_COOKIE_SECURE = COOKIE_SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_HOST_ONLY}csrftoken"
CSRF_COOKIE_SECURE = COOKIE_SECURE
CSRF_COOKIE_HTTPONLY = True  # the token reaches htmx through hx-headers
CSRF_FAILURE_VIEW = "guideapp.core.error_pages.csrf_failure"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SECURE = COOKIE_SECURE
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600

# --- browser rules --------------------------------------------------------------------------------
FRAME_ANCESTORS = env_list("FRAME_ANCESTORS", "'self'" if WECOM_SANDBOX else "'none'")
X_FRAME_OPTIONS = "SAMEORIGIN" if WECOM_SANDBOX else "DENY"
WECOM_SDK_URL = env_str("WECOM_SDK_URL", "")  # empty: our own copy of the official file
_SDK_HOST = ["/".join(WECOM_SDK_URL.split("/")[:3])] if WECOM_SDK_URL else []
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE, *_SDK_HOST],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:", *env_list("MEDIA_HOSTS"), *_S3_HOSTS],
    "media-src": [CSP.SELF, *env_list("MEDIA_HOSTS"), *_S3_HOSTS],
    "connect-src": [CSP.SELF],
    "frame-src": [CSP.SELF]
    if WECOM_SANDBOX
    else ["https://login.work.weixin.qq.com", "https://open.work.weixin.qq.com"],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
    "frame-ancestors": FRAME_ANCESTORS,
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = env_bool("SSL_REDIRECT", default=not LOCAL)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if env_bool("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- WeCom ----------------------------------------------------------------------------------------
WECOM_CORP_ID = env_secret("WECOM_CORP_ID")
WECOM_AGENT_ID = env_int("WECOM_AGENT_ID", 1000002) if LOCAL else int(env_str("WECOM_AGENT_ID"))
WECOM_SECRET = env_secret("WECOM_SECRET")  # of the self-built app
# Of 通讯录同步; reads the list of all userids. Without it we see the app's visible range.
WECOM_CONTACTS_SECRET = (
    env_secret("WECOM_CONTACTS_SECRET") if DEMO else env_str("WECOM_CONTACTS_SECRET", "")
)
WECOM_CALLBACK_TOKEN = env_secret("WECOM_CALLBACK_TOKEN")
WECOM_CALLBACK_AES_KEY = env_secret("WECOM_CALLBACK_AES_KEY")
# Empty addresses mean: the sandbox on the host that the request came to, or SITE_URL in a worker.
WECOM_API_BASE_URL = env_str(
    "WECOM_API_BASE_URL",
    f"{SITE_URL}/sandbox/cgi-bin" if WECOM_SANDBOX else "https://qyapi.weixin.qq.com/cgi-bin",
).rstrip("/")
WECOM_OAUTH_URL = env_str(
    "WECOM_OAUTH_URL",
    "/sandbox/connect/oauth2/authorize"
    if WECOM_SANDBOX
    else "https://open.weixin.qq.com/connect/oauth2/authorize",
)
WECOM_QR_LOGIN_URL = env_str(
    "WECOM_QR_LOGIN_URL",
    "/sandbox/wwlogin/sso/login"
    if WECOM_SANDBOX
    else "https://login.work.weixin.qq.com/wwlogin/sso/login",
)
# One script before the official SDK; the sandbox puts the client's bridge there.
WECOM_BRIDGE_SCRIPT = env_str("WECOM_BRIDGE_SCRIPT", "sandbox/bridge.js" if WECOM_SANDBOX else "")
WECOM_CONNECT_TIMEOUT_SECONDS = env_int("WECOM_CONNECT_TIMEOUT_SECONDS", 2)
WECOM_TIMEOUT_SECONDS = env_int("WECOM_TIMEOUT_SECONDS", 5)  # one call; the login waits for it
# Logins that wait for WeCom at once: at most half of the threads of `manage.py serve`.
WECOM_LOGINS_AT_ONCE = env_int("WECOM_LOGINS_AT_ONCE", 16 if LOCAL else 2)
WECOM_CALLBACK_MAX_AGE_SECONDS = env_int("WECOM_CALLBACK_MAX_AGE_SECONDS", 600)  # 0: no window
# What WeCom allows of one interface; we take 80 % of it, bulk work 60 %.
WECOM_CALLS_PER_MINUTE = env_int("WECOM_CALLS_PER_MINUTE", 10_000)
WECOM_CALLS_PER_HOUR = env_int("WECOM_CALLS_PER_HOUR", 150_000)
WECOM_TRUSTED_HOSTS = env_list("WECOM_TRUSTED_HOSTS") or ALLOWED_HOSTS  # pages we may sign
# Only `manage.py sandbox` fills these (sandbox/alone/settings.py): mounted, the played WeCom tells
# and frames the host that it was called on.
SANDBOX_CALLBACK_URL = SANDBOX_APP_URL = SANDBOX_HOME_PAGE = ""
SANDBOX_CHAT_PAGE = "/s/"

# --- organisation ---------------------------------------------------------------------------------
LOGIN_STATE_SECONDS = 300
GUIDE_IDLE_SECONDS = env_int("GUIDE_IDLE_SECONDS", 8 * 3600)
HQ_IDLE_SECONDS = env_int("HQ_IDLE_SECONDS", 30 * 60)
HQ_SESSION_SECONDS = env_int("HQ_SESSION_SECONDS", 8 * 3600)
FRESH_LOGIN_MINUTES = env_int("FRESH_LOGIN_MINUTES", 5)  # a QR login counts so long for roles …
LOGIN_LIMIT_PER_MINUTE = env_int("LOGIN_LIMIT_PER_MINUTE", 300 if LOCAL else 10)
PROFILE_LIMIT_PER_10_MINUTES = env_int("PROFILE_LIMIT_PER_10_MINUTES", 120)
MEMBER_DATA_FRESH_HOURS = env_int("MEMBER_DATA_FRESH_HOURS", 48)  # older: the card says so

# --- members --------------------------------------------------------------------------------------
CARD_LOOKUPS_PER_HOUR = env_int("CARD_LOOKUPS_PER_HOUR", 30)  # by phone number, one guide
JOIN_CARD_LEVEL = env_str("JOIN_CARD_LEVEL", "普卡")  # of a card that a customer opens
# The class that sends codes to phones; empty: numbers that people type stay unverified.
PHONE_CODE_SENDER = env_str("PHONE_CODE_SENDER", "")

# --- materials ------------------------------------------------------------------------------------
MATERIAL_IMAGE_MAX_MB = env_int("MATERIAL_IMAGE_MAX_MB", 10)
MATERIAL_VIDEO_MAX_MB = env_int("MATERIAL_VIDEO_MAX_MB", 10)
MATERIAL_FILE_MAX_MB = env_int("MATERIAL_FILE_MAX_MB", 20)
GUIDE_MESSAGES_PER_DAY = env_int("GUIDE_MESSAGES_PER_DAY", 12)  # prompts to one guide
HIGH_VALUE_YEAR_YUAN = env_int("HIGH_VALUE_YEAR_YUAN", 5000)  # 高价值: spent in 12 months
# What one customer gets a day, from all guides and campaigns together.
CONTACTS_PER_DAY = env_int("CONTACTS_PER_DAY", 3)
VISIT_BEACONS_PER_MINUTE = env_int("VISIT_BEACONS_PER_MINUTE", 60)  # one visitor

# --- integration ----------------------------------------------------------------------------------
# A member system that is read by us every 15 minutes (services/connectors_rest.py); empty: none.
MEMBER_SOURCE_URL = env_str("MEMBER_SOURCE_URL", "").rstrip("/")
MEMBER_SOURCE_TOKEN = env_str("MEMBER_SOURCE_TOKEN", "")
MEMBER_SOURCE_RESOURCES = env_list("MEMBER_SOURCE_RESOURCES", "members,cards,points")
MEMBER_SOURCE_SECONDS = env_int("MEMBER_SOURCE_SECONDS", 20)  # one page

# --- personal data --------------------------------------------------------------------------------
REVEALS_PER_DAY_GUIDE = env_int("REVEALS_PER_DAY_GUIDE", 20)  # full phone numbers
REVEALS_PER_DAY_MANAGER = env_int("REVEALS_PER_DAY_MANAGER", 60)
SUBJECT_EXPORTS_PER_DAY = env_int("SUBJECT_EXPORTS_PER_DAY", 5)  # by one privacy officer
ACCESS_LOG_DAYS = env_int("ACCESS_LOG_DAYS", 180)
AUDIT_DAYS = env_int("AUDIT_DAYS", 3 * 365)
WECOM_EVENT_DAYS = env_int("WECOM_EVENT_DAYS", 90)
IMPORT_FILE_DAYS = env_int("IMPORT_FILE_DAYS", 7)
KEPT_RECORD_DAYS = env_int("KEPT_RECORD_DAYS", 30)  # refused records of a source, tried again
LOST_CONTACT_DAYS = env_int("LOST_CONTACT_DAYS", 2 * 365)

# --- integration ----------------------------------------------------------------------------------
API_CALLS_PER_MINUTE = env_int("API_CALLS_PER_MINUTE", 300)  # one client of /api/v1/
API_BAD_KEYS_PER_MINUTE = env_int("API_BAD_KEYS_PER_MINUTE", 30)  # from one address
# Rows younger than this are not listed yet: a transaction that began before may still add older.
# Longer than any one statement may run (DATABASE_STATEMENT_SECONDS).
API_FEED_LAG_SECONDS = env_int("API_FEED_LAG_SECONDS", 90)
# The retailer's own kinds of events, with the words that guides read: `lookbook=翻看了画册,…`.
API_EVENT_KINDS = env_list("API_EVENT_KINDS")
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # each view says who may call
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "guideapp.integration.api.answers.refuse",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "UNICODE_JSON": False,  # an error may quote half a character
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SITE_NAME} API",
    "VERSION": "1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_COMPONENTS": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
}

# --- watching -------------------------------------------------------------------------------------
SENTRY_DSN = env_str("SENTRY_DSN", "")  # crashes go there, without bodies, cookies and people

# --- logs -----------------------------------------------------------------------------------------
LOG_LEVEL = env_str("LOG_LEVEL", "INFO")
LOGGING = log_settings(LOG_LEVEL)
