"""Tombstones of one erasure know each other, so that a new consent lifts them together."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0014_default_topics")]

    operations = [
        migrations.AddField(
            model_name="tombstone",
            name="group",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
