from django.db import migrations, models
from django.db.models.functions import Now

import guideapp.core.clock


class Migration(migrations.Migration):
    """A refund knows when it came and how new it was at its source; older ones came today."""

    dependencies = [("attribution", "0003_news_by_index")]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="as_of",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="created_at",
            field=models.DateTimeField(db_default=Now(), default=guideapp.core.clock.now),
        ),
    ]
