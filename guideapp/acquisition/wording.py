"""The text of a welcome message: its variables, how they are filled, how long it may be."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from guideapp.acquisition.errors import WelcomeTextRefused, WelcomeTooLong

CUSTOMER, GUIDE, STORE = "客户", "导购", "门店"  # what headquarters types between braces
VARIABLES = (CUSTOMER, GUIDE, STORE)
UNKNOWN_CUSTOMER = "您"
MOST_CHARACTERS = 1000
MOST_BYTES = 4000  # text.content of externalcontact/send_welcome_msg, in UTF-8
LONGEST_NAME = 20  # a filled-in name is cut here, so that MOST_BYTES can be kept

_PLACE = re.compile(r"\{\s*([^{}\s]{1,8})\s*\}")


@dataclass(frozen=True, slots=True)
class Names:
    """What the variables stand for; an unknown customer is addressed as 您."""

    customer: str
    guide: str
    store: str


def fill(text: str, names: Names) -> str:
    """`text` with its variables replaced. `{客户}您好` to an unknown customer is 您好."""
    values = {
        CUSTOMER: names.customer.strip()[:LONGEST_NAME] or UNKNOWN_CUSTOMER,
        GUIDE: names.guide.strip()[:LONGEST_NAME],
        STORE: names.store.strip()[:LONGEST_NAME],
    }
    filled = _PLACE.sub(lambda place: values.get(place[1], place[0]), text)
    return filled.replace(UNKNOWN_CUSTOMER * 2, UNKNOWN_CUSTOMER)


def tidy(text: str) -> str:
    """What a form sent, as it is kept: one kind of line end, nothing around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def require_sendable(text: str) -> None:
    """Refuse a tidy text that is empty, too long, or names a variable that does not exist.

    Raises WelcomeTextRefused or WelcomeTooLong.
    """
    if not text:
        raise WelcomeTextRefused(_("先写欢迎语"))
    if "\x00" in text or not _is_unicode(text):
        raise WelcomeTextRefused(_("有不能发送的字符，重新输入一遍"))
    unknown = [name for name in _PLACE.findall(text) if name not in VARIABLES]
    if unknown:
        raise WelcomeTextRefused(
            _("没有{%(name)s}这个变量，能用的是 {客户}、{导购}、{门店}") % {"name": unknown[0]}
        )
    if len(text) > MOST_CHARACTERS:
        raise WelcomeTooLong(length=len(text), most=MOST_CHARACTERS)
    longest = fill(text, Names(*["𠮷" * LONGEST_NAME] * 3))  # four bytes a character
    if len(longest.encode()) > MOST_BYTES:
        raise WelcomeTextRefused(_("变量用得太多，填上名字后就超长了，删去几个"))


def _is_unicode(text: str) -> bool:
    """False for a lone surrogate, which no database and no wire carries."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
