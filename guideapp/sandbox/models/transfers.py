"""Customers and customer groups that go over to another member (继承)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Transfer(models.Model):
    """One customer on the way from `handover` to `takeover`; `status` is WeCom's number."""

    class Status(models.IntegerChoices):
        DONE = 1, _("接替完毕")
        WAITING = 2, _("等待接替")
        REFUSED = 3, _("客户拒绝")
        FULL = 4, _("接替成员客户达到上限")

    handover = models.ForeignKey(
        "sandbox.User", on_delete=models.CASCADE, related_name="handed_over"
    )
    takeover = models.ForeignKey(
        "sandbox.User", on_delete=models.CASCADE, related_name="taken_over"
    )
    customer = models.ForeignKey("sandbox.Customer", on_delete=models.CASCADE)
    resigned = models.BooleanField()  # the handover member had left
    message = models.CharField(max_length=200, blank=True)
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.WAITING)
    started_at = models.DateTimeField()
    takeover_at = models.DateTimeField()  # by itself, or when it really happened

    class Meta:
        indexes = [
            models.Index(fields=["takeover_at"], condition=Q(status=2), name="sandbox_transfer_due")
        ]


class GroupTransfer(models.Model):
    """One customer group that got another owner, for the limits per day and per 90 days."""

    chat_id = models.CharField(max_length=64)
    from_userid = models.CharField(max_length=64)
    to_userid = models.CharField(max_length=64)
    on_job = models.BooleanField()
    at = models.DateTimeField()
