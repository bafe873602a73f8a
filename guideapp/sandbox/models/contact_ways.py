"""「联系我」 codes."""

from django.db import models


class ContactWay(models.Model):
    """A 「联系我」 code or button of one app (`slug`). Deleted rows still count in the quota."""

    config_id = models.CharField(max_length=32, unique=True)
    slug = models.CharField(max_length=16)
    type = models.PositiveSmallIntegerField()  # 1 one member, 2 several
    scene = models.PositiveSmallIntegerField()  # 1 button in a mini program, 2 QR code
    style = models.PositiveSmallIntegerField(default=0)
    remark = models.CharField(max_length=30, blank=True)
    skip_verify = models.BooleanField(default=True)
    state = models.CharField(max_length=30, blank=True)
    users = models.JSONField(default=list)  # userids
    departments = models.JSONField(default=list)
    is_temp = models.BooleanField(default=False)
    expires_in = models.PositiveIntegerField(default=0)
    chat_expires_in = models.PositiveIntegerField(default=0)
    unionid = models.CharField(max_length=64, blank=True)
    is_exclusive = models.BooleanField(default=False)
    mark_source = models.BooleanField(default=True)
    conclusions = models.JSONField(default=dict)
    qr_code = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)


class WayScan(models.Model):
    """One customer who came by a code; a temporary chat ends at `ends_at`."""

    way = models.ForeignKey(ContactWay, on_delete=models.CASCADE, related_name="scans")
    follow = models.ForeignKey("sandbox.Follow", on_delete=models.CASCADE, related_name="scans")
    at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)  # null: no temporary chat
    closed_at = models.DateTimeField(null=True, blank=True)
