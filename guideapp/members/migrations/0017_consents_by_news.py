"""What other systems ask for since a moment (/api/v1/consents/) is found by index."""

from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("members", "0016_consents_have_a_source")]

    operations = [
        AddIndexUnderLoad(
            model_name="consent",
            index=models.Index(fields=["updated_at", "id"], name="consents_by_news"),
        ),
    ]
