from django.db import migrations, models


class Migration(migrations.Migration):
    """What two guides noted alike are two rows: neither ends the other's."""

    dependencies = [("members", "0017_consents_by_news")]
    operations = [
        migrations.RemoveConstraint(model_name="preference", name="one_preference_a_value"),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("contact", "author", "kind", "value"),
                name="one_preference_an_author",
            ),
        ),
    ]
