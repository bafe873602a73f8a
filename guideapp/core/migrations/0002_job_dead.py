import django.db.models
from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    """Reader: /metrics and the operator's page, which count jobs that were given up."""

    atomic = False
    dependencies = [("core", "0001_initial")]

    operations = [
        AddIndexUnderLoad(
            model_name="job",
            index=models.Index(
                condition=django.db.models.Q(("state", "dead")),
                fields=["finished_at"],
                name="job_dead",
            ),
        ),
    ]
