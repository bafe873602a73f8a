"""`manage.py sandbox` as an operator meets it."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import requests

from tests.alone_support import Alone, Process, bare_environment, free_port
from tests.screens import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, expected to end by itself."""
    return subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "manage.py", "sandbox", *arguments],
        cwd=ROOT,
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "can be reached from other machines"),  # noqa: S104 -- refused
        (["--host", "sandbox.example.com"], "can be reached from other machines"),
        (["--callback-url", "ftp://app/"], "--callback-url must be an http(s) address"),
        (["--chat-page", "s/"], "--chat-page must begin with a slash"),
        (["--scenario", "no-such"], "unknown scenario: no-such"),
    ],
)
def test_a_mistake_of_the_operator_is_named_and_nothing_is_served(arguments, words, tmp_path):
    database = str(tmp_path / "sandbox.sqlite3")
    ended = run("--port", str(free_port()), "--database", database, *arguments)
    assert ended.returncode == 1
    assert words in ended.stderr


def test_a_taken_port_is_named(alone: Alone):
    port = alone.url.rsplit(":", 1)[1]
    assert f"Port {port} is taken" in run("--port", port).stderr


def test_data_and_keys_outlive_a_restart_and_a_reset_keeps_the_keys(tmp_path):
    port, database = free_port(), tmp_path / "own" / "sandbox.sqlite3"
    url = f"http://127.0.0.1:{port}"
    told = []
    for more in ([], [], ["--reset"]):
        process = Process(
            *("sandbox", "--port", str(port), "--database", str(database), *more),
            log=tmp_path / "log",
            env=bare_environment(),
        )
        process.wait_until(f"{url}/healthz", said=f"sandbox: {url}/sandbox/")
        state = requests.get(f"{url}/sandbox/control/state", timeout=5).json()
        told.append((state["corp"], len(state["customers"])))
        event = {"type": "add_external_contact", "userid": "linxm", "name": "新客"}
        requests.post(f"{url}/sandbox/control/events", json=event, timeout=5)
        process.stop()
        assert f"sandbox: {url}/sandbox/" in (tmp_path / "log").read_text()
    (first, many), (second, more_now), (third, as_before) = told
    assert first == second == third
    assert (more_now, as_before) == (many + 1, many)


def test_it_has_the_tables_of_the_played_wecom_alone(tmp_path):
    port, database = free_port(), tmp_path / "sandbox.sqlite3"
    process = Process(
        *("sandbox", "--port", str(port), "--database", str(database)),
        log=tmp_path / "log",
        env=bare_environment(),
    )
    process.wait_until(f"http://127.0.0.1:{port}/healthz")
    process.stop()
    with closing(sqlite3.connect(database)) as opened:
        names = opened.execute("select name from sqlite_master where type='table'").fetchall()
    rooms = {name.split("_")[0] for (name,) in names}
    assert rooms == {"django", "sandbox", "sqlite"}


def test_the_state_names_the_addresses_that_the_app_is_given(alone: Alone):
    told = alone.told("state", only="addresses")["addresses"]
    assert told["api_base_url"] == alone.api
    assert told["callback_url"] == alone.app.url
    bridge = requests.get(told["bridge_script"], timeout=5)
    assert "WeixinJSBridge" in bridge.text


def test_another_host_name_is_refused(alone: Alone):
    answer = requests.get(f"{alone.url}/sandbox/", headers={"Host": "evil.example"}, timeout=5)
    assert answer.status_code == 400
