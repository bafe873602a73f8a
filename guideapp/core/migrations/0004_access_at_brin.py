"""A BRIN index over the time of the reads, where the database has one: 看了谁 of a past day."""

from typing import Any

from django.db import migrations

NAME = "access_at_brin"


def add(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        schema_editor.execute(f"CREATE INDEX CONCURRENTLY {NAME} ON core_accesslog USING brin (at)")


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("core", "0003_worker_clock")]
    operations = [migrations.RunPython(add, drop)]
