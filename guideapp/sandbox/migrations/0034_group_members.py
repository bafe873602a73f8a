from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def copy_members(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """One row for each id that the list of a group held."""
    users = set(apps.get_model("sandbox", "User").objects.values_list("userid", flat=True))
    stay = apps.get_model("sandbox", "GroupMember")
    for group in apps.get_model("sandbox", "GroupChat").objects.all():
        stay.objects.bulk_create(
            stay(group=group, person=person, is_user=person in users, joined_at=group.created_at)
            for person in dict.fromkeys(group.members)
        )


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0033_groups")]

    operations = [migrations.RunPython(copy_members, migrations.RunPython.noop, elidable=True)]
