import django.db.models.deletion
from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    """One index by contact and guide instead of two by contact; by guide there is one already."""

    atomic = False
    dependencies = [("members", "0021_notes_get_their_owner")]
    operations = [
        AddIndexUnderLoad(
            model_name="followrelation",
            index=models.Index(fields=["contact", "guide"], name="follow_of_contact"),
        ),
        migrations.RemoveIndex(model_name="followrelation", name="followers_of"),
        migrations.AlterField(
            model_name="followrelation",
            name="guide",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="follows",
                to="organisation.guide",
            ),
        ),
        migrations.AlterField(
            model_name="followrelation",
            name="contact",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="follows",
                to="members.contact",
            ),
        ),
    ]
