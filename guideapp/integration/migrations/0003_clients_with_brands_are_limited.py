from typing import Any

from django.db import migrations


def limit(apps: Any, schema_editor: Any) -> None:
    """A company has a handful of clients: one statement."""
    client = apps.get_model("integration", "ApiClient")
    client.objects.filter(brands__isnull=False).update(is_limited=True)


class Migration(migrations.Migration):
    """Clients that have brands are those that were limited to them."""

    dependencies = [("integration", "0002_clients_stay_limited")]

    operations = [migrations.RunPython(limit, migrations.RunPython.noop, elidable=True)]
