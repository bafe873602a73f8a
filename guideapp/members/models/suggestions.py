"""What a guide could do next for a customer."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.models import TimestampedModel
from guideapp.members.models.contacts import Contact
from guideapp.organisation.models import Guide


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
    first_shown_at = models.DateTimeField(null=True, blank=True)  # on a card
    decided_at = models.DateTimeField(null=True, blank=True)
    ordered_at = models.DateTimeField(null=True, blank=True)  # the first order within 7 days of it
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
            models.Index(
                fields=["first_shown_at"],
                condition=Q(first_shown_at__isnull=False),
                name="suggestions_shown",
            ),
        ]
