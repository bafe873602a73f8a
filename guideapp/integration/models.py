"""Other systems: who may call us, what they sent, and what we fetched from them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.fields import EncryptedTextField
from guideapp.core.models import TimestampedModel
from guideapp.organisation.models import Brand


class ApiClient(TimestampedModel):
    """A system that may call /api/v1/ (接口客户端). Its secret is shown once and kept as a hash."""

    name = models.CharField(max_length=40, unique=True)  # also the `source` of what it sends
    key_id = models.CharField(max_length=16, unique=True)  # the readable first half of the secret
    secret_hash = models.CharField(max_length=64)  # sha256 hex
    scopes = models.JSONField(default=list)  # "members:write", "orders:read", …
    brands = models.ManyToManyField(Brand, blank=True)
    is_limited = models.BooleanField(  # to `brands`; else every brand
        default=False, db_default=False
    )
    created_by = models.CharField(max_length=64)  # userid
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    calls = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)  # answers of 4xx and 5xx
    failed_items = models.PositiveBigIntegerField(default=0)  # of bulk calls


class IdempotentCall(models.Model):
    """A POST that carried an Idempotency-Key, and the answer that it gets ever after."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE)
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)  # sha256 hex of method, path and body
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # null: still running
    answer = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="one_call_a_key")]


class ImportRun(TimestampedModel):
    """A file that somebody imports (文件导入): tried first, then for good; resumable by `row`."""

    class State(models.TextChoices):
        WAITING = "waiting", _("等待")
        RUNNING = "running", _("进行中")
        CHECKED = "checked", _("已检查")
        DONE = "done", _("完成")
        FAILED = "failed", _("没读成")

    resource = models.CharField(max_length=20)
    file = models.FileField(upload_to="imports/")
    name = models.CharField(max_length=120)  # as uploaded
    is_dry = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    rows = models.PositiveIntegerField(default=0)
    row = models.PositiveIntegerField(default=0)  # how many are done
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)  # why the file itself was refused
    started_by = models.CharField(max_length=64)  # userid
    finished_at = models.DateTimeField(null=True, blank=True)


class ImportFinding(models.Model):
    """What was wrong with one row of a file, in the words of its reader."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="findings")
    row = models.PositiveIntegerField()  # as the spreadsheet counts
    field = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["run", "row"], name="findings_of_run")]


class ConnectorState(TimestampedModel):
    """Where the reading of one source stands (拉取): cursor, last answer, last error."""

    name = models.CharField(max_length=40)
    resource = models.CharField(max_length=20)
    cursor = models.CharField(max_length=200, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)  # everything before is with us
    tried_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)  # null: the last try went well
    error = models.CharField(max_length=200, blank=True)
    refused = models.PositiveIntegerField(default=0, db_default=0)  # for good: no try can help

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "resource"], name="one_state_a_source")
        ]
        indexes = [models.Index(fields=["name"], condition=~Q(error=""), name="sources_down")]


class KeptRecord(models.Model):
    """A record of a source that was refused (没写进): tried again until it is taken."""

    state = models.ForeignKey(ConnectorState, on_delete=models.CASCADE, related_name="kept")
    digest = models.CharField(max_length=64)  # core.fields.blind_index of the record
    record = EncryptedTextField()  # JSON, as the source sent it
    # blind_index of every name in it; '': was never noted
    names = models.TextField(blank=True, default="", db_default="")
    code = models.CharField(max_length=40)  # why it was refused the last time
    kept_at = models.DateTimeField(db_index=True)
    tried_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state", "digest"], name="one_kept_record_a_state")
        ]
        indexes = [models.Index(fields=["state", "tried_at"], name="kept_records_due")]
