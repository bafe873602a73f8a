"""The shape of each record that other systems send. What is left out stays as it is."""

import calendar
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from guideapp.attribution.models import Order
from guideapp.integration.kinds import kinds
from guideapp.members.models import Consent, Member, MemberAsset

MAX_FEN = 1_000_000_000_00  # a thousand million yuan
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_LAST = datetime(2200, 1, 1, tzinfo=UTC)
_LEAP_YEAR = 2028


class Text(serializers.CharField):
    """Words of at most `max_length` characters; numbers are not taken for words."""

    def __init__(self, max_length: int, **kw: Any) -> None:
        super().__init__(max_length=max_length, **{"required": False, "allow_blank": True} | kw)


class Key(serializers.CharField):
    """What a record is known by: required, never empty."""

    def __init__(self, max_length: int, **kw: Any) -> None:
        super().__init__(max_length=max_length, **kw)


class Moment(serializers.DateTimeField):
    """ISO 8601; without an offset it is Shanghai time. Between 1900 and 2200."""

    default_error_messages = {"range": _("时间要在 1900 年到 2200 年之间")}

    def __init__(self, **kw: Any) -> None:
        super().__init__(**{"required": False} | kw)

    def to_internal_value(self, value: Any) -> datetime:
        """An aware moment."""
        moment = super().to_internal_value(value)
        if not _FIRST <= moment < _LAST:
            self.fail("range")
        return moment


class Fen(serializers.IntegerField):
    """An amount in fen, not negative."""

    default_error_messages = {"min_value": _("金额不能是负数")}

    def __init__(self, **kw: Any) -> None:
        limits = {"required": False, "min_value": 0, "max_value": MAX_FEN}
        super().__init__(**limits | kw)


@extend_schema_field({"type": "string", "pattern": r"^(\d{4}-)?\d{2}-\d{2}$", "example": "05-20"})
class Birthday(serializers.Field[Any, Any, Any, Any]):
    """`1990-05-20`, or `05-20` where the year is not known; null takes it away."""

    default_error_messages = {"invalid": _("生日写成 05-20 或 1990-05-20")}

    def to_internal_value(self, data: Any) -> dict[str, int | None]:
        """Year (or None), month and day."""
        parts = data.split("-") if isinstance(data, str) else []
        if len(parts) not in (2, 3) or not all(part.isascii() and part.isdigit() for part in parts):
            self.fail("invalid")
        *years, month, day = (int(part) for part in parts)
        year = years[0] if years else None
        if not self._is_day(year, month, day):
            self.fail("invalid")
        return {"year": year, "month": month, "day": day}

    def _is_day(self, year: int | None, month: int, day: int) -> bool:
        if year is not None and not 1900 <= year < 2200:
            return False
        if not 1 <= month <= 12:
            return False
        return 1 <= day <= calendar.monthrange(year or _LEAP_YEAR, month)[1]

    def to_representation(self, value: Any) -> str:
        """The text again."""
        return str(value)


class KindField(serializers.ChoiceField):
    """A kind of event that is known here: ours, or one of API_EVENT_KINDS."""

    default_error_messages = {
        "invalid_choice": _("没有登记这种行为；请管理员加到 API_EVENT_KINDS 里（英文名=中文说法）")
    }

    def __init__(self, **kw: Any) -> None:
        super().__init__([(kind, kind) for kind in kinds()], **kw)


class Strict(serializers.Serializer[Any]):
    """A field that we do not know is refused, lest it be a typo."""

    default_error_messages = {"unknown_field": _("没有这个字段")}

    def run_validation(self, data: Any = empty) -> Any:
        """Check the names before the values."""
        if isinstance(data, dict):
            for name in data:
                if name not in self.fields:
                    message = self.error_messages["unknown_field"]
                    raise serializers.ValidationError(
                        {str(name)[:40]: [message]}, code="unknown_field"
                    )
        return super().run_validation(data)


class Record(Strict):
    """A record of another system."""

    as_of = Moment(help_text=_("对方系统里这条资料的时间；更旧的不会盖掉更新的。不写就是现在"))


class StoreIn(Record):
    """A store (门店), known by `code`."""

    code = Key(20)
    name = Text(40)
    brand = Text(40, help_text=_("品牌或商场的编号，没有编号的用名称"))
    brand_name = Text(40, help_text=_("写了就会新建没有的品牌"))
    region = Text(40, help_text=_("大区名称，没有的会新建"))
    city = Text(20)
    mall = Text(40, help_text=_("所在商场的编号或名称"))
    closed_on = serializers.DateField(required=False, allow_null=True)


class GuideIn(Record):
    """Somebody of the staff register (人事), known by `staff_no`."""

    staff_no = Key(32)
    userid = Text(64, allow_blank=False, help_text=_("企业微信账号；不写就是工号"))
    name = Text(64)
    gender = serializers.ChoiceField(Member.Gender.choices, required=False)
    phone = Text(32)
    position = Text(128)
    store = Text(20, help_text=_("门店编号，总部为空"))
    left_on = serializers.DateField(required=False, allow_null=True)


class ProductIn(Record):
    """A style (款), known by `style_no`."""

    style_no = Key(32)
    name = Text(80)
    list_price_fen = Fen(max_value=2_000_000_000)
    brand = Text(40)
    category = Text(32, help_text=_("品类编号"))
    category_name = Text(40, help_text=_("写了就会新建没有的品类"))
    picture_url = serializers.URLField(max_length=300, required=False, allow_blank=True)
    off_sale_at = Moment(allow_null=True)


class SkuIn(Record):
    """One colour and size of a style, known by `code`."""

    code = Key(48)
    style_no = Text(32)
    colour = Text(24)
    size = Text(12)
    barcode = Text(32)
    price_fen = Fen(max_value=2_000_000_000, allow_null=True)


class MemberIn(Record):
    """A member (会员), known by `number`."""

    number = Key(40)
    name = Text(64)
    gender = serializers.ChoiceField(Member.Gender.choices, required=False)
    phone = Text(32, help_text=_("没有国家码的按大陆号码读"))
    phone_verified = serializers.BooleanField(
        required=False, help_text=_("你们的系统已用验证码确认过")
    )
    unionid = Text(64)
    external_userid = Text(64, help_text=_("你们已知道 TA 在企业微信里是谁时才写"))
    birthday = Birthday(required=False, allow_null=True)
    home_store = Text(20, help_text=_("只限部分品牌的客户端新建会员时要写，必须是自己的门店"))


class CardIn(Record):
    """A card of one brand or mall (会员卡), known by `number`."""

    number = Key(32)
    member = Text(40, help_text=_("会员号"))
    brand = Text(40)
    level = Text(20)
    points = serializers.IntegerField(
        required=False, min_value=-2_000_000_000, max_value=2_000_000_000
    )
    balance_fen = Fen()
    opened_at = Moment()
    closed_at = Moment(allow_null=True)


class PointsIn(Record):
    """How many points a card has now."""

    card = Key(32)
    points = serializers.IntegerField(min_value=-2_000_000_000, max_value=2_000_000_000)


class AssetIn(Record):
    """A coupon or gift that a member holds (券、礼品), known by `brand` and `code`."""

    code = Key(64)
    brand = Key(40)
    member = Text(40, help_text=_("会员号"))
    card = Text(32, help_text=_("卡号，不写会员号时用"))
    kind = serializers.ChoiceField(MemberAsset.Kind.choices, required=False)
    title = Text(60)
    amount_fen = Fen(max_value=2_000_000_000)
    threshold_fen = Fen(max_value=2_000_000_000)
    valid_from = Moment(allow_null=True)
    expires_at = Moment(allow_null=True)
    used_at = Moment(allow_null=True)
    voided_at = Moment(allow_null=True)


class FollowerIn(Record):
    """Somebody who follows an official account (公众号粉丝), known by `account` and `openid`."""

    account = Key(64)
    openid = Key(64)
    unionid = Text(64)
    followed_at = Moment()
    ended_at = Moment(allow_null=True)


class ConsentIn(Record):
    """How a member's consent to one purpose of a brand or mall stands (同意)."""

    member = Text(40, help_text=_("会员号"))
    card = Text(32, help_text=_("卡号，不写会员号时用"))
    brand = Key(40)
    purpose = serializers.ChoiceField(Consent.Purpose.choices)
    version = Text(20, help_text=_("当时给 TA 看的文本版本"))
    channel = serializers.ChoiceField(Consent.Channel.choices, required=False)
    given_at = Moment(help_text=_("TA 同意的时间；比已有的晚，就是又同意了一次"))
    withdrawn_at = Moment(allow_null=True, help_text=_("TA 撤回的时间"))


class LineIn(Strict):
    """One SKU of an order."""

    sku_code = Key(48)
    title = Key(80)
    colour = Text(24)
    size = Text(12)
    quantity = serializers.IntegerField(required=False, min_value=1, max_value=9999)
    amount_fen = Fen(required=True, help_text=_("这一行全部件数的实付"))


class OrderIn(Record):
    """An order (订单), known by its brand and `order_no`."""

    order_no = Key(64)
    brand = Text(40, help_text=_("不写就是门店的品牌"))
    store = Text(20)
    member = Text(40, help_text=_("会员号"))
    card = Text(32, help_text=_("卡号，不写会员号时用"))
    channel = Text(20)
    state = serializers.ChoiceField(Order.State.choices, required=False)
    ordered_at = Moment()
    paid_at = Moment(allow_null=True)
    guide = Text(64, help_text=_("收银时记下的导购账号"))
    link_token = Text(22, help_text=_("带来这一单的链接参数"))
    lines = serializers.ListField(
        child=LineIn(), required=False, min_length=1, max_length=200, allow_empty=False
    )


class RefundIn(Record):
    """Money given back (退款), known by the order and `refund_no`."""

    order_no = Key(64)
    refund_no = Key(64)
    brand = Text(40)
    store = Text(20)
    line_no = serializers.IntegerField(required=False, min_value=1, max_value=200, allow_null=True)
    amount_fen = Fen(required=True, min_value=1)
    at = Moment(required=True)


class EventIn(Record):
    """Something that a customer did (行为), known by `kind` and `key`."""

    kind = KindField()
    key = Key(64, help_text=_("你们系统里这件事的编号"))
    at = Moment(required=True)
    store = Text(20, help_text=_("只限部分品牌的客户端要写，必须是自己的门店"))
    member = Text(40, help_text=_("会员号"))
    card = Text(32)
    unionid = Text(64)
    external_userid = Text(64)
    title = Text(80)
    pieces = serializers.IntegerField(required=False, min_value=1, max_value=9999)
    amount_fen = Fen()
