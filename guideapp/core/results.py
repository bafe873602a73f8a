"""What became of each row of a batch that another system or a file sent."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise


class Status(StrEnum):
    """How a row ended."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """The end of row `index` (from 0). `code` and `message` say why a row was refused or skipped.

    `code` is stable, for programs; `message` is for people; `field` names the field at fault. A row
    that was written may carry a code too: a hint, such as `phone_shared`.
    """

    index: int
    status: Status
    code: str = ""
    message: str | Promise = ""
    field: str = ""

    @property
    def is_refused(self) -> bool:
        """True when nothing of the row was written."""
        return self.status == Status.REFUSED


def refused(index: int, code: str, message: str | Promise, field: str = "") -> Result:
    """A row of which nothing was written."""
    return Result(index, Status.REFUSED, code, message, field)
