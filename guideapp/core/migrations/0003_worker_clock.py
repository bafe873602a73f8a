from django.db import migrations, models


class Migration(migrations.Migration):
    """How wrong the clock of a worker's machine is, for the health line."""

    dependencies = [("core", "0002_job_dead")]

    operations = [
        migrations.AddField(
            model_name="workerheartbeat",
            name="seconds_ahead",
            field=models.IntegerField(db_default=0, default=0),
        ),
    ]
