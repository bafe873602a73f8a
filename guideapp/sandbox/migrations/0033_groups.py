import django.db.models.deletion
from django.db import migrations, models

import guideapp.core.clock


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0032_welcome_race")]

    operations = [
        migrations.CreateModel(
            name="JoinWay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("config_id", models.CharField(max_length=64, unique=True)),
                ("slug", models.CharField(max_length=16)),
                ("scene", models.PositiveSmallIntegerField()),
                ("remark", models.CharField(blank=True, max_length=30)),
                ("auto_create_room", models.PositiveSmallIntegerField(default=1)),
                ("room_base_name", models.CharField(blank=True, max_length=40)),
                ("room_base_id", models.PositiveIntegerField(default=0)),
                ("chat_ids", models.JSONField(default=list)),
                ("state", models.CharField(blank=True, max_length=30)),
                ("mark_source", models.BooleanField(default=True)),
                ("rooms_made", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="groupchat",
            name="before",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="groupchat",
            name="created_at",
            field=models.DateTimeField(default=guideapp.core.clock.now),
        ),
        migrations.AddField(
            model_name="groupchat",
            name="dismissed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="groupchat",
            name="notice",
            field=models.CharField(blank=True, max_length=2000),
        ),
        migrations.AddField(
            model_name="groupchat",
            name="opengid",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="groupchat",
            name="settles_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="groupchat",
            name="status",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="groupchat",
            name="version",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.CreateModel(
            name="GroupMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person", models.CharField(max_length=64)),
                ("is_user", models.BooleanField()),
                ("is_admin", models.BooleanField(default=False)),
                (
                    "scene",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "Invited"), (2, "Link"), (3, "Qr")], default=1
                    ),
                ),
                ("state", models.CharField(blank=True, max_length=30)),
                ("invitor", models.CharField(blank=True, max_length=64)),
                ("nickname", models.CharField(blank=True, max_length=64)),
                ("joined_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(blank=True, null=True)),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stays",
                        to="sandbox.groupchat",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("left_at", None)),
                        fields=("group", "person"),
                        name="sandbox_one_stay",
                    )
                ],
            },
        ),
    ]
