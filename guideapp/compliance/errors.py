"""Refusals of the wording check and of the contact cap."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import GuideAppError
from guideapp.core.word_search import Hit


class WordingRefused(GuideAppError):
    """The text carries a word that it must not; `hits` says which and where."""

    code = "wording_refused"
    status = 422

    def __init__(self, hits: Sequence[Hit]) -> None:
        super().__init__(_("“%(word)s”不能用，换个说法") % {"word": hits[0].word})
        self.hits = tuple(hits)


class ContactedEnough(GuideAppError):
    """The customer has had all contacts of the day, from whomever they came."""

    code = "contacted_enough"
    status = 409

    def __init__(self, cap: int) -> None:
        super().__init__(_("今天给 TA 发过 %(n)s 条了，明天再发") % {"n": cap})
