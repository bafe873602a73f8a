"""The WSGI application with the worker inside: `manage.py serve --with-worker`.

One process for a demo or a small installation; work that a request makes due starts at once.
"""

import os
from multiprocessing import util

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guideapp.settings")
application = get_wsgi_application()

from guideapp.core.jobs.worker import start_threads  # noqa: E402 -- models need the line above

# The web server's processes end without `atexit`, but they run these hooks.
util.Finalize(None, start_threads().stop, kwargs={"seconds": 8}, exitpriority=10)
