"""What WeCom told us (inbox), what we owe it (outbox), what we asked (ledger), and its keys."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.core.fields import EncryptedTextField
from guideapp.core.models import TimestampedModel


class CallbackEvent(models.Model):
    """One event of the inbox. `event["UserID"]` reads an element of the decrypted XML, or ''."""

    class State(models.TextChoices):
        PENDING = "pending", _("待处理")
        DONE = "done", _("已处理")
        IGNORED = "ignored", _("没有处理程序")
        DEAD = "dead", _("放弃")

    corp_id = models.CharField(max_length=64)
    agent_id = models.CharField(max_length=16, blank=True)
    digest = models.CharField(max_length=64)  # sha256 of the decrypted XML, hex
    event = models.CharField(max_length=64)
    change_type = models.CharField(max_length=64, blank=True)
    fields = models.JSONField(default=dict)  # element name → text; WelcomeCode is dropped when used
    created_at = models.DateTimeField()  # CreateTime of the envelope: whole seconds
    received_at = models.DateTimeField(db_index=True)
    deliveries = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    handled_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["corp_id", "agent_id", "digest"], name="one_event_once")
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(state="pending"), name="inbox_waiting"
            ),
            models.Index(fields=["received_at"], condition=Q(state="dead"), name="inbox_dead"),
        ]

    def __getitem__(self, name: str) -> str:
        """The text of element `name`, or '' where WeCom left it out."""
        return str(self.fields.get(name, ""))


class OutboxCall(models.Model):
    """One call that we owe WeCom, written in the transaction that made it due.

    `key` is the business key: the same effect asked for twice is one row. A call that must not be
    repeated blindly (`idempotent` false) is `sending` before it goes out and `uncertain` after a
    crash in between. A person may have it sent again, or drop it for good.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("等待")
        SENDING = "sending", _("发送中")
        DONE = "done", _("已发出")
        FAILED = "failed", _("失败")
        UNCERTAIN = "uncertain", _("不确定")
        DROPPED = "dropped", _("作废")

    kind = models.CharField(max_length=64)  # a name registered with wecom.outbox.call
    key = models.CharField(max_length=200, unique=True)
    payload = models.JSONField()
    lane = models.CharField(max_length=16)
    idempotent = models.BooleanField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)  # not sent after this moment
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    errcode = models.IntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    answer = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["waiting", "sending", "uncertain", "failed"]),
                name="outbox_open",
            )
        ]


class ApiCall(models.Model):
    """One HTTP call to WeCom, each attempt its own row. Never a token, never a body."""

    at = models.DateTimeField(db_index=True)
    path = models.CharField(max_length=100)
    errcode = models.IntegerField(null=True)  # null: no answer that could be read
    failure = models.CharField(max_length=32, blank=True)  # timeout, connection, html, …
    duration_ms = models.PositiveIntegerField()
    attempt = models.PositiveSmallIntegerField(default=1)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        indexes = [models.Index(fields=["path", "at"], name="calls_of_path")]


class CallBudget(models.Model):
    """How many calls of one interface all processes have reserved in the latest windows.

    `wecom.budget` writes it by one conditional statement, so that no two processes overdraw it.
    """

    path = models.CharField(max_length=100, unique=True)
    minute = models.IntegerField(default=0)  # minutes since 1970
    minute_used = models.PositiveIntegerField(default=0)
    hour = models.IntegerField(default=0)  # hours since 1970
    hour_used = models.PositiveIntegerField(default=0)


class Credential(TimestampedModel):
    """The access token or one of the two tickets of an app, shared by all processes.

    `generation` rises with each refresh, so that an old answer never replaces a newer one;
    `lease_until` lets one process refresh while the others go on with the old value.
    """

    class Kind(models.TextChoices):
        ACCESS_TOKEN = "access_token", "access_token"  # noqa: S105 -- a name, not a secret
        CORP_TICKET = "corp_ticket", "jsapi_ticket"
        APP_TICKET = "app_ticket", "agent_config"

    corp_id = models.CharField(max_length=64)
    agent_id = models.IntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    value = EncryptedTextField(blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    generation = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["corp_id", "agent_id", "kind"], name="one_credential_of_a_kind"
            )
        ]


class MediaAssetQuerySet(models.QuerySet["MediaAsset"]):
    """Uploads that a message may still name."""

    def fresh(self, *, at: datetime | None = None) -> Self:
        """Usable for a message sent at `at` (default now)."""
        return self.filter(expires_at__gt=at or now())


class MediaAsset(TimestampedModel):
    """A temporary upload (临时素材): one file of ours under the media_id WeCom gave it."""

    kind = models.CharField(max_length=8)  # image, video, file
    sha256 = models.CharField(max_length=64)  # of the bytes
    media_id = models.CharField(max_length=256)
    expires_at = models.DateTimeField()  # 2.5 days after the upload; WeCom keeps it for 3

    objects = MediaAssetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "sha256"], name="one_upload_per_file")
        ]


class SyncCursor(models.Model):
    """How far a resumable reading of WeCom has come; `name` is the reading, e.g. customers.

    Its present run is kept as a SyncRun whenever it is saved.
    """

    CHECK = "wecom.check"  # holds the last set-up check, which is no reading

    name = models.CharField(max_length=64, unique=True)
    cursor = models.CharField(max_length=512, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=dict, blank=True)

    def save(self, **kwargs: Any) -> None:
        """Write, and keep the run."""
        super().save(**kwargs)
        if self.started_at is not None and self.name != self.CHECK:
            SyncRun.keep(self)


class SyncRun(models.Model):
    """One run of a reading of WeCom, for the operator's page; kept for a month."""

    class State(models.TextChoices):
        RUNNING = "running", _("在读")
        DONE = "done", _("读完")
        CUT = "cut", _("断了")

    reading = models.CharField(max_length=64)  # SyncCursor.name
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reading", "started_at"], name="one_run_of_a_reading")
        ]

    @classmethod
    def keep(cls, cursor: SyncCursor) -> None:
        """The run that the cursor is in; one that it left unfinished before was cut off.

        One statement for a run that goes on: a large reading saves its cursor thousands of times.
        """
        present = {
            "state": cls.State.DONE if cursor.finished_at else cls.State.RUNNING,
            "finished_at": cursor.finished_at,
            "report": cursor.report,
        }
        of_reading = cls.objects.filter(reading=cursor.name)
        if of_reading.filter(started_at=cursor.started_at).update(**present):
            return
        of_reading.filter(state=cls.State.RUNNING).update(state=cls.State.CUT)
        cls.objects.update_or_create(
            reading=cursor.name, started_at=cursor.started_at, defaults=present
        )
