from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_by_kind(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Until now a company had one app of each kind."""
    apps.get_model("sandbox", "App").objects.update(slug=models.F("kind"))


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0001_initial")]

    operations = [
        migrations.RenameField(model_name="accesstoken", old_name="kind", new_name="slug"),
        migrations.AlterField(
            model_name="accesstoken", name="slug", field=models.CharField(max_length=16)
        ),
        migrations.AddField(
            model_name="app",
            name="agent_id",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="app",
            name="departments",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="app",
            name="enabled",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="app",
            name="menu",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="app",
            name="settings",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="app", name="slug", field=models.CharField(max_length=16, default="")
        ),
        migrations.RunPython(name_by_kind, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="app", name="slug", field=models.SlugField(max_length=16, unique=True)
        ),
        migrations.AddField(
            model_name="app",
            name="trusted_ips",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="corp",
            name="channels",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="corp",
            name="clock_seconds",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="corp",
            name="contact_way_quota",
            field=models.PositiveIntegerField(default=500000),
        ),
        migrations.AddField(
            model_name="corp",
            name="member_fields",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="corp",
            name="short_names",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="corp",
            name="tells_api_changes",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="app",
            name="kind",
            field=models.CharField(
                choices=[("app", "自建应用"), ("contacts", "通讯录同步"), ("customer", "客户联系")],
                max_length=8,
            ),
        ),
    ]
