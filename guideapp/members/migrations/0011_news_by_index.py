"""What other systems ask for since a moment (/api/v1/) is found by index."""

from django.db import migrations, models

from guideapp.core.migration_steps import AddIndexUnderLoad


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("members", "0010_points_have_a_clock")]

    operations = [
        AddIndexUnderLoad(
            model_name="member",
            index=models.Index(fields=["updated_at", "id"], name="members_by_news"),
        ),
        AddIndexUnderLoad(
            model_name="membershipcard",
            index=models.Index(fields=["updated_at", "id"], name="cards_by_news"),
        ),
        AddIndexUnderLoad(
            model_name="memberasset",
            index=models.Index(fields=["updated_at", "id"], name="assets_by_news"),
        ),
        AddIndexUnderLoad(
            model_name="officialfollower",
            index=models.Index(fields=["updated_at", "id"], name="followers_by_news"),
        ),
    ]
