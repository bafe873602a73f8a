"""The tracked link: one row per hand-out, looked up and never decoded."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from guideapp.members.models import Contact
from guideapp.organisation.models import Guide, Store


class TrackedLink(models.Model):
    """A link or code that leads back to guide, store, customer and channel (带参链接)."""

    class Kind(models.TextChoices):
        SHARE = "share", _("发送素材")
        WELCOME = "welcome", _("欢迎语")

    token = models.CharField(max_length=22, unique=True)  # random base62: nothing to forge
    kind = models.CharField(max_length=12, choices=Kind)
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="links")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True)  # as of then
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="links")
    channel = models.CharField(max_length=64, blank=True)  # add state or campaign
    target = models.CharField(max_length=64)  # "material:12"
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["guide", "created_at"], name="links_of_guide")]
