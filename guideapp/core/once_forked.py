"""Do something beside the web server without a thread in the process that it is forked from.

A thread that runs at the moment of a fork may hold a lock (of an import, of the log) which nobody
ever releases in the child: its first request that wants the lock hangs for good.
"""

import os
import threading
from collections.abc import Callable


def once_forked(act: Callable[[], None]) -> None:
    """Run `act` in a thread of this process as soon as it has forked its first child."""
    waiting = [act]

    def begin() -> None:
        if waiting:
            threading.Thread(target=waiting.pop(), daemon=True).start()

    os.register_at_fork(after_in_parent=begin)
