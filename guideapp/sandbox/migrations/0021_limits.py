"""Limits other than WeCom's own, and the scenario that was posted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0020_faults")]

    operations = [
        migrations.CreateModel(
            name="CallLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=120, unique=True)),
                ("per_minute", models.PositiveIntegerField(blank=True, null=True)),
                ("per_hour", models.PositiveIntegerField(blank=True, null=True)),
                ("concurrent", models.PositiveIntegerField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="PostedScenario",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("document", models.JSONField()),
            ],
        ),
    ]
