"""A relation may end because the customer's data were erased. No column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0008_lists_of_customers_by_index")]

    operations = [
        migrations.AlterField(
            model_name="followrelation",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("by_customer", "客户删除了导购"),
                    ("by_guide", "导购删除了客户"),
                    ("handover", "已交接"),
                    ("unseen", "对账时已不在"),
                    ("erased", "客户资料已删除"),
                ],
                max_length=12,
            ),
        ),
    ]
