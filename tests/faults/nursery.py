"""Give birth to workers quickly: one process that has loaded the product forks each of them.

A line of JSON in, {"log", "settings"}, and the new worker's process id out. What is
forked runs `manage.py worker` as it is; loading it anew for each of 500 kills would only take time.
"""

import json
import os
import signal
import sys
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    """Fork a worker for each line until the input ends."""
    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are taken away by the system
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(wanted)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _live(wanted: dict[str, Any]) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    for number in (1, 2):
        os.dup2(log, number)
    for name, value in wanted["settings"].items():
        setattr(settings, name, value)
    call_command("worker")
    os._exit(0)


if __name__ == "__main__":
    main()
