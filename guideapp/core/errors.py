"""Domain refusals. A service raises one; a middleware words it for the person or the client."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class GuideAppError(Exception):
    """A refusal with a stable `code`, an HTTP `status` and a sentence for the person."""

    code = "error"
    status = 400
    message: str | Promise = _("这一步没做成，再试一次")
    # A job that met it runs again after so long, and the attempt does not count as failed.
    rest_seconds: float | None = None

    def __init__(self, message: str | Promise | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(str(self.code))


class BadInput(GuideAppError):
    """What was sent cannot be used; the message says why."""

    code = "bad_input"
    status = 422


class Forbidden(GuideAppError):
    """The person's roles do not include this function."""

    code = "forbidden"
    status = 403
    message = _("你没有这个权限")


class OverLimit(GuideAppError):
    """Too many calls in a window; `retry_after` seconds until the next may pass."""

    code = "over_limit"
    status = 429
    message = _("点得太快了，过一会儿再试")

    def __init__(self, *, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class NoRoom(GuideAppError):
    """The disk is full, or the object store takes nothing; what was sent is not kept."""

    code = "no_room"
    status = 507
    message = _("存不下了，文件没有保存，请联系管理员")


class CacheAway(Exception):
    """The cache that all processes share does not answer; whoever counts there counts elsewhere."""
