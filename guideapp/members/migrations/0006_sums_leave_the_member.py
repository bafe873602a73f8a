from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("members", "0005_sums_by_brand")]
    operations = [
        migrations.RemoveField(
            model_name="member",
            name="last_purchase_at",
        ),
        migrations.RemoveField(
            model_name="member",
            name="spend_fen",
        ),
        migrations.RemoveField(
            model_name="member",
            name="year_as_of",
        ),
        migrations.RemoveField(
            model_name="member",
            name="year_orders",
        ),
        migrations.RemoveField(
            model_name="member",
            name="year_spend_fen",
        ),
    ]
