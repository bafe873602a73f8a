"""Points come from a system of their own, as new as it says."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0009_a_follow_ends_with_an_erasure")]

    operations = [
        migrations.AddField(
            model_name="membershipcard",
            name="points_as_of",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
