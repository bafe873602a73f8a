"""Settings of `manage.py sandbox`. Nothing of the product's environment is needed or read."""

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from guideapp.core.logs import log_settings
from guideapp.env import BASE_DIR, database, env_str
from guideapp.sandbox.alone import options

_keys = options.keys(options.given())
_told = options.given() or options.Options()

DEBUG = False
DEMO = False
SITE_NAME = env_str("SITE_NAME", "导购台")
SECRET_KEY = _keys["secret_key"]
ALLOWED_HOSTS = ["*"] if _told.everywhere else ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "guideapp.sandbox.alone.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "guideapp.sandbox"]
MIDDLEWARE = [
    "guideapp.core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "guideapp.core.middleware.SecurityHeadersMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "guideapp.core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.template.context_processors.i18n",
                "guideapp.core.context.page",
            ],
            "builtins": ["guideapp.core.templatetags.page"],
        },
    },
]
DATABASES = {"default": database(f"sqlite:///{_told.database}") | {"CONN_MAX_AGE": None}}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # plain names, so that the bridge keeps one address
WHITENOISE_MAX_AGE = 0
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024  # a whole scenario, sent as one document
FILE_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
CLOCK_OFFSET_SECONDS = 0
# The app's cookies reach us too where both are on this machine: a browser keeps no ports apart.
CSRF_COOKIE_NAME = "sandbox_csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "guideapp.core.error_pages.csrf_failure"
LANGUAGE_COOKIE_NAME = "language"

X_FRAME_OPTIONS = "SAMEORIGIN"  # the authorize page opens in the window's frame
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:", *_told.apps],
    "media-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "frame-src": [CSP.SELF, *_told.apps],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
}

SITE_URL = _told.app
SANDBOX_APP_URL = _told.app
SANDBOX_CALLBACK_URL = _told.callback_url
SANDBOX_CHAT_PAGE = _told.chat_page
SANDBOX_HOME_PAGE = _told.home_page
WECOM_CORP_ID = _keys["corp_id"]
WECOM_AGENT_ID = int(_keys["agent_id"])
WECOM_SECRET = _keys["app_secret"]
WECOM_CONTACTS_SECRET = _keys["contacts_secret"]
WECOM_CALLBACK_TOKEN = _keys["callback_token"]
WECOM_CALLBACK_AES_KEY = _keys["callback_aes_key"]
WECOM_TRUSTED_HOSTS = [address.split("://")[1] for address in _told.apps]

LOGGING = log_settings(env_str("LOG_LEVEL", "WARNING"))
