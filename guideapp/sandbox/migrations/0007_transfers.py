import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0006_acquisition")]

    operations = [
        migrations.CreateModel(
            name="GroupTransfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chat_id", models.CharField(max_length=64)),
                ("from_userid", models.CharField(max_length=64)),
                ("to_userid", models.CharField(max_length=64)),
                ("on_job", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("resigned", models.BooleanField()),
                ("message", models.CharField(blank=True, max_length=200)),
                (
                    "status",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "接替完毕"),
                            (2, "等待接替"),
                            (3, "客户拒绝"),
                            (4, "接替成员客户达到上限"),
                        ],
                        default=2,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("takeover_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="sandbox.customer"
                    ),
                ),
                (
                    "handover",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="handed_over",
                        to="sandbox.user",
                    ),
                ),
                (
                    "takeover",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taken_over",
                        to="sandbox.user",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("status", 2)),
                fields=["takeover_at"],
                name="sandbox_transfer_due",
            ),
        ),
    ]
