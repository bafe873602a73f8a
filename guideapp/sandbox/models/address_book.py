"""What belongs to the address book beside members and departments."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MemberTag(models.Model):
    """A tag of members (通讯录标签), not of customers. The primary key is WeCom's tagid."""

    id = models.PositiveIntegerField(primary_key=True)
    name = models.CharField(max_length=32, unique=True)
    slug = models.CharField(max_length=16)  # of the App that made it and alone may change it
    users = models.ManyToManyField("sandbox.User", related_name="member_tags")
    departments = models.JSONField(default=list)


class BatchJob(models.Model):
    """An import of a CSV file (异步导入), done when its time has come."""

    class Kind(models.TextChoices):
        SYNC_USER = "sync_user", _("增量更新成员")
        REPLACE_USER = "replace_user", _("全量覆盖成员")
        REPLACE_PARTY = "replace_party", _("全量覆盖部门")
        INVITE_USER = "invite_user", _("邀请成员")

    job_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=Kind)
    content = models.TextField(blank=True)  # of the file
    callback = models.JSONField(default=dict)  # url, token, encodingaeskey; empty: nobody is told
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=list)
    errcode = models.IntegerField(default=0)  # of the whole job
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
