"""Every resource that can be filled in, by name."""

from django.utils.translation import gettext_lazy as _

from guideapp.attribution.services import save_orders, save_refunds
from guideapp.catalogue.services import put_products, put_skus
from guideapp.integration import serializers
from guideapp.integration.services.events import save_events
from guideapp.integration.services.resources import Resource
from guideapp.members.services import (
    save_assets,
    save_cards,
    save_consents,
    save_followers,
    save_members,
    save_points,
)
from guideapp.organisation.services import import_people, save_stores

_ALL = (
    Resource(
        name="stores",
        title=_("门店"),
        key=("code",),
        serializer=serializers.StoreIn,
        upsert=save_stores,
    ),
    Resource(
        name="guides",
        title=_("人事花名册"),
        key=("staff_no",),
        serializer=serializers.GuideIn,
        upsert=import_people,
    ),
    Resource(
        name="products",
        title=_("商品"),
        key=("style_no",),
        serializer=serializers.ProductIn,
        upsert=put_products,
    ),
    Resource(
        name="skus",
        title=_("SKU"),
        key=("code",),
        serializer=serializers.SkuIn,
        upsert=put_skus,
    ),
    Resource(
        name="members",
        title=_("会员"),
        key=("number",),
        serializer=serializers.MemberIn,
        upsert=save_members,
    ),
    Resource(
        name="cards",
        title=_("会员卡"),
        key=("number",),
        serializer=serializers.CardIn,
        upsert=save_cards,
    ),
    Resource(
        name="points",
        title=_("积分"),
        key=("card",),
        serializer=serializers.PointsIn,
        upsert=save_points,
    ),
    Resource(
        name="assets",
        title=_("券和礼品"),
        key=("brand", "code"),
        serializer=serializers.AssetIn,
        upsert=save_assets,
    ),
    Resource(
        name="followers",
        title=_("公众号粉丝"),
        key=("account", "openid"),
        serializer=serializers.FollowerIn,
        upsert=save_followers,
    ),
    Resource(
        name="consents",
        title=_("同意"),
        key=("member", "brand", "purpose"),
        serializer=serializers.ConsentIn,
        upsert=save_consents,
    ),
    Resource(
        name="orders",
        title=_("订单"),
        key=("brand", "order_no"),
        serializer=serializers.OrderIn,
        upsert=save_orders,
    ),
    Resource(
        name="refunds",
        title=_("退款"),
        key=("order_no", "refund_no"),
        serializer=serializers.RefundIn,
        upsert=save_refunds,
    ),
    Resource(
        name="events",
        title=_("行为事件"),
        key=("kind", "key"),
        serializer=serializers.EventIn,
        upsert=save_events,
    ),
)
RESOURCES: dict[str, Resource] = {resource.name: resource for resource in _ALL}
