"""A stream of mixed events: acts at the played WeCom, and letters delivered late, twice, shuffled.

People act in order: one pair is never acted upon twice within a second and a half, because an
event carries whole seconds only and nobody can tell which of two in the same second came last.
"""

import itertools
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import requests

from tests.faults.company import userids
from tests.faults.house import House
from tests.faults.processes import pause, wait_until
from tests.faults.truth import callbacks_under_way

DUPLICATES = 0.3
_ACTORS = 3
_POSTMEN = 3
_LATE_SECONDS = 2.0  # a letter is late by up to so much, which shuffles the order
_REST_SECONDS = 1.5  # between two acts on one pair
_CALLBACK_WEIGHT = 3  # one on its way becomes about so many jobs
_FARTHEST_BEHIND = 120  # jobs that wait: actors wait for the workers then

# weight and name of each act
MIX = (
    (34, "add"),
    (6, "add_half"),
    (18, "remark"),
    (18, "tags"),
    (6, "leave"),
    (6, "delete"),
    (6, "return"),
    (4, "member"),
    (2, "department"),
)
# Acts on relations that stand for long; nobody is greeted.
OLD_ONLY = ((40, "remark"), (40, "tags"), (10, "leave"), (10, "delete"))


@dataclass
class Pair:
    """A guide and a customer, as the stream knows them."""

    userid: str
    external_userid: str
    acted_at: float
    half: bool = False


@dataclass(order=True)
class _Letter:
    due_at: float
    number: int
    text: bytes = field(compare=False)


class Stream:
    """Acts until `deliveries` more callbacks were acknowledged; the two posts run meanwhile."""

    def __init__(self, house: House, *, seed: int = 1, mix: tuple[tuple[int, str], ...] = MIX):
        self.house = house
        self.acts: Counter[str] = Counter()
        self.refused = 0  # acts that the played WeCom did not accept (somebody was faster)
        self._mix = mix
        self._dice = random.Random(seed)  # noqa: S311 -- the same run again
        self._living: deque[Pair] = deque()
        self._ended: deque[Pair] = deque()
        self._letters: list[_Letter] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._no_more_acts = threading.Event()
        self._threads: list[threading.Thread] = []
        self._known_backlog = (0, 0.0)  # jobs that wait, and when they were counted (monotonic)

    def start(self, *, kept_share: float = 0.5, actors: int = _ACTORS) -> None:
        """Begin; `kept_share` of WeCom's callbacks goes out as letters of our own."""
        self.house.door.kept_share = kept_share
        self._know_old_customers()
        loops = [self._act_on] * actors + [self._carry] * _POSTMEN + [self._collect]
        self._threads = [threading.Thread(target=loop, daemon=True) for loop in loops]
        for thread in self._threads:
            thread.start()

    def run(
        self, deliveries: int, *, seconds: float, each: Callable[[int], None] | None = None
    ) -> int:
        """Act until so many more callbacks are acknowledged; `each` is told how many so far.

        Raises TimeoutError when they were fewer after `seconds`.
        """
        door, began, before = self.house.door, time.monotonic(), self.house.door.deliveries
        while (done := door.deliveries - before) < deliveries:
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"{done} of {deliveries} events in {seconds:.0f} s")
            if each is not None:
                each(done)
            pause(0.02)
        return door.deliveries - before

    def finish(self, *, seconds: float = 60) -> None:
        """No new acts; back when every letter and every callback has arrived or is lost."""
        self._no_more_acts.set()
        self.house.door.kept_share = 0.0
        wait_until(self._posts_are_empty, "the last callbacks", seconds=seconds)
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=30)

    # --- acts -------------------------------------------------------------------------------------

    def _know_old_customers(self) -> None:
        rows = self.house.query(
            "SELECT g.userid, c.external_userid FROM members_followrelation f"
            " JOIN organisation_guide g ON g.id = f.guide_id"
            " JOIN members_contact c ON c.id = f.contact_id"
            " WHERE f.ended_at IS NULL AND f.followed_at < now() - interval '1 hour'"
            " ORDER BY f.id"
        )
        self._living.extend(Pair(userid, customer, 0.0) for userid, customer in rows)

    def _act_on(self) -> None:
        while not self._no_more_acts.is_set():
            if self._is_far_behind():
                pause(0.1)
                continue
            weights, names = zip(*self._mix, strict=True)
            (name,) = self._dice.choices(names, weights)
            try:
                getattr(self, f"_{name}")()
            except requests.HTTPError:
                self.refused += 1
            except requests.RequestException:
                pause(0.2)
            else:
                with self._lock:
                    self.acts[name] += 1

    def _is_far_behind(self) -> bool:
        return len(self._letters) > 4 * _FARTHEST_BEHIND or self._backlog() > _FARTHEST_BEHIND

    def _backlog(self) -> int:
        """Jobs that wait, read five times a second at most."""
        at = time.monotonic()
        known, read_at = self._known_backlog
        if at - read_at > 0.2:
            self._known_backlog = (known, at)
            try:
                ready = "SELECT count(*) FROM core_job WHERE state = 'ready' AND run_at <= now()"
                known = int(self.house.query(ready)[0][0])
                known += _CALLBACK_WEIGHT * callbacks_under_way(self.house)
            except psycopg.Error:  # the database is away: that is a fault we play
                known = 10_000
            self._known_backlog = (known, at)
        return known

    def _do(self, type: str, **data: Any) -> dict[str, Any]:
        return self.house.ask_wecom("events", {"type": type, **data})

    def _add(self) -> None:
        self._befriend("add_external_contact")

    def _add_half(self) -> None:
        self._befriend("add_half_external_contact")

    def _befriend(self, type: str) -> None:
        userid = self._dice.choice(userids())
        done = self._do(type, userid=userid, name=f"新客{next(self._numbers)}", state="门店")
        self._living.append(Pair(userid, done["external_userid"], time.monotonic()))

    def _on(self, pairs: deque[Pair], back: deque[Pair], type: str, **data: Any) -> None:
        """Act on a rested pair of `pairs`, which then belongs to `back`."""
        try:
            pair = pairs.popleft()
        except IndexError:
            return pause(0.1)  # everybody has left; somebody new will come
        rest = pair.acted_at + _REST_SECONDS - time.monotonic()
        if rest > 0:
            pairs.append(pair)
            return pause(0.02)
        try:
            self._do(type, userid=pair.userid, external_userid=pair.external_userid, **data)
        finally:
            pair.acted_at = time.monotonic()
            back.append(pair)
        return None

    def _remark(self) -> None:
        words = {"remark": f"备注{next(self._numbers)}"}
        self._on(self._living, self._living, "edit_external_contact", **words)

    def _tags(self) -> None:
        some = self._dice.sample(self.tag_ids, 3)
        change = {"add_tags": some[:2], "remove_tags": some[2:]}
        self._on(self._living, self._living, "edit_external_contact", **change)

    def _leave(self) -> None:
        self._on(self._living, self._ended, "del_follow_user")

    def _delete(self) -> None:
        self._on(self._living, self._ended, "del_external_contact")

    def _return(self) -> None:
        self._on(self._ended, self._living, "add_external_contact")

    def _member(self) -> None:
        userid = self._dice.choice(userids())
        self._do("update_user", userid=userid, name=f"导购{next(self._numbers)}")

    def _department(self) -> None:
        self._do("update_party", id=9, name=f"总部{next(self._numbers)}")

    @property
    def tag_ids(self) -> list[str]:
        """The company's tags, as the product has read them."""
        if not hasattr(self, "_tag_ids"):
            rows = self.house.query("SELECT wecom_id FROM members_tag ORDER BY id")
            self._tag_ids = [row[0] for row in rows]
        return self._tag_ids

    # --- letters ----------------------------------------------------------------------------------

    def _collect(self) -> None:
        """Take what the door kept back; nearly every third letter goes out more than once."""
        door = self.house.door
        while not self._over.is_set():
            for text in door.take_letters():
                copies = 1 + (self._dice.random() < DUPLICATES * 1.43)
                for _ in range(copies):
                    late = self._dice.uniform(0, _LATE_SECONDS)
                    self.write(text, late=late)
            pause(0.05)

    def write(self, text: bytes, *, late: float = 0.0) -> None:
        """Have `text`, an event's XML, signed and delivered `late` seconds from now."""
        letter = _Letter(time.monotonic() + late, next(self._numbers), text)
        with self._lock:
            self._letters.append(letter)

    def _carry(self) -> None:
        """Deliver letters that are due, the latest last; again until acknowledged."""
        while not self._over.is_set():
            letter = self._take()
            if letter is None:
                pause(0.02)
                continue
            stamp, nonce = str(int(time.time())), str(letter.number)
            if not self.house.door.post_letter(letter.text, timestamp=stamp, nonce=nonce):
                self.write(letter.text, late=1.0)

    def _take(self) -> _Letter | None:
        at = time.monotonic()
        with self._lock:
            due = [letter for letter in self._letters if letter.due_at <= at]
            if not due:
                return None
            first = min(due)
            self._letters.remove(first)
            return first

    def _posts_are_empty(self) -> bool:
        waiting = self._letters or self.house.door.letters
        return not waiting and callbacks_under_way(self.house) == 0
