"""What the app writes to members."""

from django.db import models


class AppMessage(models.Model):
    """One accepted message/send: what members see in the app's own conversation."""

    msgid = models.CharField(max_length=128, unique=True)
    slug = models.CharField(max_length=16, default="app")  # of the App that sent it
    msgtype = models.CharField(max_length=32)
    payload = models.JSONField()  # the object under the msgtype key
    recipients = models.ManyToManyField("sandbox.User", related_name="app_messages")
    dropped = models.JSONField(default=list)  # userids over the limit; WeCom says nothing
    cards = models.JSONField(default=dict)  # userid → what update_template_card made of the card
    digest = models.CharField(max_length=64)  # of the whole request, for enable_duplicate_check
    created_at = models.DateTimeField(db_index=True)
    recalled_at = models.DateTimeField(null=True, blank=True)


class CardCode(models.Model):
    """A response_code of a template card: 72 hours, one use."""

    code = models.CharField(max_length=128, unique=True)
    message = models.ForeignKey(AppMessage, on_delete=models.CASCADE, related_name="card_codes")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
