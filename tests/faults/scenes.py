"""One function for each fault: play it under load, and say what was injected.

Each scene leaves the house whole. What was lost or doubled is judged afterwards, by `truth`.
"""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.faults.browser import Browser, Taps
from tests.faults.house import House
from tests.faults.kills import Killer
from tests.faults.processes import pause, wait_until
from tests.faults.stream import MIX, Stream
from tests.faults.truth import Verdict, judge, work_under_way
from tests.faults.wire import Fault

QUIET_SECONDS = 240


@contextmanager
def under_load(
    house: House, *, mix: tuple[tuple[int, str], ...] = MIX, actors: int = 2
) -> Iterator[Stream]:
    """A stream that goes on while the block plays its fault, and ends after it."""
    stream = Stream(house, seed=21, mix=mix)
    stream.start(actors=actors)
    try:
        yield stream
    finally:
        stream.finish(seconds=QUIET_SECONDS)


def settle(house: House, *, poison: int = 0) -> Verdict:
    """Wait until the work is done, then hold both sides against each other."""
    wait_until(lambda: work_under_way(house) == 0, "the last job", seconds=QUIET_SECONDS)
    return judge(house, poison=poison)


def killed(
    house: House, *, events: int, kills: int, seconds: float, say: Callable[[str], None]
) -> str:
    """kill -9 of workers and web processes at marked points and at any moment, over a stream."""
    stream, killer = Stream(house), Killer(house)
    stream.start()
    house.ask_wecom("faults", {"name": "callback_duplicate", "rate": 0.43})
    house.ask_wecom("faults", {"name": "callback_shuffle", "rate": 0.3, "seconds": 2})
    said = 0

    def each(done: int) -> None:
        nonlocal said
        killer.keep_up(done, events, kills)
        if done // 500 > said:
            said = done // 500
            say(f"{done} events, {killer.kills} kills")

    try:
        done = stream.run(events, seconds=seconds, each=each)
        while killer.kills < kills:
            killer.strike()
    finally:
        house.ask_wecom("faults", {"name": "none"})
        stream.finish(seconds=QUIET_SECONDS)
    points = ", ".join(f"{count} × {name}" for name, count in killer.points.most_common())
    return f"{killer.kills} kills over {done} deliveries ({points})"


def everything_at_once(house: House, *, events: int, kills: int, poison: int) -> str:
    """The short run: kills at every point, poison, and the database stopped once in between."""
    stream, killer = Stream(house), Killer(house)
    for number in range(poison):
        stream.write(poisonous(number))
    stream.start()
    stream.run(events // 2, seconds=180, each=lambda done: killer.keep_up(done, events, kills))
    house.postgres.stop()
    pause(2)
    house.postgres.start()
    rest = events - events // 2
    stream.run(
        rest, seconds=180, each=lambda done: killer.keep_up(events // 2 + done, events, kills)
    )
    stream.finish(seconds=QUIET_SECONDS)
    wait_until(lambda: _dead(house) >= poison, "the end of the poison", seconds=90)
    return f"{killer.kills} kills ({dict(killer.points)}), 1 stop of the database, {poison} poison"


def database_away(house: House, *, times: int, events: int) -> str:
    """PostgreSQL cut off in the middle of everything and started again after three seconds."""
    with under_load(house) as stream:
        for _ in range(times):
            stream.run(events // (times + 1), seconds=120)
            house.postgres.stop()
            pause(3)
            house.postgres.start()
        stream.run(events // (times + 1), seconds=120)
    refused = sum(house.door.refused.values())
    return f"{times} stops of 3 s over {events} events; {refused} callbacks answered other than 200"


def redis_gone(house: House, *, events: int) -> str:
    """Redis killed under load, pages asked meanwhile, and started again empty."""
    if house.redis is None:
        raise AssertionError("not played: no redis-server or no Python client for it here")
    reader = Reader(house)
    with under_load(house) as stream:
        stream.run(events // 2, seconds=120)
        house.redis.kill()
        statuses = Counter(reader.card() for _ in range(40))
        stream.run(events // 2, seconds=120)
        house.redis.start()
    if max(statuses) >= 500:
        raise AssertionError(f"pages failed while Redis was gone: {dict(statuses)}")
    return f"killed over {events} events; {statuses.total()} cards asked meanwhile, all answered"


class Reader:
    """A guide who opens the cards of customers, one after the other."""

    def __init__(self, house: House) -> None:
        self.pairs = standing(house)
        self.browsers = {userid: Browser(house, userid) for userid, _customer in self.pairs}
        self._next = 0

    def card(self) -> int:
        """Open one; the status."""
        return self.timed()[0]

    def timed(self) -> tuple[int, float]:
        """Open one; status and seconds."""
        userid, customer = self.pairs[self._next % len(self.pairs)]
        self._next += 1
        answer = self.browsers[userid].card(customer)
        return answer.status, answer.seconds


def standing(house: House) -> list[tuple[str, str]]:
    """Every open relation: userid and external_userid."""
    rows = house.query(
        "SELECT g.userid, c.external_userid FROM members_followrelation f"
        " JOIN organisation_guide g ON g.id = f.guide_id JOIN members_contact c ON c.id ="
        " f.contact_id WHERE f.ended_at IS NULL AND c.synced_at IS NOT NULL ORDER BY f.id LIMIT 200"
    )
    return [(str(userid), str(customer)) for userid, customer in rows]


def wecom_spoilt(house: House, *, events: int, names: tuple[str, ...], rate: float) -> str:
    """Answers of WeCom that are refusals, HTML, half, or cut off after it has acted."""
    before = Counter(house.wire.spoilt)
    with under_load(house) as stream:
        house.wire.spoil(*(Fault(name, rate / len(names)) for name in names))
        stream.run(events, seconds=240)
        house.wire.spoil()
    hit = house.wire.spoilt - before
    if not hit:
        raise AssertionError("no answer was spoilt: nothing was shown")
    return ", ".join(f"{count} × {name}" for name, count in sorted(hit.items()))


def disk_full(house: House) -> str:
    """A web process that may write no file beyond 192 kB takes uploads of 1 MB and 3 MB."""
    web = house.start_web("small", limit_bytes=192 * 1024)
    others = house.door.backs
    house.door.backs = [back for back in others if back.name == web.name]
    editor, media = Browser(house, "office"), house.family.folder / "media"
    try:
        before, files = _uploads(house), set(_files(media))
        tried = [
            editor.upload("/hq/materials/upload/", "目录.pdf", _document(size)).status
            for size in (1024 * 1024, 3 * 1024 * 1024)
        ]
        if tried != [507, 507] or _uploads(house) != before:
            raise AssertionError(f"uploads to a full disk answered {tried}, rows were kept")
        left = set(_files(media)) - files
        if left:
            raise AssertionError(f"half-written files stay behind: {sorted(left)}")
    finally:
        house.door.backs = [back for back in others if back.name != web.name]
        house.webs.pop(web.name).child.kill()
    kept = editor.upload("/hq/materials/upload/", "目录.pdf", _document(1024 * 1024)).status
    if kept != 200 or _uploads(house) != before + 1:
        raise AssertionError(f"the same upload with room on the disk answered {kept}")
    return f"2 uploads beyond the file-size limit, answered {tried}; no row, no half file"


def _document(size: int) -> bytes:
    """A PDF by its first bytes with `size` bytes behind them."""
    pages = b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>"
    page = b"endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n%"
    return b"%PDF-1.4\n" + pages + page + b"x" * size + b"\ntrailer<</Root 1 0 R>>\n%%EOF"


def _uploads(house: House) -> int:
    return int(house.query("SELECT count(*) FROM materials_materialfile")[0][0])


def _files(media: Path) -> list[str]:
    return [str(path) for path in media.rglob("*") if path.is_file()]


def clock_wrong(house: House, *, events: int, seconds: int) -> str:
    """One more worker whose clock is fast and one whose clock is slow work beside the others."""
    wrong = [
        house.start_real_worker(f"clock{sign}", DEBUG="1", CLOCK_OFFSET_SECONDS=str(sign * seconds))
        for sign in (1, -1)
    ]
    try:
        with under_load(house) as stream:
            stream.run(events, seconds=120)
    finally:
        for worker in wrong:
            worker.stop(signal.SIGTERM, within_seconds=30)
    return f"two workers ± {seconds} s beside {len(house.workers)} right ones over {events} events"


def schedulers(house: House) -> str:
    """Four more workers keep the clock and meet the next slot at the same moment."""
    period, ahead = 120, 40  # of `wecom.keep_credentials_warm`; what a worker needs to start
    ready_at = time.time() + ahead
    slot_at = ready_at + period - ready_at % period
    keepers = [house.start_real_worker(f"scheduler{number}") for number in range(4)]
    try:
        for keeper in keepers:
            wait_until(lambda pid=keeper.process.pid: _beats(house, pid), "its heartbeat")  # type: ignore[misc]
        if time.time() > slot_at:
            raise AssertionError("the keepers were not ready for their slot")
        wait_until(
            lambda: _slots(house, since=slot_at - 1) == 1, "the common slot", seconds=2 * period
        )
        pause(12)  # each of them looks every five seconds
        if _slots(house, since=slot_at - 1) != 1 or _warm_jobs(house, since=slot_at - 1) != 1:
            raise AssertionError("the slot is not one row and one job")
    finally:
        for keeper in keepers:
            keeper.stop(signal.SIGTERM, within_seconds=30)
    return f"{len(keepers)} more workers met one slot together; it is one row and one job"


def _beats(house: House, pid: int) -> bool:
    return _of_worker(house, "core_workerheartbeat WHERE", pid) > 0


def _warm_jobs(house: House, *, since: float) -> int:
    sql = (
        "SELECT count(*) FROM core_job WHERE task = 'guideapp.wecom.tokens.keep_credentials_warm'"
        " AND enqueued_at >= to_timestamp(%s)"
    )
    return int(house.query(sql, since)[0][0])


def _slots(house: House, *, since: float) -> int:
    sql = (
        "SELECT count(*) FROM core_scheduleslot"
        " WHERE name = 'wecom.keep_credentials_warm' AND slot_at >= to_timestamp(%s)"
    )
    return int(house.query(sql, since)[0][0])


def poison(house: House, *, bad: int, good: int) -> str:
    """Events whose handling always fails; the others go on."""
    stream = Stream(house, seed=31)
    dead = _dead(house)
    for number in range(bad):
        stream.write(poisonous(number))
    stream.start(actors=2)
    stream.run(good, seconds=120)
    stream.finish(seconds=QUIET_SECONDS)
    wait_until(lambda: _dead(house) >= dead + bad, "the end of the poison", seconds=90)
    return f"{bad} poison events among {good}; each dead after 5 tries"


def poisonous(number: int) -> bytes:
    """An event that no handler can store: its customer's id is longer than the column."""
    fields = {
        "ToUserName": "ww",
        "CreateTime": str(int(time.time())),
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": "guide00",
        "ExternalUserID": f"wm{'x' * 200}{number}",
    }
    inside = "".join(f"<{name}><![CDATA[{text}]]></{name}>" for name, text in fields.items())
    return f"<xml>{inside}</xml>".encode()


def _dead(house: House) -> int:
    rows = house.query("SELECT count(*) FROM wecom_callbackevent WHERE state = 'dead'")
    return int(rows[0][0])


def pool_exhausted(house: House, *, events: int, seconds: float) -> str:
    """Every connection that PostgreSQL has is taken by somebody else for a while."""
    held: list[psycopg.Connection] = []
    with under_load(house) as stream:
        stream.run(events // 2, seconds=120)
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                try:
                    held.append(psycopg.connect(house.postgres.url(), connect_timeout=2))
                except psycopg.OperationalError:
                    pause(0.05)  # full: what the product gives back is taken, too
        finally:
            for connection in held:
                connection.close()
        stream.run(events // 2, seconds=120)
    return f"{len(held)} connections held for {seconds:.0f} s, none left, over {events} events"


def terminated(house: House, *, events: int, within_seconds: float) -> str:
    """SIGTERM to a worker and a web process that are busy: they end in time and drop nothing."""
    worker = house.start_real_worker("leaver")
    web = house.start_web("leaving")
    wait_until(lambda: _beats(house, worker.process.pid), "its heartbeat")
    with under_load(house) as stream:
        stream.run(events // 2, seconds=120)
        house.door.backs = [back for back in house.door.backs if back.name != "leaving"]
        began = time.monotonic()
        codes = [
            one.stop(signal.SIGTERM, within_seconds=within_seconds) for one in (worker, web.child)
        ]
        took = time.monotonic() - began
        left = _of_worker(house, "core_job WHERE state = 'running' AND", worker.process.pid)
        stream.run(events // 2, seconds=120)
    del house.webs["leaving"]
    if codes != [0, 0] or left:
        raise AssertionError(f"exit codes {codes}, {left} jobs left running")
    return (
        f"SIGTERM to a busy worker and a busy web process over {events} events; both ended with 0"
        f" within {took:.1f} s, 0 jobs left"
    )


def _of_worker(house: House, rows: str, pid: int) -> int:
    sql = f"SELECT count(*) FROM {rows} split_part(worker, ':', 2) = %s"  # noqa: S608
    return int(house.query(sql, str(pid))[0][0])


def counted_once(house: House, *, sends: int, kills: int) -> tuple[str, list[str]]:
    """Sends, results and looks, each made twice, while web processes are killed under them."""
    customers = standing(house)[:sends]
    before = _counts(house)
    taps, killer = Taps(house, customers), Killer(house)
    running = threading.Thread(target=taps.run)
    running.start()
    struck = 0
    while running.is_alive():
        if struck < kills and killer.strike_web():
            struck += 1
        running.join(0.2)
    shares, sent, visits = (now - then for now, then in zip(_counts(house), before, strict=True))
    wrong = []
    if not shares == sent == taps.nonces - taps.unanswered == len(taps.shares):
        wrong.append(f"{taps.nonces} taps made {shares} shares, {sent} counted as sent")
    if visits != taps.looks:
        wrong.append(f"{taps.looks} looks made {visits} counted visits")
    words = f"{taps.nonces} sends and {taps.looks} looks, each twice, {struck} web processes killed"
    return words, wrong


def _counts(house: House) -> tuple[int, int, int]:
    """Shares, what the materials say was sent, counted visits."""
    (row,) = house.query(
        "SELECT (SELECT count(*) FROM materials_share),"
        " (SELECT coalesce(sum(sent_count), 0) FROM materials_material),"
        " (SELECT count(*) FROM materials_visit WHERE counted)"
    )
    return int(row[0]), int(row[1]), int(row[2])
