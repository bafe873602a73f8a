"""What guides learn about a customer: notes, sizes and preferences, dates."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.members.models.contacts import Contact
from guideapp.members.models.people import Member
from guideapp.organisation.models import Brand, Guide


def _owner() -> models.ForeignKey[Brand | None, Brand | None]:
    """Whom the author worked for then: what was noted stays there when a guide moves."""
    return models.ForeignKey(
        Brand, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )


class Observation(models.Model):
    """A note that a guide wrote about a customer (跟进记录)."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="observations")
    author = models.ForeignKey(Guide, on_delete=models.PROTECT)
    owner = _owner()
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


class Preference(models.Model):
    """A size or a liking that a guide observed (尺码、偏好); a newer value closes the older row."""

    class Kind(models.TextChoices):
        TOP_SIZE = "top_size", _("上装尺码")
        BOTTOM_SIZE = "bottom_size", _("下装尺码")
        SHOE_SIZE = "shoe_size", _("鞋码")
        CATEGORY = "category", _("喜欢的品类")
        COLOUR = "colour", _("喜欢的颜色")
        STYLE = "style", _("风格")
        BUDGET = "budget", _("预算")
        AVOIDS = "avoids", _("不喜欢")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="preferences")
    kind = models.CharField(max_length=12, choices=Kind)
    value = models.CharField(max_length=30)
    author = models.ForeignKey(Guide, on_delete=models.PROTECT)
    owner = _owner()
    at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)  # still right, somebody said
    ended_at = models.DateTimeField(null=True, blank=True)
    nonce = models.CharField(max_length=36, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "author", "kind", "value"],
                condition=Q(ended_at=None),
                name="one_preference_an_author",
            )
        ]
        indexes = [models.Index(fields=["contact", "kind"], name="preferences_of_contact")]


class ImportantDate(models.Model):
    """A day of the year that matters to a customer (重要日子): birthday, wedding, …"""

    class Kind(models.TextChoices):
        BIRTHDAY = "birthday", _("生日")
        WEDDING = "wedding", _("婚礼")
        ANNIVERSARY = "anniversary", _("纪念日")
        CHILD_BIRTHDAY = "child", _("孩子生日")
        TRIP = "trip", _("出行")
        OTHER = "other", _("其他")

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, null=True, blank=True, related_name="dates"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="dates"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    label = models.CharField(max_length=20, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)  # of the first one
    month = models.PositiveSmallIntegerField()
    day = models.PositiveSmallIntegerField(null=True, blank=True)  # null: some time that month
    repeats = models.BooleanField(default=True)  # False: once, in `year`
    author = models.ForeignKey(Guide, on_delete=models.SET_NULL, null=True, blank=True)
    owner = _owner()
    source = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(member__isnull=False) | Q(contact__isnull=False),
                name="date_of_somebody",
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(kind="birthday", ended_at=None),
                name="one_birthday_a_member",
            ),
        ]
        indexes = [
            models.Index(fields=["month", "day"], condition=Q(ended_at=None), name="dates_due"),
            models.Index(fields=["contact"], name="dates_of_contact"),
        ]


class ForbiddenTopic(models.Model):
    """A word that may not be noted about a customer: health, religion, … (敏感个人信息)."""

    class Topic(models.TextChoices):
        HEALTH = "health", _("健康")
        RELIGION = "religion", _("宗教")
        POLITICS = "politics", _("政治")
        ETHNICITY = "ethnicity", _("民族")
        FINANCE = "finance", _("财务状况")
        INTIMACY = "intimacy", _("私生活")

    word = models.CharField(max_length=32, unique=True)
    topic = models.CharField(max_length=10, choices=Topic)
