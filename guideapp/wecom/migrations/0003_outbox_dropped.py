from django.db import migrations, models


class Migration(migrations.Migration):
    """A person may drop a call of the outbox: one more state, no change of the table."""

    dependencies = [("wecom", "0002_call_budget")]

    operations = [
        migrations.AlterField(
            model_name="outboxcall",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "等待"),
                    ("sending", "发送中"),
                    ("done", "已发出"),
                    ("failed", "失败"),
                    ("uncertain", "不确定"),
                    ("dropped", "作废"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
    ]
