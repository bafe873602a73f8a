"""What stands belongs to whom its author works for now: nothing says where they were then."""

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery

_BATCH = 2000


def fill(apps: Any, schema_editor: Any) -> None:
    guides = apps.get_model("organisation", "Guide").objects.filter(pk=OuterRef("author"))
    owner = Subquery(guides.values("store__region__brand")[:1])
    for name in ("Observation", "Preference", "ImportantDate"):
        rows = apps.get_model("members", name).objects.filter(author__store__isnull=False)
        last = 0
        while True:
            some = rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]
            keys = list(some)
            if not keys:
                break
            rows.filter(pk__in=keys, owner=None).update(owner=owner)
            last = keys[-1]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0020_whose_notes_are")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
