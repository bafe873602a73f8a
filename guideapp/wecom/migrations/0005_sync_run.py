from django.db import migrations, models


class Migration(migrations.Migration):
    """The last runs of each reading of WeCom, for the operator's page."""

    dependencies = [("wecom", "0004_inbox_dead")]

    operations = [
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reading", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "在读"), ("done", "读完"), ("cut", "断了")],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("report", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["reading", "started_at"], name="one_run_of_a_reading"
                    )
                ]
            },
        ),
    ]
