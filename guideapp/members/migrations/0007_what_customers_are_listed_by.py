"""Birthday, last sign and value of a customer, beside the relation that lists them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0006_sums_leave_the_member")]

    operations = [
        migrations.AddField(
            model_name="followrelation",
            name="birthday_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="followrelation",
            name="last_sign_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="followrelation",
            name="year_fen",
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
