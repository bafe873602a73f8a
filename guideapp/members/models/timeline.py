"""What happened to a customer."""

from django.db import models

from guideapp.core.models import AppendOnly
from guideapp.members.models.contacts import Contact
from guideapp.members.models.people import Member
from guideapp.organisation.models import Guide, Store


class TimelineEvent(AppendOnly):
    """Something that happened to a customer. A room registers a kind with its template.

    `key` is the business key of the fact, so that it is kept once however often it is told.
    """

    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=120, unique=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="events")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, related_name="events")
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, null=True)  # as of then
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True)  # as of then
    params = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["contact", "-at"], name="events_of_contact"),
            models.Index(fields=["member", "kind", "-at"], name="events_of_member"),
            models.Index(fields=["guide", "-at"], name="events_of_guide"),
        ]
