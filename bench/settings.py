"""The product's settings with the views that a page is compared with."""

from guideapp.env import BASE_DIR, env_bool
from guideapp.settings import *  # noqa: F403
from guideapp.settings import MIDDLEWARE

ROOT_URLCONF = "bench.urls"
STATIC_ROOT = BASE_DIR / "var" / "bench" / "static"
if env_bool("BENCH_COMPRESS"):  # what the proxy in front does with pages (deploy/Caddyfile)
    MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *MIDDLEWARE]
