"""The shape of each record that other systems read. Phones are masked; secrets are left out."""

from typing import Any

from rest_framework import serializers

from guideapp.core.templatetags.page import mask_phone


def _text(source: str) -> serializers.CharField:
    """A text at the end of a path; null where the path ends early."""
    return serializers.CharField(source=source, allow_null=True, default=None, read_only=True)


class Masked(serializers.CharField):
    """`138****2046`."""

    def to_representation(self, value: Any) -> str:
        """Masked."""
        return mask_phone(value) if value else ""


class Told(serializers.Serializer[Any]):
    """How new a record is: at its source, and with us."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    as_of = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class StoreOut(Told):
    """A store."""

    code = serializers.CharField()
    name = serializers.CharField()
    brand = _text("region.brand.name")
    region = _text("region.name")
    city = serializers.CharField()
    mall = _text("mall.name")
    closed_on = serializers.DateField(allow_null=True)


class GuideOut(Told):
    """Somebody of the staff register."""

    staff_no = serializers.CharField()
    userid = serializers.CharField()
    name = serializers.CharField()
    gender = serializers.IntegerField()
    phone = Masked()
    position = serializers.CharField()
    store = _text("store.code")
    left_on = serializers.DateField(allow_null=True)


class ProductOut(Told):
    """A style."""

    style_no = serializers.CharField()
    name = serializers.CharField()
    list_price_fen = serializers.IntegerField()
    brand = _text("brand.name")
    category = _text("category.code")
    picture_url = serializers.CharField()
    off_sale_at = serializers.DateTimeField(allow_null=True)


class SkuOut(Told):
    """A SKU."""

    code = serializers.CharField()
    style_no = _text("product.style_no")
    colour = serializers.CharField()
    size = serializers.CharField()
    barcode = serializers.CharField()
    price_fen = serializers.IntegerField(allow_null=True)


class MemberOut(Told):
    """A member. `same_person_as`: the number of the record that stands for the person.

    Where the reader has brands of its own, what may be another owner's is null.
    """

    source = serializers.CharField(allow_null=True)
    number = serializers.CharField()
    name = serializers.CharField()
    gender = serializers.IntegerField()
    phone = Masked()
    phone_verified = serializers.BooleanField()
    home_store = _text("home_store.code")
    same_person_as = _text("same_as.number")

    def to_representation(self, instance: Any) -> Any:
        """The home store of the reader's own brands alone, and nothing of who else knows them."""
        told, brands = super().to_representation(instance), self.context.get("brands")
        if brands is None:
            return told
        store = instance.home_store
        if store is not None and store.region.brand_id not in brands:
            told["home_store"] = None
        return told | {"source": None, "same_person_as": None}


class CardOut(Told):
    """A card."""

    number = serializers.CharField()
    member = _text("member.number")
    brand = _text("brand.name")
    level = serializers.CharField()
    points = serializers.IntegerField()
    balance_fen = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class AssetOut(Told):
    """A coupon or gift."""

    code = serializers.CharField()
    brand = _text("brand.name")
    member = _text("member.number")
    kind = serializers.CharField()
    title = serializers.CharField()
    amount_fen = serializers.IntegerField()
    threshold_fen = serializers.IntegerField()
    valid_from = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True)
    voided_at = serializers.DateTimeField(allow_null=True)


class FollowerOut(Told):
    """A follower of an official account; the openid stays with whoever sent it."""

    account = serializers.CharField()
    member = _text("member.number")
    followed_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ConsentOut(Told):
    """A consent; one that was withdrawn stays, a new one stands beside it."""

    member = _text("member.number")
    brand = _text("brand.name")
    purpose = serializers.CharField()
    version = serializers.CharField()
    channel = serializers.CharField()
    given_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class LineOut(serializers.Serializer[Any]):
    """One SKU of an order."""

    line_no = serializers.IntegerField()
    sku_code = serializers.CharField()
    title = serializers.CharField()
    colour = serializers.CharField()
    size = serializers.CharField()
    quantity = serializers.IntegerField()
    amount_fen = serializers.IntegerField()


class OrderOut(Told):
    """An order."""

    order_no = serializers.CharField()
    brand = _text("brand.name")
    store = _text("store.code")
    member = _text("member.number")
    channel = serializers.CharField()
    state = serializers.CharField()
    ordered_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    amount_fen = serializers.IntegerField()
    refunded_fen = serializers.IntegerField()
    guide = _text("told_guide.userid")
    lines = LineOut(many=True)


class RefundOut(Told):
    """Money given back. It never changes: `updated_at` is when it came."""

    refund_no = serializers.CharField()
    order_no = _text("order.order_no")
    brand = _text("order.brand.name")
    line_no = serializers.IntegerField(source="line.line_no", allow_null=True, default=None)
    amount_fen = serializers.IntegerField()
    at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(source="created_at")
