"""Indexes of the segments of a guide's customers, and of what was suggested when."""

from django.db import migrations, models
from django.db.models import Q

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("members", "0007_what_customers_are_listed_by")]

    operations = [
        AddIndexUnderLoad(
            model_name="followrelation",
            index=models.Index(
                fields=["guide", "birthday_on", "id"],
                condition=Q(ended_at=None, birthday_on__isnull=False),
                name="follow_by_birthday",
            ),
        ),
        AddIndexUnderLoad(
            model_name="followrelation",
            index=models.Index(
                fields=["guide", "-last_sign_at", "-id"],
                condition=Q(ended_at=None, last_sign_at__isnull=False),
                name="follow_by_sign",
            ),
        ),
        AddIndexUnderLoad(
            model_name="followrelation",
            index=models.Index(
                fields=["guide", "-year_fen", "-id"],
                condition=Q(ended_at=None, year_fen__isnull=False),
                name="follow_by_value",
            ),
        ),
        AddIndexUnderLoad(
            model_name="suggestion",
            index=models.Index(
                fields=["first_shown_at"],
                condition=Q(first_shown_at__isnull=False),
                name="suggestions_shown",
            ),
        ),
    ]
