"""Refusals of the welcome message."""

from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import BadInput


class WelcomeTooLong(BadInput):
    """More than WeCom carries; the message says by how much."""

    code = "welcome_too_long"

    def __init__(self, *, length: int, most: int) -> None:
        super().__init__(
            _("最多 %(most)s 个字，现在 %(length)s 个，请删去 %(over)s 个")
            % {"most": most, "length": length, "over": length - most}
        )


class WelcomeTextRefused(BadInput):
    """A text that cannot be sent as it is; the message says why."""

    code = "welcome_text_refused"
