"""The whole house: PostgreSQL, Redis, the played WeCom, web processes and workers, all killable."""

import importlib.util
import json
import os
import resource
import shutil
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import requests

from guideapp.wecom.crypto import CallbackCrypto
from tests.environment import _FIXED
from tests.faults.company import scenario
from tests.faults.door import Back, Door
from tests.faults.processes import Child, Family, answers, free_port, pause, wait_until
from tests.faults.servers import Postgres, Redis
from tests.faults.wire import Wire

WEB_THREADS = 4
_OWN_KEYS = ("SECRET_KEY", "DATA_KEYS", "INDEX_KEY")
_CORP_KEYS = {
    "WECOM_CORP_ID": "corp_id",
    "WECOM_AGENT_ID": "agent_id",
    "WECOM_SECRET": "app_secret",
    "WECOM_CONTACTS_SECRET": "contacts_secret",
    "WECOM_CALLBACK_TOKEN": "callback_token",
    "WECOM_CALLBACK_AES_KEY": "callback_aes_key",
}
_KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "TMPDIR")


@dataclass
class Worker:
    """One forked `manage.py worker`."""

    name: str
    pid: int


@dataclass
class Web:
    """One `manage.py serve`."""

    name: str
    port: int
    child: Child


class House:
    """A running installation in a folder of its own. Everything ends with the block."""

    def __init__(
        self, *, webs: int = 2, workers: int = 2, keep_logs_in: Path | None = None
    ) -> None:
        self.family = Family(keep_logs_in=keep_logs_in)
        self.postgres = Postgres(self.family)
        has_redis = importlib.util.find_spec("redis") and shutil.which("redis-server")
        self.redis = Redis(self.family) if has_redis else None
        self.sandbox_port = free_port()
        self.door = Door(free_port())
        self.wire = Wire(free_port(), self.sandbox_port)
        self.webs: dict[str, Web] = {}
        self.workers: dict[str, Worker] = {}
        self.seeded: dict[str, Any] = {}
        self.kills = 0
        self._keys = {name: _FIXED[name] for name in _CORP_KEYS}  # until WeCom tells its own
        self._wanted = (webs, workers)
        self._birth = threading.Lock()
        self._reading = threading.Lock()
        self._reader: psycopg.Connection | None = None
        self._session = requests.Session()

    # --- life -------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.family.__enter__()
        try:
            self._build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers.values():
            _kill(worker.pid)
        self._session.close()
        if self._reader is not None:
            self._reader.close()
        self.wire.close()
        self.door.close()
        self.family.__exit__(kind, error, trace)

    def _build(self) -> None:
        sandbox = threading.Thread(target=self._play_wecom, daemon=True)
        sandbox.start()
        self.postgres.create()
        if self.redis is not None:
            self.redis.start()
        self._manage("migrate", "migrate", "--verbosity", "0")
        sandbox.join()
        self.seeded = self.inside("seed_company")
        self._nursery = self._open_nursery()
        webs, workers = self._wanted
        for number in range(webs):
            self.start_web(f"web{number}", wait=False)
        for number in range(workers):
            self.start_worker(f"worker{number}")
        for web in self.webs.values():
            wait_until(lambda port=web.port: answers(port), web.name, seconds=90)  # type: ignore[misc]

    # --- the played WeCom -------------------------------------------------------------------------

    @property
    def sandbox_database(self) -> Path:
        """The SQLite file that holds WeCom's truth."""
        return self.family.folder / "sandbox.sqlite3"

    def _play_wecom(self) -> None:
        """Start it, load our company, and learn its keys."""
        place = ["--port", str(self.sandbox_port), "--database", str(self.sandbox_database)]
        callbacks = ["--callback-url", f"{self.door.url}/wecom/callback/"]
        command = [sys.executable, "manage.py", "sandbox", *place, *callbacks]
        self.family.start("sandbox", command, self._kept())
        wait_until(lambda: answers(self.sandbox_port), "the played WeCom", seconds=90)
        self.ask_wecom("scenario", scenario())
        corp = self.ask_wecom("state?only=corp")["corp"]
        self._keys = {name: str(corp[key]) for name, key in _CORP_KEYS.items()}
        self.door.crypto = CallbackCrypto(
            corp["callback_token"], corp["callback_aes_key"], corp["corp_id"]
        )

    def ask_wecom(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET or POST an address below /sandbox/control/. Raises HTTPError when it refuses."""
        url = f"http://127.0.0.1:{self.sandbox_port}/sandbox/control/{path}"
        method = "GET" if body is None else "POST"
        answer = self._session.request(method, url, json=body, timeout=30)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    # --- the product ------------------------------------------------------------------------------

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """Of the product's process `name`: production-like, on our own servers."""
        played = f"http://127.0.0.1:{self.sandbox_port}/sandbox"
        own = {
            "DEBUG": "0",
            "SITE_URL": self.door.url,
            "SSL_REDIRECT": "0",
            "BEHIND_PROXY": "0",
            "DATABASE_URL": self.postgres.url(),
            "REDIS_URL": self.redis.url if self.redis else "",
            "MEDIA_ROOT": str(self.family.folder / "media"),
            "WECOM_API_BASE_URL": self.wire.address(name),
            "WECOM_OAUTH_URL": f"{played}/connect/oauth2/authorize",
            "WECOM_QR_LOGIN_URL": f"{played}/wwlogin/sso/login",
            "LOGIN_LIMIT_PER_MINUTE": "100000",
            "PROFILE_LIMIT_PER_10_MINUTES": "1000000",
            "VISIT_BEACONS_PER_MINUTE": "100000",
        }
        own |= {"ALLOWED_HOSTS": "127.0.0.1", "STATIC_HASHED": "0", "LOG_LEVEL": "WARNING"}
        own |= {"DJANGO_SETTINGS_MODULE": "guideapp.settings"}
        return self._kept() | {name: _FIXED[name] for name in _OWN_KEYS} | self._keys | own | more

    def start_web(self, name: str, *, wait: bool = True, limit_bytes: int = 0) -> Web:
        """A web process of four threads, known to the door; no file it writes passes the limit."""
        port = free_port()
        values = self.environment(name)
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        child = self.family.start(name, [*command, "--threads", str(WEB_THREADS)], values)
        if limit_bytes:
            resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        web = self.webs[name] = Web(name, port, child)
        if wait:
            wait_until(lambda: answers(port), name, seconds=90)
        self.door.backs = [Back(one.name, one.port) for one in self.webs.values()]
        return web

    def kill_web(self, name: str) -> None:
        """kill -9, and a new one in its place; the door finds out by itself."""
        web = self.webs[name]
        web.child.kill()
        self.kills += 1
        self.start_web(name, wait=False)

    def start_worker(self, name: str, **settings: int) -> Worker:
        """A worker of all three lanes; `settings` replace the product's."""
        wanted = {
            "log": str(self.family.folder / f"{name}.log"),
            "settings": {"WECOM_API_BASE_URL": self.wire.address(name), **settings},
        }
        with self._birth:
            pipe = self._nursery.process
            pipe.stdin.write(f"{json.dumps(wanted)}\n".encode())  # type: ignore[union-attr]
            pipe.stdin.flush()  # type: ignore[union-attr]
            pid = int(pipe.stdout.readline())  # type: ignore[union-attr]
            self.family.adopt(pid)
            before = self.workers.get(name)
            if before is not None:  # two strikes at once call for two successors: one is enough
                _kill(before.pid)
            worker = self.workers[name] = Worker(name, pid)
        return worker

    def kill_worker(self, name: str, *, again: bool = True) -> None:
        """kill -9, and (`again`) a new one in its place."""
        _kill(self.workers[name].pid)
        self.kills += 1
        if again:
            self.start_worker(name)
        else:
            del self.workers[name]

    def start_real_worker(self, name: str, **environment: str) -> Child:
        """`manage.py worker` started from nothing, for what concerns the command itself."""
        values = self.environment(name, **environment)
        return self.family.start(name, [sys.executable, "manage.py", "worker"], values)

    def inside(self, step: str) -> Any:
        """Run a step of `seed` in a process of the product; what it printed."""
        words = f"from tests.faults.seed import {step}; {step}()"
        return json.loads(self._manage(step, "shell", "--no-imports", "-v", "0", "-c", words))

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the product's database, over one connection; a broken one is made anew."""
        with self._reading:
            if self._reader is None or self._reader.closed:
                self._reader = psycopg.connect(self.postgres.url(), autocommit=True)
            try:
                return self._reader.execute(sql.encode(), values or None).fetchall()
            except psycopg.OperationalError:
                self._reader.close()
                raise

    def pause(self, seconds: float) -> None:
        """Let everything go on."""
        pause(seconds)

    def _open_nursery(self) -> Child:
        pipes = {"stdin": -1, "stdout": -1}  # subprocess.PIPE
        environment = self.environment("nursery")
        command = [sys.executable, "-m", "tests.faults.nursery"]
        return self.family.start("nursery", command, environment, **pipes)

    def _kept(self) -> dict[str, str]:
        return {name: os.environ[name] for name in _KEPT if name in os.environ}

    def _manage(self, name: str, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return self.family.run(name, command, self.environment("operator"))


def _kill(pid: int) -> None:
    """kill -9 of a process that is not our own child; back when it is gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), f"end of {pid}", seconds=10)
