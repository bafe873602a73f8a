"""Tags: the company's, a guide's own, and those that a rule sets."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.models import TimestampedModel
from guideapp.members.models.contacts import FollowRelation
from guideapp.organisation.models import Guide


class TagGroup(models.Model):
    """A group of tags (标签组): WeCom's, or one of our own where `wecom_id` is null."""

    class Kind(models.TextChoices):
        COMPANY = "company", _("企业标签")
        AUTOMATIC = "automatic", _("自动标签")
        PERSONAL = "personal", _("个人标签")

    class Setter(models.TextChoices):
        GUIDES = "guides", _("导购")
        MANAGERS = "managers", _("店长")
        NOBODY = "nobody", _("只由系统或总部设置")

    # Null, not '': many have none, and the others are upserted by it.
    wecom_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    kind = models.CharField(
        max_length=10, choices=Kind, default=Kind.COMPANY, db_default=Kind.COMPANY
    )
    name = models.CharField(max_length=64)
    order = models.BigIntegerField(default=0)
    set_by = models.CharField(
        max_length=8, choices=Setter, default=Setter.GUIDES, db_default=Setter.GUIDES
    )
    seen_by_guides = models.BooleanField(default=True, db_default=True)  # False: managers and above
    stale_after_days = models.PositiveSmallIntegerField(null=True, blank=True)  # null: never
    gone_at = models.DateTimeField(null=True, blank=True)


class Tag(models.Model):
    """A tag (标签). `wecom_id` is null where WeCom does not know it; `owner` has personal ones."""

    # Null, not '': many have none, and the others are upserted by it.
    wecom_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    group = models.ForeignKey(TagGroup, on_delete=models.CASCADE, related_name="tags")
    owner = models.ForeignKey(
        Guide, on_delete=models.CASCADE, null=True, blank=True, related_name="own_tags"
    )
    name = models.CharField(max_length=64)
    order = models.BigIntegerField(default=0)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(owner__isnull=False, gone_at=None),
                name="one_own_tag_a_name",
            ),
        ]


class TagRule(TimestampedModel):
    """A rule of headquarters that sets a tag by itself (自动标签), e.g. 近期看大衣."""

    class Trigger(models.TextChoices):
        VIEWED_CATEGORY = "viewed", _("看过某类素材")
        ACTIVE_HOUR = "hour", _("常在某个时段活跃")
        BOUGHT_CATEGORY = "bought", _("买过某类商品")
        SPENT = "spent", _("近一年消费达到")

    tag = models.OneToOneField(Tag, on_delete=models.CASCADE, related_name="rule")
    trigger = models.CharField(max_length=8, choices=Trigger)
    params = models.JSONField(default=dict)  # category, times, days, hour, amount_fen
    version = models.PositiveSmallIntegerField(default=1)  # raised when trigger or params change
    is_active = models.BooleanField(default=True)


class TagMark(models.Model):
    """A tag on a relation: who put it there and when. Removing it closes the row.

    Without `author` or `removed_by` it was WeCom that told us, or a rule (`evidence`).
    """

    follow = models.ForeignKey(FollowRelation, on_delete=models.CASCADE, related_name="tag_marks")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="marks")
    author = models.ForeignKey(Guide, on_delete=models.SET_NULL, null=True, blank=True)
    marked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)  # still right, somebody said
    evidence = models.JSONField(null=True, blank=True)  # of a rule: version, counts, dates
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


class BulkTagging(TimestampedModel):
    """One tag for many customers (批量打标签): a job works through it; a stopped one goes on."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="bulk_taggings")
    follow_ids = models.JSONField(default=list)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)  # how far in `follow_ids`
    marked = models.PositiveIntegerField(default=0)  # had no such tag before
    refused = models.PositiveIntegerField(default=0)  # no longer theirs, or the tag is gone
    finished_at = models.DateTimeField(null=True, blank=True)
