"""What other systems ask for since a moment (/api/v1/) is found by index."""

from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("catalogue", "0002_person_and_retailer")]

    operations = [
        AddIndexUnderLoad(
            model_name="product",
            index=models.Index(fields=["updated_at", "id"], name="products_by_news"),
        ),
        AddIndexUnderLoad(
            model_name="sku",
            index=models.Index(fields=["updated_at", "id"], name="skus_by_news"),
        ),
    ]
