"""The product on a port of its own while the seed runs, so that the sync reads over the wire."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler

from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer

from guideapp.wsgi import application


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing: the seed shows its own progress."""


def port_is_free(port: int) -> bool:
    """True when nothing listens on `port` of the loopback address."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def serving() -> Iterator[None]:
    """Serve the application on a port of its own for the length of the block.

    Not on the demo's port: whoever waits for that one is to find the seeded product there.
    """
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    usual = settings.WECOM_API_BASE_URL
    settings.WECOM_API_BASE_URL = f"http://127.0.0.1:{server.server_port}/sandbox/cgi-bin"
    thread.start()
    try:
        yield
    finally:
        settings.WECOM_API_BASE_URL = usual
        server.shutdown()
        server.server_close()
        thread.join()
