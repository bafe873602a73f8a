"""Members as the address-book sync writes them through the API.

WeCom does not call such changes back (part 2 §1.10.1); a company whose `tells_api_changes` is on
hears of them as it does of the console's.
"""

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Corp, User
from guideapp.sandbox.services import directory, ids, member_fields

BATCH_MAX = 200


@transaction.atomic
def create(userid: str, given: member_fields.Given, *, origin: str = "") -> User:
    """user/create. The member has not activated WeCom yet. Raises Refused."""
    member_fields.check_userid(userid)
    if User.objects.named(userid) is not None:
        raise Refused(60102)
    user = User(userid=userid, folded=userid.lower(), status=User.Status.NOT_ACTIVE)
    changed = member_fields.write(user, {"name": ""} | given)
    user.save()
    if tells():
        directory.tell_of(user, "create_user", origin, changed=changed)
    return user


@transaction.atomic
def update(userid: str, given: member_fields.Given, *, origin: str = "") -> User:
    """user/update: what is not given stays. Raises Refused."""
    user = named(userid)
    if given.get("new_userid") not in (None, "", user.userid):
        raise Refused(301036)  # only for userids that WeCom itself made up
    changed = member_fields.write(user, given)
    user.save()
    if tells():
        directory.tell_of(user, "update_user", origin, changed=changed)
    return user


@transaction.atomic
def delete(userid: str, *, origin: str = "") -> None:
    """user/delete. Raises Refused 60111, 301005."""
    _remove(named(userid), origin)


@transaction.atomic
def delete_all(userids: list[str], *, origin: str = "") -> None:
    """user/batchdelete: at most 200; one unknown id refuses them all."""
    if not userids:
        raise Refused(40063)
    if len(userids) > BATCH_MAX:
        raise Refused(40032)
    users = [User.objects.named(userid) for userid in userids]
    if None in users:
        raise Refused(40031)
    for user in {user.pk: user for user in users if user is not None}.values():
        _remove(user, origin)


def named(userid: str) -> User:
    """The present member. Raises Refused 41009, 60111."""
    if not userid:
        raise Refused(41009)
    user = User.objects.named(userid)
    if user is None:
        raise Refused(60111)
    return user


def tells() -> bool:
    """True when the company hears of changes through the API too."""
    return Corp.objects.filter(tells_api_changes=True).exists()


def openid(user: User) -> str:
    """The member's openid of convert_to_openid, always the same."""
    return ids.openid(f"member/{user.folded}")


def by_openid(value: str) -> User:
    """The present member with this openid. Raises Refused 46004."""
    for user in User.objects.present().iterator():
        if openid(user) == value:
            return user
    raise Refused(46004)


def _remove(user: User, origin: str) -> None:
    if user.is_creator:
        raise Refused(301005)
    user.deleted_at = now()
    user.status = User.Status.LEFT
    user.save(update_fields=["deleted_at", "status"])
    if tells():
        directory.tell_of_leaving(user, origin)
