"""Behaviour data of members (part 1 §12.1). Figures of groups are in `groups`."""

from guideapp.core.clock import day_of
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import User
from guideapp.sandbox.services import behaviour, ranges, scope
from guideapp.sandbox.services.day_span import days_between
from guideapp.sandbox.views.api.registry import Answer, ApiCall, endpoint

_MOST = 100


@endpoint("externalcontact/get_user_behavior_data", customer_contact=True)
def get_user_behavior_data(call: ApiCall) -> Answer:
    """Several members come as one summed row a day; today's figures are not there yet."""
    userids, departments = call.texts("userid"), call.integers("partyid")
    if not userids and not departments:
        raise Refused(40063)
    if len(userids) > _MOST or len(departments) > _MOST:
        raise Refused(40032)
    days = days_between(call.integer("start_time"), call.integer("end_time"))
    members = {user.pk: user for user in (_seen(call, id) for id in userids)}
    members |= {user.pk: user for user in ranges.serving([], departments)}
    over = [day for day in days if day < day_of(now())]
    if not over:
        return {"behavior_data": []}
    return {"behavior_data": behaviour.of_days(members.values(), over)}


def _seen(call: ApiCall, userid: str) -> User:
    user = User.objects.named(userid)
    if user is None:
        raise Refused(40003)
    if not scope.sees(call.app, user):
        raise Refused(60011)
    return user
