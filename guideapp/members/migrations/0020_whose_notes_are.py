import django.db.models.deletion
from django.db import migrations, models


def _owner() -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.SET_NULL,
        related_name="+",
        to="organisation.brand",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0019_contacts_by_activity"),
        ("organisation", "0005_hr_told_empty"),
    ]
    operations = [
        migrations.AddField(name, "owner", _owner())
        for name in ("observation", "preference", "importantdate")
    ]
