import django.db.models.deletion
from django.db import migrations, models

import guideapp.core.fields


class Migration(migrations.Migration):
    """Refused records of a source are kept for another try."""

    dependencies = [("integration", "0003_clients_with_brands_are_limited")]

    operations = [
        migrations.CreateModel(
            name="KeptRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("record", guideapp.core.fields.EncryptedTextField()),
                ("code", models.CharField(max_length=40)),
                ("kept_at", models.DateTimeField(db_index=True)),
                ("tried_at", models.DateTimeField()),
                (
                    "state",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept",
                        to="integration.connectorstate",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state", "tried_at"], name="kept_records_due")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("state", "digest"), name="one_kept_record_a_state"
                    )
                ],
            },
        ),
    ]
