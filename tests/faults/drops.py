"""Callbacks that never come: one cycle of reconciliation repairs what they would have told."""

from tests.faults.house import House
from tests.faults.processes import pause, wait_until
from tests.faults.stream import MIX, OLD_ONLY, Stream
from tests.faults.truth import differences, wecom, work_under_way

_LOST = "SELECT count(*) FROM sandbox_callback WHERE state = 'lost'"
_YOUNG_SECONDS = 62  # reconciliation closes no relation that began less than a minute ago


def dropped(
    house: House, *, events: int, rate: float, mix: tuple[tuple[int, str], ...] = MIX
) -> str:
    """The played WeCom drops some callbacks, doubles and shuffles others; then one cycle."""
    house.ask_wecom("faults", {"name": "callback_drop", "rate": rate})
    house.ask_wecom("faults", {"name": "callback_duplicate", "rate": 0.3})
    house.ask_wecom("faults", {"name": "callback_shuffle", "rate": 0.3, "seconds": 2})
    gone_before = wecom(house, _LOST)[0][0]
    stream = Stream(house, seed=41, mix=mix)
    try:
        stream.start(kept_share=0.0)
        stream.run(events, seconds=300)
    finally:
        house.ask_wecom("faults", {"name": "none"})
        stream.finish()
    gone = wecom(house, _LOST)[0][0] - gone_before
    wait_until(lambda: work_under_way(house) == 0, "the last job", seconds=240)
    before = len(differences(house))
    if not gone or not before:
        raise AssertionError(f"{gone} callbacks dropped, {before} differences: nothing to repair")
    if mix is not OLD_ONLY:  # of which nothing is too young
        pause(_YOUNG_SECONDS)
    report = house.inside("reconcile_once")
    wait_until(lambda: work_under_way(house) == 0, "the last job", seconds=240)
    after = differences(house)
    if after:
        raise AssertionError(f"{len(after)} differences after one cycle: {after[:3]}")
    return (
        f"{gone} callbacks dropped, {events} delivered; {before} relations differed, one cycle read"
        f" {report['guides']} guides and repaired {report['repaired']} rows; 0 differ"
    )
