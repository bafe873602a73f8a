"""Words that content must not carry, and how often a customer is contacted."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.members.models import Contact
from guideapp.organisation.models import Brand, Guide


class SensitiveWord(models.Model):
    """A word that text may not contain (敏感词); without a brand it counts for all.

    Rows are changed by `compliance.services` alone, which tells every process to read them anew.
    """

    class Category(models.TextChoices):
        ABSOLUTE_CLAIM = "absolute_claim", _("绝对化用语")
        GAMBLING = "gambling", _("赌博")
        DRUGS = "drugs", _("毒品")
        MEDICAL = "medical", _("医疗功效")
        POLITICS = "politics", _("政治")
        OTHER = "other", _("其他")

    word = models.CharField(max_length=32)
    category = models.CharField(max_length=16, choices=Category)
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["word"], condition=Q(brand=None), name="one_general_word"
            ),
            models.UniqueConstraint(
                fields=["word", "brand"],
                condition=Q(brand__isnull=False),
                name="one_word_a_brand",
            ),
        ]


class WordListEdition(models.Model):
    """The one row that changes whenever a word does: prepared searchers compare it and reload."""

    edition = models.CharField(max_length=32)  # random, so that none is ever seen twice


class ContactSlot(models.Model):
    """One of the contacts that a customer may get on a day, taken by a guide or a campaign.

    Slots are numbered 1, 2, … a day, so that the database itself keeps the cap: of two who want
    the same number only one can insert it. `key` names what was sent, and takes one slot however
    often it is told. The row is deleted when nothing was sent after all.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="contact_slots")
    day = models.DateField()  # Shanghai
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)  # share, coupon, campaign, …
    key = models.CharField(max_length=64)
    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "day", "number"], name="one_slot_a_number"),
            models.UniqueConstraint(fields=["key"], name="one_slot_a_key"),
        ]
