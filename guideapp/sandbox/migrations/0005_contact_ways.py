import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0004_oauth_consent")]

    operations = [
        migrations.CreateModel(
            name="ContactWay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("config_id", models.CharField(max_length=32, unique=True)),
                ("slug", models.CharField(max_length=16)),
                ("type", models.PositiveSmallIntegerField()),
                ("scene", models.PositiveSmallIntegerField()),
                ("style", models.PositiveSmallIntegerField(default=0)),
                ("remark", models.CharField(blank=True, max_length=30)),
                ("skip_verify", models.BooleanField(default=True)),
                ("state", models.CharField(blank=True, max_length=30)),
                ("users", models.JSONField(default=list)),
                ("departments", models.JSONField(default=list)),
                ("is_temp", models.BooleanField(default=False)),
                ("expires_in", models.PositiveIntegerField(default=0)),
                ("chat_expires_in", models.PositiveIntegerField(default=0)),
                ("unionid", models.CharField(blank=True, max_length=64)),
                ("is_exclusive", models.BooleanField(default=False)),
                ("mark_source", models.BooleanField(default=True)),
                ("conclusions", models.JSONField(default=dict)),
                ("qr_code", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="WayScan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "follow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scans",
                        to="sandbox.follow",
                    ),
                ),
                (
                    "way",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scans",
                        to="sandbox.contactway",
                    ),
                ),
            ],
        ),
    ]
