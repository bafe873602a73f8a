from django.db import migrations, models


class Migration(migrations.Migration):
    """An erasure finds kept records by name; what is refused for good is counted."""

    dependencies = [("integration", "0004_kept_records")]

    operations = [
        migrations.AddField(
            model_name="keptrecord",
            name="names",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="connectorstate",
            name="refused",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
