from django.db import migrations, models


class Migration(migrations.Migration):
    """A client that was limited to brands stays limited when they are gone."""

    dependencies = [("integration", "0001_person_and_retailer")]

    operations = [
        migrations.AddField(
            model_name="apiclient",
            name="is_limited",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
