"""Tags of members (part 1 §6). A partial failure is errcode 0."""

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models.address_book import MemberTag
from guideapp.sandbox.services import member_tags, scope
from guideapp.sandbox.views.api.registry import BOTH, Answer, ApiCall, endpoint


@endpoint("tag/create", kinds=BOTH, errmsg="created")
def tag_create(call: ApiCall) -> Answer:
    """The answered tagid is a text, as it has been seen."""
    tag = member_tags.create(call.app, name=call.text("tagname"), id=call.integer("tagid"))
    return {"tagid": str(tag.pk)}


@endpoint("tag/update", kinds=BOTH, errmsg="updated")
def tag_update(call: ApiCall) -> Answer:
    """Only the app that made it."""
    member_tags.rename(call.app, id=call.integer("tagid"), name=call.text("tagname"))
    return {}


@endpoint("tag/delete", kinds=BOTH, errmsg="deleted")
def tag_delete(call: ApiCall) -> Answer:
    """Only the app that made it."""
    member_tags.delete(call.app, id=call.integer("tagid"))
    return {}


@endpoint("tag/get", kinds=BOTH)
def tag_get(call: ApiCall) -> Answer:
    """Only members that the token sees."""
    tag = member_tags.named(call.integer("tagid"))
    seen = scope.users_of(call.app).filter(member_tags=tag).order_by("id")
    users = [{"userid": user.userid, "name": user.name} for user in seen]
    return {"tagname": tag.name, "userlist": users, "partylist": tag.departments}


@endpoint("tag/list", kinds=BOTH)
def tag_list(call: ApiCall) -> Answer:
    """Every tag."""
    tags = MemberTag.objects.order_by("id")
    return {"taglist": [{"tagid": tag.pk, "tagname": tag.name} for tag in tags]}


@endpoint("tag/addtagusers", kinds=BOTH)
def tag_add(call: ApiCall) -> Answer:
    """Invalid members come back as one text joined by |, invalid departments as a list."""
    userids, parties = _lists(call)
    id = call.integer("tagid")
    added = member_tags.add(
        call.app, id=id, userids=userids, departments=parties, origin=call.origin
    )
    return _partial(added)


@endpoint("tag/deltagusers", kinds=BOTH, errmsg="deleted")
def tag_remove(call: ApiCall) -> Answer:
    """The same the other way round."""
    userids, parties = _lists(call)
    id = call.integer("tagid")
    removed = member_tags.remove(
        call.app, id=id, userids=userids, departments=parties, origin=call.origin
    )
    return _partial(removed)


def _lists(call: ApiCall) -> tuple[list[str], list[int]]:
    userids, parties = call.texts("userlist"), call.integers("partylist")
    if not userids and not parties:
        raise Refused(40063)
    return userids, parties


def _partial(done: member_tags.Sorted) -> Answer:
    answer: dict[str, object] = {}
    if done.invalid_users:
        answer["invalidlist"] = "|".join(done.invalid_users)
    if done.invalid_departments:
        answer["invalidparty"] = done.invalid_departments
    return answer
