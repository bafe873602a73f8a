"""WeCom hangs: as many logins wait for it as there are web threads; cards are timed meanwhile."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.faults.browser import Browser
from tests.faults.house import WEB_THREADS, House
from tests.faults.processes import wait_until
from tests.faults.scenes import Reader
from tests.faults.wire import Fault


def wecom_hangs(house: House, *, rounds: int, cards: int) -> tuple[str, float]:
    """As many logins hang at WeCom as there are web threads; cards are timed, calm and hanging by
    turns. The ratio of the two p99.

    A turn is shorter than our time limit of a call: else the breaker opens, and nothing hangs.
    """
    reader = Reader(house)
    for _ in range(20):
        reader.card()
    seconds: dict[bool, list[float]] = {False: [], True: []}
    threads = WEB_THREADS * len(house.webs)
    most = 0
    for turn in range(2 * rounds):
        hanging = bool(turn % 2)
        with _hanging_logins(house, threads if hanging else 0) as hung:
            for _ in range(cards):
                status, took = reader.timed()
                if status != 200:
                    raise AssertionError(f"a card answered {status} while WeCom hung")
                seconds[hanging].append(took)
            most = max(most, hung())
    calm, hung99 = (_p99(seconds[key]) for key in (False, True))
    words = (
        f"{threads} logins for {threads} web threads, {most} hung at WeCom at once; card p99"
        f" {hung99 * 1000:.0f} ms, calm {calm * 1000:.0f} ms, ratio {hung99 / calm:.2f}"
        f" ({rounds} rounds of {cards} by turns)"
    )
    return words, hung99 / calm


@contextmanager
def _hanging_logins(house: House, count: int) -> Iterator[Callable[[], int]]:
    if not count:
        yield lambda: 0
        return
    house.wire.spoil(Fault("hang", 1.0, "auth/*"))
    over = threading.Event()

    def log_in_again_and_again() -> None:
        while not over.is_set():
            person = Browser(house)
            begun = person.get("/wecom/login/?next=/s/")
            state = begun.headers.get("Location", "").partition("state=")[2].partition("&")[0]
            cookie = begun.headers.get("Set-Cookie", "").partition(";")[0].partition("=")
            person.cookies[cookie[0]] = cookie[2]
            person.get(f"/wecom/oauth/?code=played&state={state}")
            over.wait(1.5)  # a person looks at the page before trying again

    people = [threading.Thread(target=log_in_again_and_again) for _ in range(count)]
    for person in people:
        person.start()
    most = [0]

    def hung() -> int:
        most[0] = max(most[0], house.wire.hanging)
        return most[0]

    try:
        wait_until(lambda: hung() > 0, "a hanging login", seconds=20)
        yield hung
    finally:
        over.set()
        house.wire.spoil()
        for person in people:
            person.join()


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99) - 1]
