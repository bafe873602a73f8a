import django.db.models
from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    """Reader: the health line and /metrics, which count events that were given up."""

    atomic = False
    dependencies = [("wecom", "0003_outbox_dropped")]

    operations = [
        AddIndexUnderLoad(
            model_name="callbackevent",
            index=models.Index(
                condition=django.db.models.Q(("state", "dead")),
                fields=["received_at"],
                name="inbox_dead",
            ),
        ),
    ]
