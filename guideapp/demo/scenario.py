"""The plan of the company as the sandbox's scenario file `demo.json`.

`python manage.py demo_scenario` writes the file; a test fails when it is stale.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guideapp.demo.company import Company, Person, Worker, plan
from guideapp.demo.content import Words, words
from guideapp.sandbox.services import scenarios

NAME = "demo"
PATH: Path = scenarios.FOLDER / f"{NAME}.json"
_ANY_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)  # the file holds times relative to its loading
ROOT_DEPARTMENT = 1
_HEADQUARTERS = 2
_FIRST_REGION = 10
_FIRST_STORE = 100
_VIP_GROUP = "星河里 VIP 群"


def region_department(region: int) -> int:
    """WeCom's id of the department of region number `region`."""
    return _FIRST_REGION + region


def store_department(store: int) -> int:
    """WeCom's id of the department of store number `store`."""
    return _FIRST_STORE + store


def region_of(store: int, said: Words) -> int:
    """Stores belong to the regions in order, the same number to each."""
    return store // (len(said.stores) // len(said.regions))


def text() -> str:
    """The scenario file, one customer a line."""
    data = scenario(words(), plan(words(), at=_ANY_MOMENT), at=_ANY_MOMENT)
    parts = ",\n".join(f' "{key}": {_lines(value)}' for key, value in data.items())
    return f"{{\n{parts}\n}}\n"


def scenario(said: Words, company: Company, *, at: datetime) -> dict[str, Any]:
    """The shape that `sandbox.services.scenarios` reads, times in seconds before `at`."""
    return {
        "corp": {"name": f"{said.brand}（演示）", "unionid_bound": True, "privacy": True},
        "departments": _departments(said),
        "users": [_user(worker, said) for worker in company.workers],
        "tag_groups": [
            {"name": group, "order": len(said.tag_groups) - place, "tags": tags}
            for place, (group, tags) in enumerate(said.tag_groups)
        ],
        "customers": [_customer(person, at) for person in company.people],
        "groups": _groups(said, company),
        "messages": _messages(said, company),
    }


def _departments(said: Words) -> list[dict[str, Any]]:
    root = [
        {"id": ROOT_DEPARTMENT, "name": said.brand, "parent": 0},
        {"id": _HEADQUARTERS, "name": "总部", "parent": ROOT_DEPARTMENT, "order": 100},
    ]
    regions = [
        {"id": region_department(place), "name": name, "parent": ROOT_DEPARTMENT}
        for place, name in enumerate(said.regions)
    ]
    stores = [
        {
            "id": store_department(place),
            "name": store.name,
            "parent": region_department(region_of(place, said)),
        }
        for place, store in enumerate(said.stores)
    ]
    return root + regions + stores


def _user(worker: Worker, said: Words) -> dict[str, Any]:
    if worker.store is not None:
        department, position = store_department(worker.store), "店长" if worker.leads else "导购"
    elif worker.words in said.regional_managers:
        number = said.regional_managers.index(worker.words)
        department, position = region_department(number), "区域经理"
    else:
        department, position = _HEADQUARTERS, "总部"
    leads = worker.leads or position == "区域经理"
    return {
        "userid": worker.words.userid,
        "name": worker.words.name,
        "departments": [{"id": department, "leader": leads}],
        "position": position,
        "gender": "2",
        "contact_right": worker.store is not None,
    }


def _customer(person: Person, at: datetime) -> dict[str, Any]:
    return {
        "key": f"c{person.number:03d}",
        "external_userid": person.external_userid,
        "name": person.name,
        "gender": person.gender,
        "unionid": person.unionid,
        "follows": [
            [
                follow.userid,
                follow.remark,
                -int((at - follow.since).total_seconds()),
                follow.add_way,
                follow.state,
                list(follow.tags),
            ]
            for follow in person.follows
        ],
    }


def _groups(said: Words, company: Company) -> list[dict[str, Any]]:
    owner = said.guides[1].userid
    own = [
        f"c{person.number:03d}"
        for person in company.people
        if any(follow.userid == owner for follow in person.follows)
    ]
    return [
        {
            "key": "vip",
            "name": _VIP_GROUP,
            "owner": owner,
            "members": [owner, said.guides[0].userid, *own[:6]],
        }
    ]


def _messages(said: Words, company: Company) -> list[list[Any]]:
    """What was said before the story begins, in the window only."""
    guide = said.guides[1].userid
    return [
        [guide, "c000", "customer", -86400 * 2, "你好，上次看的大衣还有燕麦色吗？"],
        [guide, "c000", "user", -86400 * 2 + 240, "有的，店里刚到两件，我先帮你留一件"],
        [
            guide,
            "c001",
            "customer",
            -int(1.3 * 86400),
            "我通过了你的联系人验证请求，现在我们可以开始聊天了",
        ],
    ]


def _lines(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in value) + "\n ]"
