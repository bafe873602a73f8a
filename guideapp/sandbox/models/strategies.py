"""Rule groups (规则组) of 客户联系, and ids that wait for a customer."""

from django.db import models


class Strategy(models.Model):
    """A rule group; the primary key is WeCom's strategy_id."""

    parent_id = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=64)
    admins = models.JSONField(default=list)  # userids
    privilege = models.JSONField(default=dict)
    range = models.JSONField(default=list)  # [{"type": 1, "userid": …}, {"type": 2, "partyid": …}]
    created_at = models.DateTimeField()


class PendingId(models.Model):
    """A pending_id of a person who is no customer yet; it joins both sides for 90 days."""

    pending_id = models.CharField(max_length=64, unique=True)
    unionid = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
