from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0003_members")]

    operations = [
        migrations.CreateModel(
            name="UserTicket",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ticket", models.CharField(max_length=512, unique=True)),
                ("userid", models.CharField(max_length=64)),
                ("shared", models.JSONField(default=list)),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="oauthcode",
            name="shared",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="oauthcode",
            name="slug",
            field=models.CharField(default="app", max_length=16),
        ),
    ]
