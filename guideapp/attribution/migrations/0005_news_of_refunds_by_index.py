"""What other systems ask for since a moment (/api/v1/) is found by index."""

from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("attribution", "0004_refunds_have_a_clock")]

    operations = [
        AddIndexUnderLoad(
            model_name="refund",
            index=models.Index(fields=["created_at", "id"], name="refunds_by_news"),
        ),
    ]
