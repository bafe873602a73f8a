"""Who is meant by members, departments and tags in a request, and who cannot be reached."""

from dataclasses import dataclass, field
from typing import Any

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, Department, User
from guideapp.sandbox.models.address_book import MemberTag
from guideapp.sandbox.services import scope

_MAX_NAMES, _MAX_PARTIES, _MAX_TAGS = 1000, 100, 100


@dataclass
class Recipients:
    """Who gets it, and the names that were not found, as WeCom lists them."""

    users: list[User] = field(default_factory=list)
    bad_users: list[str] = field(default_factory=list)
    bad_parties: list[str] = field(default_factory=list)
    bad_tags: list[str] = field(default_factory=list)


def sent_to(request: dict[str, Any], app: App) -> Recipients:
    """touser, toparty, totag of message/send. Raises Refused when nobody is left."""
    users, parties, tags = (_split(request.get(name)) for name in ("touser", "toparty", "totag"))
    if not users and not parties and not tags:
        raise Refused(82001)
    if users == ["@all"]:
        return Recipients(users=list(scope.users_of(app)))
    found = _found(app, users, parties, tags)
    if not found.users:
        raise Refused(81013)
    return found


def named_in(request: dict[str, Any], app: App) -> Recipients:
    """userids, partyids, tagids of update_template_card. Raises Refused 82101 without any."""
    users, parties, tags = (_texts(request.get(name)) for name in ("userids", "partyids", "tagids"))
    if not users and not parties and not tags:
        raise Refused(82101)
    return _found(app, users, parties, tags)


def in_departments(visible: dict[str, User], parties: list[int]) -> dict[str, User]:
    """Those of `visible` who sit in one of the departments or below it."""
    inside: set[int] = set()
    for party in parties:
        inside |= scope.below(party)
    return {name: user for name, user in visible.items() if inside & set(user.department_ids())}


def _found(app: App, users: list[str], parties: list[str], tags: list[str]) -> Recipients:
    _check_counts(users, parties, tags)
    visible = {user.folded: user for user in scope.users_of(app)}
    known_parties = {str(id): id for id in Department.objects.values_list("id", flat=True)}
    known_tags = {str(row.pk): row for row in MemberTag.objects.all()}
    reached = {name.lower(): visible[name.lower()] for name in users if name.lower() in visible}
    reached |= in_departments(visible, [known_parties[id] for id in parties if id in known_parties])
    for tag in tags:
        reached |= _tagged(visible, known_tags[tag]) if tag in known_tags else {}
    return Recipients(
        users=list(reached.values()),
        bad_users=[name.lower() for name in users if name.lower() not in visible],
        bad_parties=[id for id in parties if id not in known_parties],
        bad_tags=[id for id in tags if id not in known_tags],
    )


def _check_counts(users: list[str], parties: list[str], tags: list[str]) -> None:
    if len(users) > _MAX_NAMES:
        raise Refused(40032)
    if len(parties) > _MAX_PARTIES:
        raise Refused(82002)
    if len(tags) > _MAX_TAGS:
        raise Refused(82003)


def _tagged(visible: dict[str, User], tag: MemberTag) -> dict[str, User]:
    names = tag.users.values_list("folded", flat=True)
    named = {name: visible[name] for name in names if name in visible}
    return named | in_departments(visible, tag.departments)


def _split(value: object) -> list[str]:
    return [part for part in str(value or "").split("|") if part]


def _texts(value: object) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else []
