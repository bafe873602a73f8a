"""Consents come from other systems, too: which one said so, and how new it is, there and here."""

from django.db import migrations, models
from django.db.models.functions import Now

import guideapp.core.clock


class Migration(migrations.Migration):
    dependencies = [("members", "0015_tombstones_of_one_erasure")]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="source",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="consent",
            name="as_of",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="consent",
            name="updated_at",
            field=models.DateTimeField(db_default=Now(), default=guideapp.core.clock.now),
        ),
    ]
