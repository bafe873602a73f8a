"""Customer groups (客户群), who sits in them, and the codes by which people join."""

from typing import Self

from django.db import models
from django.db.models import Q

from guideapp.core.clock import now


class GroupChatQuerySet(models.QuerySet["GroupChat"]):
    """Groups that are still there."""

    def standing(self) -> Self:
        """Not dismissed."""
        return self.filter(dismissed_at=None)


class GroupChat(models.Model):
    """A customer group. `before` is what groupchat/get goes on saying until `settles_at`."""

    chat_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=64)
    owner = models.ForeignKey("sandbox.User", on_delete=models.CASCADE, related_name="groups")
    notice = models.CharField(max_length=2000, blank=True)
    status = models.PositiveSmallIntegerField(default=0)  # 1 owner left, 2 inheriting, 3 inherited
    opengid = models.CharField(max_length=64, blank=True)  # what a mini program opened here gets
    version = models.CharField(max_length=64, blank=True)  # member_version; '' before any change
    created_at = models.DateTimeField(default=now)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(null=True, blank=True)
    settles_at = models.DateTimeField(null=True, blank=True)

    objects = GroupChatQuerySet.as_manager()


class GroupMemberQuerySet(models.QuerySet["GroupMember"]):
    """People of groups."""

    def present(self) -> Self:
        """Still in the group."""
        return self.filter(left_at=None)


class GroupMember(models.Model):
    """One stay of a person in a group: a member of the company or somebody outside."""

    class Scene(models.IntegerChoices):
        INVITED = 1
        LINK = 2
        QR = 3

    group = models.ForeignKey(GroupChat, on_delete=models.CASCADE, related_name="stays")
    person = models.CharField(max_length=64)  # userid or external_userid
    is_user = models.BooleanField()
    is_admin = models.BooleanField(default=False)
    scene = models.PositiveSmallIntegerField(choices=Scene, default=Scene.INVITED)
    state = models.CharField(max_length=30, blank=True)  # of the join way
    invitor = models.CharField(max_length=64, blank=True)  # userid, when one of ours invited
    nickname = models.CharField(max_length=64, blank=True)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    objects = GroupMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "person"], condition=Q(left_at=None), name="sandbox_one_stay"
            )
        ]


class JoinWay(models.Model):
    """A code or a button (加入群聊) of one app that leads into the first group with room."""

    config_id = models.CharField(max_length=64, unique=True)
    slug = models.CharField(max_length=16)
    scene = models.PositiveSmallIntegerField()  # 1 button in a mini program, 2 QR code
    remark = models.CharField(max_length=30, blank=True)
    auto_create_room = models.PositiveSmallIntegerField(default=1)
    room_base_name = models.CharField(max_length=40, blank=True)
    room_base_id = models.PositiveIntegerField(default=0)
    chat_ids = models.JSONField(default=list)
    state = models.CharField(max_length=30, blank=True)
    mark_source = models.BooleanField(default=True)
    rooms_made = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
