"""Words that content must not carry."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.organisation.models import Brand


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
