"""What the control address turned on: faults, lower limits, a scenario that was posted."""

from django.db import models
from django.db.models import Q


class Fault(models.Model):
    """Something that goes wrong on purpose: at a rate, or each n-th time that it could."""

    class Name(models.TextChoices):
        LATENCY = "latency", "latency"
        HANG = "hang", "hang"
        BUSY = "-1", "-1"
        RATE = "45009", "45009"
        CONCURRENCY = "45033", "45033"
        TOKEN_EXPIRED = "42001", "42001"
        TOKEN_UNKNOWN = "40014", "40014"
        SECRET = "40001", "40001"
        HTML = "html", "html"
        TRUNCATED = "truncated", "truncated"
        RESET = "reset", "reset"
        CALLBACK_DUPLICATE = "callback_duplicate", "callback_duplicate"
        CALLBACK_SHUFFLE = "callback_shuffle", "callback_shuffle"
        CALLBACK_DROP = "callback_drop", "callback_drop"
        CALLBACK_SIGNATURE = "callback_signature", "callback_signature"
        CALLBACK_CORPID = "callback_corpid", "callback_corpid"
        CALLBACK_PLAIN = "callback_plain", "callback_plain"
        CALLBACK_NO_WELCOME = "callback_no_welcome", "callback_no_welcome"
        NO_BRIDGE = "no_bridge", "no_bridge"
        OLD_CLIENT = "old_client", "old_client"
        NO_PERMISSION = "no_permission", "no_permission"
        DEAD_LINK = "dead_link", "dead_link"

    name = models.CharField(max_length=32, choices=Name)
    path = models.CharField(max_length=120, blank=True)  # a glob; empty: everything
    rate = models.FloatField(default=0)  # 0–1
    every = models.PositiveIntegerField(default=0)  # n: each n-th time instead of a rate
    after = models.PositiveIntegerField(default=0, db_default=0)  # so many times are spared first
    seconds = models.FloatField(default=0)  # how long latency and hang wait, shuffle delays
    seen = models.PositiveIntegerField(default=0)  # times that it could have happened
    hits = models.PositiveIntegerField(default=0)  # times that it did

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "path"], name="sandbox_one_fault"),
            models.CheckConstraint(
                condition=Q(rate__gt=0, rate__lte=1) | Q(every__gt=0), name="sandbox_fault_happens"
            ),
        ]


class CallLimit(models.Model):
    """A limit of one interface other than WeCom's own; null: WeCom's."""

    path = models.CharField(max_length=120, unique=True)  # empty: of each interface
    per_minute = models.PositiveIntegerField(null=True, blank=True)
    per_hour = models.PositiveIntegerField(null=True, blank=True)
    concurrent = models.PositiveIntegerField(null=True, blank=True)


class PostedScenario(models.Model):
    """The scenario that came as a document, so that a reset begins from it again."""

    document = models.JSONField()
