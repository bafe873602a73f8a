"""Django gives an indexed text a second index for LIKE 'x%'. These are looked up whole alone.

Hashes and ids come in no order, so each such index made every new member and customer dearer.
"""

from typing import Any

from django.db import migrations

_TABLES = ("members_member", "members_contact")
_FOUND = """SELECT indexname FROM pg_indexes WHERE tablename = ANY(%s)
    AND schemaname = current_schema() AND indexdef LIKE '%%varchar_pattern_ops%%'"""


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_FOUND, [list(_TABLES)])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0022_fewer_indexes_of_follows")]
    operations = [migrations.RunPython(drop, migrations.RunPython.noop)]
