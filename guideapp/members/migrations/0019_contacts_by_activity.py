from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0018_a_preference_an_author")]
    operations = [
        AddIndexUnderLoad(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("active_at__isnull", False)),
                fields=["-active_at", "-id"],
                name="contacts_by_activity",
            ),
        )
    ]
