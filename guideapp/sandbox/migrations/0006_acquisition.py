import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0005_contact_ways")]

    operations = [
        migrations.CreateModel(
            name="AcquisitionLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("link_id", models.CharField(max_length=64, unique=True)),
                ("slug", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=30)),
                ("url", models.CharField(max_length=200)),
                ("users", models.JSONField(default=list)),
                ("departments", models.JSONField(default=list)),
                ("skip_verify", models.BooleanField(default=True)),
                ("mark_source", models.BooleanField(default=True)),
                ("priority", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                ("is_available", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="AcquisitionQuota",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bought", models.PositiveIntegerField()),
                ("balance", models.PositiveIntegerField()),
                ("expires_on", models.DateField()),
                ("told_days", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="LinkClick",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="sandbox.customer"
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clicks",
                        to="sandbox.acquisitionlink",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LinkCustomer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(blank=True, max_length=64)),
                (
                    "chat_status",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "未开口"), (1, "已开口"), (2, "不详")], default=0
                    ),
                ),
                ("messages", models.PositiveIntegerField(default=0)),
                ("added_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="sandbox.customer"
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="customers",
                        to="sandbox.acquisitionlink",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="sandbox.user"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChatKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=128, unique=True)),
                ("messages", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField()),
                (
                    "brought",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chat_keys",
                        to="sandbox.linkcustomer",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="linkcustomer",
            constraint=models.UniqueConstraint(
                fields=("link", "user", "customer"), name="sandbox_one_link_customer"
            ),
        ),
    ]
