"""One person: member, contact, who follows them, tags, notes, what happened, what to do next."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.fields import EncryptedTextField
from guideapp.core.models import AppendOnly, TimestampedModel
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Brand, Guide, Role, Store


class Member(TimestampedModel):
    """One person known to the retailer (会员). The sums are kept by `members.services`."""

    name = models.CharField(max_length=64, blank=True)
    phone = EncryptedTextField(blank=True)  # E.164
    phone_bidx = models.CharField(max_length=64, blank=True, db_index=True)
    unionid = EncryptedTextField(blank=True)
    unionid_bidx = models.CharField(max_length=64, blank=True, db_index=True)
    home_store = models.ForeignKey(Store, on_delete=models.SET_NULL, null=True, blank=True)
    spend_fen = models.BigIntegerField(default=0)  # since the first purchase
    year_spend_fen = models.BigIntegerField(default=0)  # the last 365 days, as of `year_as_of`
    year_orders = models.PositiveIntegerField(default=0)
    year_as_of = models.DateField(null=True, blank=True)
    last_purchase_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unionid_bidx"], condition=~Q(unionid_bidx=""), name="one_member_a_unionid"
            )
        ]


class MembershipCard(TimestampedModel):
    """A member's card of one brand (会员卡)."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="cards")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="cards")
    number = models.CharField(max_length=32, unique=True)
    level = models.CharField(max_length=20)  # as the retailer calls it: 金卡, 银卡, …
    points = models.IntegerField(default=0)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "brand"], name="one_card_a_brand")]


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

    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="follows")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="follows")
    remark = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=300, blank=True)
    add_way = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=64, blank=True)
    search_terms = models.TextField(blank=True)  # core.search over remark and name
    followed_at = models.DateTimeField()
    synced_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=12, choices=EndReason, blank=True)

    objects = FollowRelationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["guide", "contact"], condition=Q(ended_at=None), name="one_active_follow"
            )
        ]
        indexes = [
            models.Index(fields=["guide", "followed_at"], name="follow_by_day"),  # homes, KPI
            models.Index(fields=["contact"], name="followers_of"),
        ]

    @property
    def shown_name(self) -> str:
        """The guide's remark name, else the WeChat nickname."""
        return self.remark or self.contact.name


class TagGroup(models.Model):
    """A group of company tags (标签组)."""

    wecom_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=64)
    order = models.BigIntegerField(default=0)
    gone_at = models.DateTimeField(null=True, blank=True)


class Tag(models.Model):
    """A company tag (企业标签)."""

    wecom_id = models.CharField(max_length=64, unique=True)
    group = models.ForeignKey(TagGroup, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=64)
    order = models.BigIntegerField(default=0)
    gone_at = models.DateTimeField(null=True, blank=True)


class TagMark(models.Model):
    """A tag on a relation: who put it there and when. Removing it closes the row.

    Without `author` or `removed_by` it was WeCom that told us.
    """

    follow = models.ForeignKey(FollowRelation, on_delete=models.CASCADE, related_name="tag_marks")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="marks")
    author = models.ForeignKey(Guide, on_delete=models.SET_NULL, null=True, blank=True)
    marked_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        Guide, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["follow", "tag"], condition=Q(removed_at=None), name="one_mark_of_a_tag"
            )
        ]


class Observation(models.Model):
    """A note that a guide wrote about a customer (跟进记录)."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="observations")
    author = models.ForeignKey(Guide, on_delete=models.PROTECT)
    text = models.CharField(max_length=300)
    nonce = models.CharField(max_length=36, blank=True)  # of the form: two posts are one note
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["author", "nonce"], condition=~Q(nonce=""), name="one_note_a_form"
            )
        ]
        indexes = [models.Index(fields=["contact", "-at"], name="notes_of_contact")]


class TimelineEvent(AppendOnly):
    """Something that happened to a customer. A room registers a kind with its template.

    `key` is the business key of the fact, so that it is kept once however often it is told.
    """

    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=120, unique=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="events")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, related_name="events")
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, null=True)  # as of then
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True)  # as of then
    params = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["contact", "-at"], name="events_of_contact"),
            models.Index(fields=["member", "kind", "-at"], name="events_of_member"),
            models.Index(fields=["guide", "-at"], name="events_of_guide"),
        ]


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    """Suggestions that a card may show."""

    def showable(self, *, at: Any) -> Self:
        """Open at `at`: not done, dismissed, withdrawn, asleep or past."""
        return self.filter(state=Suggestion.State.OPEN, until__gt=at).filter(
            Q(snoozed_until=None) | Q(snoozed_until__lte=at)
        )


class Suggestion(TimestampedModel):
    """What a guide could do next for a customer (下一步), with the evidence and the rule."""

    class State(models.TextChoices):
        OPEN = "open", _("可做")
        DONE = "done", _("已做")
        DISMISSED = "dismissed", _("没用")
        WITHDRAWN = "withdrawn", _("已失效")

    rule = models.CharField(max_length=32)
    rule_version = models.PositiveSmallIntegerField()
    priority = models.PositiveSmallIntegerField()  # of the one table in members.suggestions
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="suggestions")
    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="suggestions")
    evidence = models.JSONField(default=dict)  # what the rule's sentence is made of, with dates
    earn_fen = models.PositiveIntegerField(null=True, blank=True)  # typed by HQ; null: unknown
    action_url = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    proposed_at = models.DateTimeField()
    until = models.DateTimeField()
    snoozed_until = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    messaged_at = models.DateTimeField(null=True, blank=True)  # the guide was told

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "contact", "guide"],
                condition=Q(state="open"),
                name="one_open_suggestion_of_a_rule",
            )
        ]
        indexes = [
            models.Index(
                fields=["guide", "contact", "priority"],
                condition=Q(state="open"),
                name="open_suggestions",
            ),
            models.Index(fields=["guide", "messaged_at"], name="told_to_guide"),
        ]
