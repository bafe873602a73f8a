"""Whom to ask about when a read is tried out: somebody who is certainly there."""

from guideapp.members.models import Contact
from guideapp.organisation.auth import Actor

_TOP_DEPARTMENT = "1"


def sample_for(about: str, actor: Actor) -> str:
    """A userid (the person's own), the newest customer, the top department; '' for nothing."""
    if about == "userid":
        return actor.guide.userid
    if about == "external_userid":
        newest = Contact.objects.order_by("-pk").values_list("external_userid", flat=True)
        return newest.first() or ""
    return _TOP_DEPARTMENT if about == "department_id" else ""
