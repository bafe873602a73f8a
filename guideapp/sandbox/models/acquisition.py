"""Acquisition links (获客链接) and what customers did after clicking one."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AcquisitionLink(models.Model):
    """A link of one app (`slug`)."""

    link_id = models.CharField(max_length=64, unique=True)
    slug = models.CharField(max_length=16)
    name = models.CharField(max_length=30)
    url = models.CharField(max_length=200)
    users = models.JSONField(default=list)  # userids
    departments = models.JSONField(default=list)
    skip_verify = models.BooleanField(default=True)
    mark_source = models.BooleanField(default=True)
    priority = models.JSONField(default=dict)  # priority_option
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    is_available = models.BooleanField(default=True)


class LinkClick(models.Model):
    """Somebody opened a link."""

    link = models.ForeignKey(AcquisitionLink, on_delete=models.CASCADE, related_name="clicks")
    customer = models.ForeignKey("sandbox.Customer", on_delete=models.CASCADE)
    at = models.DateTimeField()


class LinkCustomer(models.Model):
    """A customer whom a link brought to one member; the unit that chat_status is about."""

    class ChatStatus(models.IntegerChoices):
        SILENT = 0, _("未开口")
        SPOKE = 1, _("已开口")
        UNKNOWN = 2, _("不详")

    link = models.ForeignKey(AcquisitionLink, on_delete=models.CASCADE, related_name="customers")
    user = models.ForeignKey("sandbox.User", on_delete=models.CASCADE)
    customer = models.ForeignKey("sandbox.Customer", on_delete=models.CASCADE)
    state = models.CharField(max_length=64, blank=True)
    chat_status = models.PositiveSmallIntegerField(choices=ChatStatus, default=ChatStatus.SILENT)
    messages = models.PositiveIntegerField(default=0)  # received by the member
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["link", "user", "customer"], name="sandbox_one_link_customer"
            )
        ]


class ChatKey(models.Model):
    """A ChatKey of message_from_customer: what get_chat_info tells for 30 minutes."""

    key = models.CharField(max_length=128, unique=True)
    brought = models.ForeignKey(LinkCustomer, on_delete=models.CASCADE, related_name="chat_keys")
    messages = models.PositiveIntegerField()
    expires_at = models.DateTimeField()


class AcquisitionQuota(models.Model):
    """One batch of uses that the company bought; it ends at midnight of `expires_on`."""

    bought = models.PositiveIntegerField()
    balance = models.PositiveIntegerField()
    expires_on = models.DateField()
    told_days = models.JSONField(default=list)  # days before the end that were told already
