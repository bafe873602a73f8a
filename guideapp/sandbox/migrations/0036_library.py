from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0035_campaigns")]

    operations = [
        migrations.CreateModel(
            name="GroupWelcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("template_id", models.CharField(max_length=64, unique=True)),
                ("slug", models.CharField(max_length=16)),
                ("content", models.JSONField()),
                ("notify", models.PositiveSmallIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="InterceptRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule_id", models.CharField(max_length=64, unique=True)),
                ("slug", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=20)),
                ("words", models.JSONField(default=list)),
                ("semantics", models.JSONField(default=list)),
                ("intercept_type", models.PositiveSmallIntegerField()),
                ("users", models.JSONField(default=list)),
                ("departments", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product_id", models.CharField(max_length=64, unique=True)),
                ("slug", models.CharField(max_length=16)),
                ("description", models.CharField(max_length=300)),
                ("price", models.PositiveIntegerField()),
                ("product_sn", models.CharField(blank=True, max_length=128)),
                ("attachments", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
    ]
