"""Mass messages (企业群发) and moments (客户朋友圈): tasks that members confirm themselves."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CampaignRules(models.Model):
    """How the played WeCom treats campaigns and groups; no row means the defaults."""

    class MassLimit(models.TextChoices):
        MONTH = "month", _("每月不超过当月天数")
        WEEK = "week", _("每周七条")
        DAY = "day", _("每天一条")

    mass_limit = models.CharField(max_length=8, choices=MassLimit, default=MassLimit.MONTH)
    dispatch_seconds = models.PositiveIntegerField(default=3)  # 41063 and 41079 so long
    moment_job_seconds = models.PositiveIntegerField(default=2)
    moment_jobs_max = models.PositiveIntegerField(default=100)  # running at once; 41078 above
    group_lag_seconds = models.PositiveIntegerField(default=0)  # groupchat/get behind its event
    group_size_max = models.PositiveIntegerField(default=200)  # a join way goes to the next then


class MassMessage(models.Model):
    """One mass message, of the company (through the API) or personal (made in the client)."""

    class ChatType(models.TextChoices):
        SINGLE = "single", _("客户")
        GROUP = "group", _("客户群")

    msgid = models.CharField(max_length=128, unique=True)
    slug = models.CharField(max_length=16)  # of the App that made it; '' for a personal one
    chat_type = models.CharField(max_length=8, choices=ChatType)
    creator = models.CharField(max_length=64, blank=True)  # userid of a personal one
    allow_select = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    attachments = models.JSONField(default=list)  # as they were sent
    bubbles = models.JSONField(default=list)  # [[msgtype, payload]] as the customer sees them
    reminders = models.JSONField(default=list)  # unix seconds
    created_at = models.DateTimeField(db_index=True)
    ready_at = models.DateTimeField()  # dispatched to the members
    cancelled_at = models.DateTimeField(null=True, blank=True)


class MassTask(models.Model):
    """The part of one member, pending until the member confirms it in the client."""

    message = models.ForeignKey(MassMessage, on_delete=models.CASCADE, related_name="tasks")
    user = models.ForeignKey("sandbox.User", on_delete=models.CASCADE, related_name="mass_tasks")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "user"], name="sandbox_one_mass_task")
        ]


class MassTarget(models.Model):
    """One customer or group of a task; `status` is WeCom's number."""

    class Status(models.IntegerChoices):
        PENDING = 0, _("未发送")
        SENT = 1, _("已发送")
        NO_FRIEND = 2, _("不是好友")
        OVER_LIMIT = 3, _("已收到其他群发")

    task = models.ForeignKey(MassTask, on_delete=models.CASCADE, related_name="targets")
    target = models.CharField(max_length=64)  # external_userid or chat_id
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.PENDING)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["target", "sent_at"], name="sandbox_mass_received")]


class Moment(models.Model):
    """One moment: a task of the company, or what a member published alone (`creator`)."""

    moment_id = models.CharField(max_length=64, unique=True)
    jobid = models.CharField(max_length=64, blank=True)
    slug = models.CharField(max_length=16)
    creator = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    attachments = models.JSONField(default=list)
    is_public = models.BooleanField(default=True)
    invalid = models.JSONField(default=dict)  # senders and tags that the job found unusable
    created_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField()  # of the job
    cancelled_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)


class MomentTask(models.Model):
    """The part of one member; `customers` are those chosen, fixed when published."""

    moment = models.ForeignKey(Moment, on_delete=models.CASCADE, related_name="tasks")
    user = models.ForeignKey("sandbox.User", on_delete=models.CASCADE, related_name="moment_tasks")
    customers = models.JSONField(default=list)  # external_userids
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["moment", "user"], name="sandbox_one_moment_task")
        ]


class MomentReaction(models.Model):
    """A like or a comment under one member's moment; WeCom never tells the words."""

    class Kind(models.TextChoices):
        LIKE = "like", _("赞")
        COMMENT = "comment", _("评论")

    task = models.ForeignKey(MomentTask, on_delete=models.CASCADE, related_name="reactions")
    kind = models.CharField(max_length=8, choices=Kind)
    person = models.CharField(max_length=64)  # external_userid or userid
    is_user = models.BooleanField(default=False)
    at = models.DateTimeField()
