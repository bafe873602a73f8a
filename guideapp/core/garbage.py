"""The collector of reference cycles, told what a long-lived process knows better than it."""

import gc

_NEW_OBJECTS = 50_000  # between two looks at the young; a batch of 500 rows makes as many


def collect_seldom() -> None:
    """What stands once everything is imported stays for good; rows of a batch are no cycles.

    Otherwise one tenth of a large reading's processor time goes into looking for cycles among rows
    that are freed by their counts anyway.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
