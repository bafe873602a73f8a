"""What a member is worth, from one sum for all to a sum for each brand with a card."""

from typing import Any

from django.db import migrations

_BATCH = 2000
_FIELDS = ("spend_fen", "year_spend_fen", "year_orders", "year_as_of", "last_purchase_at")


def copy(apps: Any, schema_editor: Any) -> None:
    """Until now one installation had one brand: the sums are that of its card, or of the store."""
    member_model = apps.get_model("members", "Member")
    value_model = apps.get_model("members", "MemberValue")
    last = 0
    while True:
        rows = member_model.objects.filter(pk__gt=last, spend_fen__gt=0).order_by("pk")
        some = list(rows.select_related("home_store__region").prefetch_related("cards")[:_BATCH])
        if not some:
            return
        values = [
            value_model(
                member=row, brand_id=brand, **{field: getattr(row, field) for field in _FIELDS}
            )
            for row in some
            if (brand := _brand_of(row)) is not None
        ]
        value_model.objects.bulk_create(values, ignore_conflicts=True)
        last = some[-1].pk


def _brand_of(member: Any) -> int | None:
    card = next(iter(member.cards.all()), None)
    if card is not None:
        return int(card.brand_id)
    return member.home_store.region.brand_id if member.home_store else None


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0004_person_and_retailer")]
    operations = [migrations.RunPython(copy, migrations.RunPython.noop, elidable=True)]
