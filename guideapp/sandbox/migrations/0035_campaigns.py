import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0034_group_members")]

    operations = [
        migrations.CreateModel(
            name="CampaignRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "mass_limit",
                    models.CharField(
                        choices=[
                            ("month", "每月不超过当月天数"),
                            ("week", "每周七条"),
                            ("day", "每天一条"),
                        ],
                        default="month",
                        max_length=8,
                    ),
                ),
                ("dispatch_seconds", models.PositiveIntegerField(default=3)),
                ("moment_job_seconds", models.PositiveIntegerField(default=2)),
                ("moment_jobs_max", models.PositiveIntegerField(default=100)),
                ("group_lag_seconds", models.PositiveIntegerField(default=0)),
                ("group_size_max", models.PositiveIntegerField(default=200)),
            ],
        ),
        migrations.CreateModel(
            name="MassMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("msgid", models.CharField(max_length=128, unique=True)),
                ("slug", models.CharField(max_length=16)),
                (
                    "chat_type",
                    models.CharField(
                        choices=[("single", "客户"), ("group", "客户群")], max_length=8
                    ),
                ),
                ("creator", models.CharField(blank=True, max_length=64)),
                ("allow_select", models.BooleanField(default=False)),
                ("text", models.TextField(blank=True)),
                ("attachments", models.JSONField(default=list)),
                ("bubbles", models.JSONField(default=list)),
                ("reminders", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(db_index=True)),
                ("ready_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Moment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("moment_id", models.CharField(max_length=64, unique=True)),
                ("jobid", models.CharField(blank=True, max_length=64)),
                ("slug", models.CharField(max_length=16)),
                ("creator", models.CharField(blank=True, max_length=64)),
                ("text", models.TextField(blank=True)),
                ("attachments", models.JSONField(default=list)),
                ("is_public", models.BooleanField(default=True)),
                ("invalid", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_index=True)),
                ("done_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="MassTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="sandbox.massmessage",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mass_tasks",
                        to="sandbox.user",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MassTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target", models.CharField(max_length=64)),
                (
                    "status",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "未发送"),
                            (1, "已发送"),
                            (2, "不是好友"),
                            (3, "已收到其他群发"),
                        ],
                        default=0,
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="sandbox.masstask",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MomentTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("customers", models.JSONField(default=list)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "moment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="sandbox.moment",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="moment_tasks",
                        to="sandbox.user",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MomentReaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("like", "赞"), ("comment", "评论")], max_length=8),
                ),
                ("person", models.CharField(max_length=64)),
                ("is_user", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reactions",
                        to="sandbox.momenttask",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="masstask",
            constraint=models.UniqueConstraint(
                fields=("message", "user"), name="sandbox_one_mass_task"
            ),
        ),
        migrations.AddIndex(
            model_name="masstarget",
            index=models.Index(fields=["target", "sent_at"], name="sandbox_mass_received"),
        ),
        migrations.AddConstraint(
            model_name="momenttask",
            constraint=models.UniqueConstraint(
                fields=("moment", "user"), name="sandbox_one_moment_task"
            ),
        ),
    ]
