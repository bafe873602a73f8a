"""kill -9 at marked points and at any moment, each followed by a new process in the same place."""

import random
import threading
from collections import Counter

from tests.faults.door import Back
from tests.faults.house import House
from tests.faults.processes import answers, pause
from tests.faults.wire import ANSWERED, ASKED, FINISHING, Trap

ANY, CLAIMED, MID_REQUEST = "at any moment", "after the claim", "web process mid-request"
CALLED = {
    ASKED: "worker mid-call, WeCom not reached",
    ANSWERED: "worker mid-call, WeCom has acted",
    FINISHING: "worker between answer and finish",
}
_POINTS = (ANY, CLAIMED, ASKED, ANSWERED, FINISHING, MID_REQUEST)
_WEIGHTS = (21, 21, 18, 18, 18, 4)
_PATIENCE_SECONDS = 1.0  # for a moment of the wished kind to come
_REQUEST_SECONDS = 0.008  # about as long as a callback takes


class Killer:
    """Kills one process after the other; `points` counts where each was hit."""

    def __init__(self, house: House, *, seed: int = 3) -> None:
        self.house = house
        self.points: Counter[str] = Counter()
        self._dice = random.Random(seed)  # noqa: S311 -- the same run again

    @property
    def kills(self) -> int:
        """How many were killed."""
        return self.points.total()

    def keep_up(self, done: int, of: int, kills: int) -> None:
        """Kill until the share of `kills` equals the share of work that is done."""
        if self.kills < kills and self.kills * of < done * kills:
            self.strike()

    def strike(self) -> None:
        """One kill, at a point by chance; at any moment where no such moment comes."""
        (point,) = self._dice.choices(_POINTS, _WEIGHTS)
        if point in CALLED and self._in_a_call(point):
            self.points[CALLED[point]] += 1
        elif point == CLAIMED and self._after_a_claim():
            self.points[f"worker {CLAIMED}"] += 1
        elif point == MID_REQUEST and self.strike_web():
            self.points[MID_REQUEST] += 1
        else:
            self.house.kill_worker(self._dice.choice(sorted(self.house.workers)))
            self.points[f"worker {ANY}"] += 1

    def _in_a_call(self, point: str) -> bool:
        victim = self._dice.choice(sorted(self.house.workers))
        # Half of them in a welcome: the call that must never be repeated.
        path = self._dice.choice(["externalcontact/send_welcome_msg", "*"])
        trap = self.house.wire.trap(Trap(point, victim, self.house.kill_worker, path))
        if trap.sprung.wait(_PATIENCE_SECONDS):
            return True
        self.house.wire.remove(trap)
        return trap.sprung.wait(0.05)

    def _after_a_claim(self) -> bool:
        pid = "split_part(worker, ':', 2)::int"  # of a worker's name
        held = f"SELECT DISTINCT {pid} FROM core_job WHERE state = 'running'"  # noqa: S608
        for _try in range(20):
            pids = {pid for (pid,) in self.house.query(held)}
            hit = [one.name for one in self.house.workers.values() if one.pid in pids]
            if hit:
                self.house.kill_worker(self._dice.choice(hit))
                return True
            pause(_PATIENCE_SECONDS / 20)
        return False

    def strike_web(self) -> bool:
        """Kill the web process that gets the next request, while it answers; False: none came."""
        if not all(answers(web.port) for web in self.house.webs.values()):
            return False  # the last victim has not come back yet
        struck = threading.Event()

        def strike(back: Back) -> None:
            struck.set()
            threading.Thread(target=self._kill_web, args=(back.name,)).start()

        self.house.door.on_request = strike
        if struck.wait(_PATIENCE_SECONDS):
            return True
        self.house.door.on_request = None
        return struck.is_set()

    def _kill_web(self, name: str) -> None:
        pause(self._dice.uniform(0, _REQUEST_SECONDS))
        self.house.kill_web(name)
