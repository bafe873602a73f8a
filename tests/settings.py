"""The product's settings under the fixed environment of a test run."""

import tests.environment  # isort: skip  # sets the environment that the next line reads

import os

from guideapp.settings import *  # noqa: F403
from guideapp.settings import BASE_DIR, DATABASES

__all__ = ["tests"]

if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file, as in production: threads (worker, live server) each open it for themselves. One in
    # memory would lock whole tables at once, without waiting.
    DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "var" / "test" / f"{os.getpid()}.sqlite3"}
