"""Refusals of the wording check."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from guideapp.compliance.wording import Hit
from guideapp.core.errors import GuideAppError


class WordingRefused(GuideAppError):
    """The text carries a word that it must not; `hits` says which and where."""

    code = "wording_refused"
    status = 422

    def __init__(self, hits: Sequence[Hit]) -> None:
        super().__init__(_("“%(word)s”不能用，换个说法") % {"word": hits[0].word})
        self.hits = tuple(hits)
