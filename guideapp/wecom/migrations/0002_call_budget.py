from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("wecom", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="CallBudget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=100, unique=True)),
                ("minute", models.IntegerField(default=0)),
                ("minute_used", models.PositiveIntegerField(default=0)),
                ("hour", models.IntegerField(default=0)),
                ("hour_used", models.PositiveIntegerField(default=0)),
            ],
        ),
    ]
