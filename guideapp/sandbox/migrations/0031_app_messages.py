import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0030_uploads")]

    operations = [
        migrations.AddField(
            model_name="appmessage",
            name="cards",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="appmessage",
            name="recalled_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="appmessage",
            name="slug",
            field=models.CharField(default="app", max_length=16),
        ),
        migrations.CreateModel(
            name="CardCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=128, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="card_codes",
                        to="sandbox.appmessage",
                    ),
                ),
            ],
        ),
    ]
