from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    """The userid of somebody who left may be a new person's."""

    dependencies = [("organisation", "0003_hr_plan_held")]

    operations = [
        migrations.AddConstraint(
            model_name="hrperson",
            constraint=models.UniqueConstraint(
                Lower("userid"),
                condition=models.Q(("left_on", None)),
                name="one_present_hr_person_a_userid",
            ),
        ),
        migrations.RemoveConstraint(model_name="hrperson", name="one_hr_person_a_userid"),
    ]
