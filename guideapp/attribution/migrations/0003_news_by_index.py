"""What other systems ask for since a moment (/api/v1/) is found by index."""

from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("attribution", "0002_person_and_retailer")]

    operations = [
        AddIndexUnderLoad(
            model_name="order",
            index=models.Index(fields=["updated_at", "id"], name="orders_by_news"),
        ),
    ]
