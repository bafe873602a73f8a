"""The customers of a large company as `externalcontact/batch/get_by_user` would tell them."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from guideapp.wecom.types import ContactOfUser, CorpTagGroup

_BEGAN = 1_700_000_000  # when the first of the customers was added
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = (
    "晚晴一禾白露清何夏桐小满见山思远知秋若云安然子涵梓轩雨婷俊杰佳怡浩宇欣妍明哲诗琪建国志强"
    "秀英丽娟芳敏静磊洋勇艳超霞平刚桂兰玉梅红雪松柏青岚月星辰晓彤梦洁美玲春花冬阳海涛文博"
)
_TAGS = 50


class PlayedContacts:
    """Answers from memory; `seconds` is how long that took, which a network would take instead."""

    def __init__(self, *, guides: int, customers_each: int) -> None:
        self._guides, self._each = guides, customers_each
        self.seconds = 0.0

    def follow_user_ids(self) -> list[str]:
        """Every guide of the seed."""
        return [f"guide{number}" for number in range(1, self._guides + 1)]

    def corp_tags(self) -> list[CorpTagGroup]:
        """The seed's tags."""
        tags = [{"id": f"etTag{n}", "name": f"标签{n}", "order": n} for n in range(1, _TAGS + 1)]
        group: Any = {"group_id": "etGroup1", "group_name": "标签组1", "order": 1, "tag": tags}
        return [group]

    def of_users(self, userids: Sequence[str]) -> Iterator[ContactOfUser]:
        """Their customers, one relation each."""
        began = time.perf_counter()
        told = [self._told(userid, place) for userid in userids for place in range(self._each)]
        self.seconds += time.perf_counter() - began
        yield from told

    def _told(self, userid: str, place: int) -> ContactOfUser:
        number = int(userid.removeprefix("guide")) * self._each + place
        given = number * 7919 % len(_GIVEN) ** 2  # few people share a name
        first, second = divmod(given, len(_GIVEN))
        name = _SURNAMES[number % len(_SURNAMES)] + _GIVEN[first] + _GIVEN[second]
        entry: Any = {
            "external_contact": {
                "external_userid": f"wmUpsert{number:024d}",
                "name": name,
                "type": 1,
                "avatar": f"https://wx.qlogo.cn/mmhead/{number:032d}/0",
                "gender": 1 + number % 2,
                "unionid": f"oUpsert{number:021d}",
            },
            "follow_info": {
                "userid": userid,
                "remark": f"{name}女士" if number % 3 else "",
                "description": "",
                "createtime": _BEGAN + number,
                "tag_id": [f"etTag{1 + (number + n) % _TAGS}" for n in range(number % 3)],
                "remark_mobiles": [],
                "oper_userid": userid,
                "add_way": 1 + number % 3,
                "state": "",
            },
        }
        told: ContactOfUser = entry
        return told
