"""The WSGI application that the web server loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guideapp.settings")

application = get_wsgi_application()

from guideapp.core.clock import keep_comparing  # noqa: E402 -- settings need the lines above
from guideapp.core.garbage import collect_seldom  # noqa: E402

keep_comparing()
collect_seldom()
