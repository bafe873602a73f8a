from django.db import migrations, models


class Migration(migrations.Migration):
    """What HR said is empty is told apart from what it never spoke of."""

    dependencies = [("organisation", "0004_a_userid_comes_back")]

    operations = [
        migrations.AddField(
            model_name="hrperson",
            name="told_empty",
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
    ]
