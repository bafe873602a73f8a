"""`manage.py serve --workers 2`: its processes count together, end gently, and never hang."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import connection

from guideapp.core.management.commands import migrate
from guideapp.core.models import WorkerHeartbeat
from tests.core.processes import database_url, end, manage

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a-token-for-prometheus"

type Served = tuple[str, subprocess.Popen[bytes]]


@pytest.fixture
def postgres() -> None:
    """Rows and tables that can be locked."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one lock for everything.")


@pytest.fixture
def of_another_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What another server counted, in the folder that both were given."""
    file = tmp_path / "counter_1.db"
    file.touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return file


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, of_another_server: Path) -> Iterator[Served]:
    """The address and the process of a server with two web processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "guideapp.settings")
    process = manage("serve", "--port", str(port), "--workers", "2", "--threads", "2")
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while not answers(f"{address}/healthz"):
        assert time.monotonic() < deadline
        threading.Event().wait(0.2)
    yield address, process
    end(process)


def answers(url: str) -> bool:
    """True once the address answers 200."""
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def counted(address: str) -> float:
    """Answers of /healthz, as any of the processes tells them."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Connection": "close"}
    text = requests.get(f"{address}/metrics", headers=headers, timeout=10).text
    name = 'guide_requests_total{method="GET",route="core:alive",status="2xx"} '
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


@contextlib.contextmanager
def locked(table: str) -> Iterator[None]:
    """Somebody else holds the whole table."""
    with psycopg.connect(database_url()) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield


def test_processes_behind_one_port_count_together(served: Served, of_another_server: Path) -> None:
    address, process = served
    before = counted(address)
    for _ in range(20):
        assert answers(f"{address}/healthz")
    assert {counted(address) - before for _ in range(6)} == {20}
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert list(of_another_server.parent.iterdir()) == [of_another_server]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_web_processes_end_when_the_command_alone_is_killed(served: Served) -> None:
    _address, process = served
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) >= 2
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while any(runs(pid) for pid in children):
        assert time.monotonic() < deadline
        threading.Event().wait(0.1)


def runs(pid: str) -> bool:
    """False for a process that ended, also where nobody took notice of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.usefixtures("postgres")
def test_a_page_gives_up_a_statement_after_five_seconds(served: Served) -> None:
    address, _process = served
    with locked("core_workerheartbeat"):
        began = time.monotonic()
        answer = requests.get(f"{address}/readyz", timeout=20)
        assert 4 < time.monotonic() - began < 18  # two statements, one after the other
    assert answer.json()["database"] is False


@pytest.mark.usefixtures("postgres")
def test_a_request_that_runs_is_answered_before_the_process_ends(served: Served) -> None:
    address, process = served
    WorkerHeartbeat.objects.all().delete()
    with ThreadPoolExecutor() as pool:
        with locked("core_workerheartbeat"):
            asked = pool.submit(requests.get, f"{address}/readyz", timeout=20)
            threading.Event().wait(0.5)  # it waits for the table now
            process.send_signal(signal.SIGTERM)
            threading.Event().wait(1)
            assert process.poll() is None
        assert asked.result().json()["database"] is True
    assert process.wait(timeout=20) == 0


@pytest.mark.usefixtures("postgres")
def test_a_migration_waits_two_seconds_for_a_lock_and_may_be_run_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(migrate, "_TRIES", 2)
    monkeypatch.setattr(migrate, "_PAUSE_SECONDS", 0)
    with locked("core_job"):
        began = time.monotonic()
        with (
            open(os.devnull, "w", encoding="utf-8") as nowhere,
            pytest.raises(CommandError, match="stayed locked"),
        ):
            call_command("migrate", "core", "0001", verbosity=0, stderr=nowhere)
        assert 3 < time.monotonic() - began < 30
    call_command("migrate", "core", "0001", verbosity=0)
    call_command("migrate", "core", verbosity=0)
    with connection.cursor() as cursor:
        names = connection.introspection.get_constraints(cursor, "core_job")
    assert "job_dead" in names
