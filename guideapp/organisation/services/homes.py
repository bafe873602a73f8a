"""Where each role begins."""

from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Role

_HOMES = {
    Role.GUIDE: "/g/",
    Role.STORE_MANAGER: "/m/",
    Role.REGIONAL_MANAGER: "/m/",
    Role.HQ_CONTENT: "/hq/materials/",
    Role.HQ_ADMIN: "/hq/people/",
    Role.PRIVACY_OFFICER: "/hq/privacy/",
}


def homes_of(actor: Actor) -> list[tuple[Role, str]]:
    """Each role the person holds, and the address it begins at."""
    return [(role, home) for role, home in _HOMES.items() if actor.has(role)]


def home_of(actor: Actor) -> str:
    """The address the person begins at: the page of the work nearest to customers."""
    return homes_of(actor)[0][1]
