from django.db import migrations, models

_GONE = ("last_purchase_at", "spend_fen", "year_as_of", "year_orders", "year_spend_fen")


class Migration(migrations.Migration):
    """The code forgets five columns; the next release drops them (IF EXISTS).

    Until then the old code runs on this schema, and the new code needs no value for them.
    """

    dependencies = [("members", "0005_sums_by_brand")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterField("member", name, field)
                for name, field in (
                    ("spend_fen", models.BigIntegerField(default=0, db_default=0)),
                    ("year_spend_fen", models.BigIntegerField(default=0, db_default=0)),
                    ("year_orders", models.PositiveIntegerField(default=0, db_default=0)),
                )
            ],
            state_operations=[migrations.RemoveField("member", name) for name in _GONE],
        )
    ]
