"""The WeCom side of a person, and which guides follow them."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.fields import EncryptedTextField
from guideapp.core.models import TimestampedModel
from guideapp.members.models.people import Member
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Guide, Role


class Contact(TimestampedModel):
    """The WeCom side of a person (外部联系人)."""

    external_userid = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=128)  # WeChat nickname
    avatar_url = models.URLField(max_length=300, blank=True)
    type = models.PositiveSmallIntegerField(default=1)  # 1 WeChat, 2 WeCom
    gender = models.PositiveSmallIntegerField(default=0)
    unionid = EncryptedTextField(blank=True)
    unionid_bidx = models.CharField(max_length=64, blank=True, db_index=True)
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="contacts"
    )
    synced_at = models.DateTimeField(null=True, blank=True)  # when the applied answer was asked for
    active_at = models.DateTimeField(null=True, blank=True)  # the last thing we saw TA do
    erased_at = models.DateTimeField(null=True, blank=True)  # a pseudonym since then

    class Meta:
        indexes = [
            models.Index(  # 看过
                fields=["-active_at", "-id"],
                condition=Q(active_at__isnull=False),
                name="contacts_by_activity",
            )
        ]


class FollowRelationQuerySet(models.QuerySet["FollowRelation"]):
    """Relations by standing and by reader."""

    def active(self) -> Self:
        """Still following."""
        return self.filter(ended_at=None)

    def visible_to(self, actor: Actor) -> Self:
        """Own customers, a store's, a region's: whatever the actor's roles reach."""
        return self.filter(actor.scope_q(guide="guide", store="guide__store"))

    def editable_by(self, actor: Actor) -> Self:
        """Relations whose tags and notes the actor may write: own ones, and a managed store's."""
        own = Q(guide=actor.guide) if actor.has(Role.GUIDE) else Q(pk__in=[])
        managed = [
            grant.store_id
            for grant in actor.grants
            if grant.role == Role.STORE_MANAGER and grant.store_id
        ]
        return self.filter(own | Q(guide__store__in=managed)) if managed else self.filter(own)

    def of_pair(self, userid: str, external_userid: str) -> Self:
        """The open relation of a guide's userid and a customer's external_userid."""
        return self.active().filter(
            guide__userid__iexact=userid, contact__external_userid=external_userid
        )


class FollowRelation(TimestampedModel):
    """One guide following one customer (添加关系), an entry of WeCom's `follow_user`.

    Rows are closed, never deleted: history must survive a customer who leaves.
    """

    class EndReason(models.TextChoices):
        BY_CUSTOMER = "by_customer", _("客户删除了导购")
        BY_GUIDE = "by_guide", _("导购删除了客户")
        HANDOVER = "handover", _("已交接")
        UNSEEN = "unseen", _("对账时已不在")
        ERASED = "erased", _("客户资料已删除")

    # Both keys have an index below that begins with them.
    guide = models.ForeignKey(
        Guide, on_delete=models.PROTECT, related_name="follows", db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="follows", db_index=False
    )
    remark = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=300, blank=True)
    add_way = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=64, blank=True)
    search_terms = models.TextField(blank=True)  # core.search over remark and name
    followed_at = models.DateTimeField()
    synced_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=12, choices=EndReason, blank=True)
    # What the list of customers is sorted by, kept by the rules of each night and after changes.
    birthday_on = models.DateField(null=True, blank=True)  # the next one
    last_sign_at = models.DateTimeField(
        null=True, blank=True
    )  # of TA: a view, an order, the adding
    year_fen = models.BigIntegerField(null=True, blank=True)  # at the guide's brand, 12 months

    objects = FollowRelationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["guide", "contact"], condition=Q(ended_at=None), name="one_active_follow"
            )
        ]
        indexes = [
            models.Index(fields=["guide", "followed_at"], name="follow_by_day"),  # homes, KPI
            models.Index(fields=["contact", "guide"], name="follow_of_contact"),
            models.Index(
                fields=["guide", "birthday_on", "id"],
                condition=Q(ended_at=None, birthday_on__isnull=False),
                name="follow_by_birthday",
            ),
            models.Index(
                fields=["guide", "-last_sign_at", "-id"],
                condition=Q(ended_at=None, last_sign_at__isnull=False),
                name="follow_by_sign",
            ),
            models.Index(
                fields=["guide", "-year_fen", "-id"],
                condition=Q(ended_at=None, year_fen__isnull=False),
                name="follow_by_value",
            ),
        ]

    @property
    def shown_name(self) -> str:
        """The guide's remark name, else the WeChat nickname."""
        return self.remark or self.contact.name
