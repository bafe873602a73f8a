"""The company of a fault run: who works where, as a scenario of the played WeCom."""

import random
from typing import Any

STORES = 4
GUIDES_A_STORE = 6
CUSTOMERS_A_GUIDE = 5
TAGS = tuple(f"标签{number}" for number in range(8))
_FIRST_STORE = 10  # department id
_DAY = 86_400


def userids() -> list[str]:
    """Every guide."""
    return [f"guide{store}{n}" for store in range(STORES) for n in range(GUIDES_A_STORE)]


def store_departments() -> list[int]:
    """Department ids of the stores."""
    return [_FIRST_STORE + store for store in range(STORES)]


def scenario() -> dict[str, Any]:
    """The document that the sandbox loads."""
    dice = random.Random(4)  # noqa: S311 -- the same company in every run
    departments = [
        {"id": 1, "name": "青禾服饰"},
        {"id": 2, "name": "华东区", "parent": 1},
        {"id": 9, "name": "总部", "parent": 1},
        *({"id": d, "name": f"{d}号店", "parent": 2} for d in store_departments()),
    ]
    users: list[dict[str, Any]] = [
        {"userid": userid, "name": f"导购{userid[5:]}", "departments": [_FIRST_STORE + store]}
        for store in range(STORES)
        for userid in userids()[store * GUIDES_A_STORE : (store + 1) * GUIDES_A_STORE]
    ]
    users.append({"userid": "office", "name": "总部管理", "departments": [9]})
    customers = [
        {
            "key": f"{userid}-{number}",
            "name": f"老客{number}",
            "follows": [[userid, f"备注{number}", -dice.randint(2, 60) * _DAY, 1, "", []]],
        }
        for userid in userids()
        for number in range(CUSTOMERS_A_GUIDE)
    ]
    return {
        "corp": {"name": "青禾服饰"},
        "departments": departments,
        "users": users,
        "tag_groups": [{"name": "偏好", "tags": list(TAGS)}],
        "customers": customers,
    }
