"""What a card says about who the customer is, where only some cards need it."""

from django import template

from guideapp.members.models import FollowRelation, IdentityRequest
from guideapp.members.services import questions_of

register = template.Library()


@register.simple_tag
def question_of(follow: FollowRelation) -> IdentityRequest | None:
    """The last question to the customer about a card (请 TA 确认). One query."""
    return questions_of([follow.contact_id]).get(follow.contact_id)
