"""Does the web process of this container answer? Asks as the site's own host, which is allowed."""

import os
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

HOST = urlsplit(os.environ.get("SITE_URL", "http://127.0.0.1")).netloc
ASKED = urllib.request.Request("http://127.0.0.1:8000/healthz", headers={"Host": HOST})  # noqa: S310

try:
    with urllib.request.urlopen(ASKED, timeout=3) as answer:  # noqa: S310 -- a fixed address
        sys.exit(answer.status != 200)
except (urllib.error.URLError, OSError):
    sys.exit(1)
