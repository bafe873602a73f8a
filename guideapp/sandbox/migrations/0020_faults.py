"""Faults that are turned on by the control address, and what met one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sandbox", "0037_drop_group_member_list"),
    ]

    operations = [
        migrations.AddField(
            model_name="callback",
            name="fault",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="wirelog",
            name="fault",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.CreateModel(
            name="Fault",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("latency", "latency"),
                            ("hang", "hang"),
                            ("-1", "-1"),
                            ("45009", "45009"),
                            ("45033", "45033"),
                            ("42001", "42001"),
                            ("40014", "40014"),
                            ("40001", "40001"),
                            ("html", "html"),
                            ("truncated", "truncated"),
                            ("reset", "reset"),
                            ("callback_duplicate", "callback_duplicate"),
                            ("callback_shuffle", "callback_shuffle"),
                            ("callback_drop", "callback_drop"),
                            ("callback_signature", "callback_signature"),
                            ("callback_corpid", "callback_corpid"),
                            ("callback_plain", "callback_plain"),
                            ("callback_no_welcome", "callback_no_welcome"),
                            ("no_bridge", "no_bridge"),
                            ("old_client", "old_client"),
                            ("no_permission", "no_permission"),
                            ("dead_link", "dead_link"),
                        ],
                        max_length=32,
                    ),
                ),
                ("path", models.CharField(blank=True, max_length=120)),
                ("rate", models.FloatField(default=0)),
                ("every", models.PositiveIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("seen", models.PositiveIntegerField(default=0)),
                ("hits", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name", "path"), name="sandbox_one_fault"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rate__gt", 0), ("rate__lte", 1)),
                            ("every__gt", 0),
                            _connector="OR",
                        ),
                        name="sandbox_fault_happens",
                    ),
                ],
            },
        ),
    ]
