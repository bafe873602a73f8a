"""What behaviour data count and no other row remembers."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Activity(models.Model):
    """One act between a member and a customer, kept although the relation changes later."""

    class Kind(models.TextChoices):
        APPLY = "apply", _("发起申请")
        CONTACT = "contact", _("新增客户")
        NEGATIVE = "negative", _("被删除或拉黑")

    kind = models.CharField(max_length=8, choices=Kind)
    user = models.ForeignKey("sandbox.User", on_delete=models.CASCADE, related_name="activities")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "at"], name="sandbox_by_user")]
