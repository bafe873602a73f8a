from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0031_app_messages")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="console_welcome",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="welcomecode",
            name="held_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="welcomecode",
            name="hold_fails",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="chatmessage",
            name="source",
            field=models.CharField(
                choices=[
                    ("typed", "打字"),
                    ("sidebar", "侧边栏发送"),
                    ("welcome", "欢迎语"),
                    ("mass", "群发"),
                    ("note", "提示"),
                ],
                max_length=8,
            ),
        ),
    ]
