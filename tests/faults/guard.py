"""Clean up behind a test run that was killed itself: ends its processes, removes its folder.

Reads process-group ids, a line each, until its input ends, which also happens when its parent is
killed; a line `done` says that there is nothing to do. Started by `processes.Family`.
"""

import contextlib
import os
import shutil
import signal
import sys


def main() -> None:
    """Wait for the end of the parent."""
    folder, groups = sys.argv[1], []
    for line in sys.stdin:
        if line.strip() == "done":
            return
        groups.append(int(line))
    for group in reversed(groups):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
