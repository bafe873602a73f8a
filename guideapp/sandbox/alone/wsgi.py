"""The WSGI application of `manage.py sandbox`, with the thread that delivers callbacks."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guideapp.sandbox.alone.settings")
application = get_wsgi_application()

from guideapp.sandbox.services import callbacks  # noqa: E402 -- models need the line above

callbacks.ensure_running()
