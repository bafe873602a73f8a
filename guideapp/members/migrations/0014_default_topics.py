"""The words of topics.json: what may not be noted is refused from the first day on."""

import json
from pathlib import Path

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_WORDS = Path(__file__).parent.parent / "topics.json"


def load(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Words that are there already stay as they are."""
    topic_word = apps.get_model("members", "ForbiddenTopic")
    by_topic: dict[str, list[str]] = json.loads(_WORDS.read_text(encoding="utf-8"))
    rows = [
        topic_word(word=word, topic=topic) for topic, words in by_topic.items() for word in words
    ]
    topic_word.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("members", "0013_bulk_tagging")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop, elidable=True)]
