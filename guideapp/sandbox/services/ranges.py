"""The members behind a code or a link: named ones and those of departments."""

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, Department, User
from guideapp.sandbox.services import scope


def check(app: App, userids: list[str], departments: list[int], *, most: int) -> None:
    """Refuse members who cannot serve customers, and more than `most` after expansion."""
    for userid in userids:
        _require_able(app, userid)
    if Department.objects.filter(pk__in=departments).count() < len(set(departments)):
        raise Refused(60123)
    if len(serving(userids, departments)) > most:
        raise Refused(41041)


def serving(userids: list[str], departments: list[int]) -> list[User]:
    """Members who can be added now, in the order of the address book."""
    able = User.objects.visible().filter(status=User.Status.ACTIVE, contact_right=True)
    wanted = {userid.lower() for userid in userids}
    inside = set().union(*(scope.below(id) for id in departments)) if departments else set()
    return [
        user
        for user in able.order_by("id")
        if user.folded in wanted or inside & set(user.department_ids())
    ]


def _require_able(app: App, userid: str) -> None:
    user = User.objects.named(userid)
    if user is None:
        raise Refused(40031)
    if not scope.sees(app, user):
        raise Refused(60011)
    if user.status != User.Status.ACTIVE:
        raise Refused(41054)
    if not user.contact_right:
        raise Refused(84074)
