from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0002_apps_and_company")]

    operations = [
        migrations.CreateModel(
            name="BatchJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("job_id", models.CharField(max_length=64, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sync_user", "增量更新成员"),
                            ("replace_user", "全量覆盖成员"),
                            ("replace_party", "全量覆盖部门"),
                            ("invite_user", "邀请成员"),
                        ],
                        max_length=16,
                    ),
                ),
                ("content", models.TextField(blank=True)),
                ("callback", models.JSONField(default=dict)),
                ("total", models.PositiveIntegerField(default=0)),
                ("result", models.JSONField(default=list)),
                ("errcode", models.IntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="address",
            field=models.CharField(blank=True, max_length=128),
        ),
        migrations.AddField(
            model_name="user",
            name="biz_mail",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="user",
            name="customers_max",
            field=models.PositiveIntegerField(default=20000),
        ),
        migrations.AddField(
            model_name="user",
            name="direct_leaders",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="user",
            name="external_profile",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="user",
            name="is_creator",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="main_department",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="user",
            name="real_name",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="user",
            name="telephone",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="user",
            name="wechat_bound",
            field=models.BooleanField(default=True),
        ),
        migrations.CreateModel(
            name="MemberTag",
            fields=[
                ("id", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=32, unique=True)),
                ("slug", models.CharField(max_length=16)),
                ("departments", models.JSONField(default=list)),
                ("users", models.ManyToManyField(related_name="member_tags", to="sandbox.user")),
            ],
        ),
    ]
