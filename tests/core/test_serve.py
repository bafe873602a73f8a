"""`manage.py serve --with-worker`: one process that answers, works, and ends when asked."""

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from guideapp.core.jobs.models import Job, WorkerHeartbeat
from tests.core import job_tasks
from tests.core.processes import end, manage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def served() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address and the process of a server on the test's database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = manage("serve", "--port", str(port), "--with-worker")
    yield f"http://127.0.0.1:{port}", process
    end(process)


def answers(url: str) -> bool:
    """True once the address answers 200."""
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def test_one_process_serves_works_and_leaves_nothing_running(
    served: tuple[str, subprocess.Popen[bytes]],
) -> None:
    address, process = served
    deadline, pause = time.monotonic() + 150, threading.Event()
    while not answers(f"{address}/healthz") and time.monotonic() < deadline:
        pause.wait(0.2)
    job_tasks.note.enqueue("served")
    while Job.objects.get(args=["served"]).state != Job.State.DONE:
        assert time.monotonic() < deadline
        pause.wait(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert not WorkerHeartbeat.objects.exists()
    assert not Job.objects.filter(state=Job.State.RUNNING).exists()
