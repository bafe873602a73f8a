import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0008_rule_groups")]

    operations = [
        migrations.AddField(
            model_name="follow",
            name="wechat_channels",
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("apply", "发起申请"),
                            ("contact", "新增客户"),
                            ("negative", "被删除或拉黑"),
                        ],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="activities",
                        to="sandbox.user",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "at"], name="sandbox_by_user")],
            },
        ),
    ]
