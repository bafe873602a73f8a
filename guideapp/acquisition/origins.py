"""How a customer came to a guide (来源), in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.members.models import FollowRelation

# `add_way` of externalcontact/get: an open set, whatever is not here has no words.
_WAYS: dict[int, str | Promise] = {
    1: _("扫码添加"),
    2: _("搜手机号"),
    3: _("名片分享"),
    4: _("群聊"),
    5: _("手机通讯录"),
    6: _("微信联系人"),
    9: _("搜邮箱"),
    10: _("视频号"),
    13: _("原来的微信好友"),
    16: _("获客链接"),
    201: _("同事分享"),
    202: _("管理员分配"),
}


def origin_of(follow: FollowRelation) -> str:
    """扫码添加 · store31-qr7: the way and the channel's state, as far as known; else empty."""
    parts = [str(_WAYS.get(follow.add_way, "")), follow.state]
    return " · ".join(part for part in parts if part)
