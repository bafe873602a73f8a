"""No web process outlives the command that forked it."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_children_with_us() -> None:
    """Have the kernel end what this process forks when this process ends, also by kill -9.

    Left alone, the children would go on serving, each with its database connections. Linux only.
    """
    if sys.platform != "linux":
        return
    prctl, parent = ctypes.CDLL(None).prctl, 0

    def note() -> None:
        nonlocal parent
        parent = os.getpid()

    def tie() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's would only stop its own loop
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended in between
            os.kill(os.getpid(), signal.SIGTERM)

    os.register_at_fork(before=note, after_in_child=tie)
