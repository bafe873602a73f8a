from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0007_transfers")]

    operations = [
        migrations.CreateModel(
            name="PendingId",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pending_id", models.CharField(max_length=64, unique=True)),
                ("unionid", models.CharField(max_length=64)),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Strategy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("parent_id", models.PositiveIntegerField(default=0)),
                ("name", models.CharField(max_length=64)),
                ("admins", models.JSONField(default=list)),
                ("privilege", models.JSONField(default=dict)),
                ("range", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="corptag",
            name="slug",
            field=models.CharField(default="app", max_length=16),
        ),
        migrations.AddField(
            model_name="corptaggroup",
            name="slug",
            field=models.CharField(default="app", max_length=16),
        ),
        migrations.AddField(
            model_name="corptaggroup",
            name="strategy_id",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
