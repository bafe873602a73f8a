from django.db import migrations, models


class Migration(migrations.Migration):
    """A plan remembers whom it had to leave out, and why."""

    dependencies = [("organisation", "0002_person_and_retailer")]

    operations = [
        migrations.AddField(
            model_name="hrplan",
            name="held",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
