"""What a task raises to choose its own next step."""

from datetime import datetime


class RetryAt(Exception):
    """Run the job again at `when` (aware). Such a try is not counted as a failed attempt.

    The task bounds it (a welcome code dies after 20 s); the ledger gives up after three days.
    """

    def __init__(self, when: datetime) -> None:
        super().__init__(when.isoformat())
        self.when = when


class GiveUp(Exception):
    """Never run the job again: no later attempt can succeed. The text says why, without a name."""
