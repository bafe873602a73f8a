"""Send a store, and a member with card, coupon, goods and orders to 导购台, as a CRM would.

    GUIDE_API_KEY=… python examples/push_members.py https://guide.example.com \\
        --store QH001 --new-store --brand 青禾 --customer wmAbc…

Needs nothing but `requests`, and fills a fresh company: `--new-store` makes the store with its
brand and region; without it the store is one that is there. Run it twice: the second time
everything is `unchanged`, for the same `--day` sends the same times. `--customer` is the
external_userid of a customer in WeCom; a unionid or a verified phone number that both systems know
leads to the same card. Whoever follows the customer sees it in the sidebar, once headquarters has
put their department to the store at /hq/organisation/.
"""

import argparse
import os
import sys
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import requests

SHANGHAI = timezone(timedelta(hours=8))

type Batch = tuple[str, list[dict[str, Any]]]  # what they are, the records


def before(day: date, days: int) -> str:
    """Noon so many days before `day`, in ISO 8601, as every time of the API."""
    return datetime.combine(day - timedelta(days=days), time(12), SHANGHAI).isoformat()


def new_store(store: str, brand: str, day: date) -> dict[str, Any]:
    """The store, with a brand and a region that are made where there are none of that name."""
    named = {"brand": brand[:20], "brand_name": brand, "region": "华东大区"}
    told = {"name": "南京西路店", "city": "上海", "as_of": before(day, 1)}
    return {"code": store} | told | named


def records(store: str, brand: str, customer: str, day: date) -> list[Batch]:
    """What is sent, in an order in which nothing names what is not there yet."""
    member = {
        "number": "M20240308001",
        "name": "陈橘",
        "gender": 2,
        "phone": "13912345519",
        "phone_verified": True,
        "birthday": "05-20",
        "external_userid": customer,
        "home_store": store,
        "as_of": before(day, 1),
    }
    card = {
        "number": "QH26088812",
        "member": member["number"],
        "brand": brand,
        "level": "银卡",
        "points": 1860,
        "opened_at": "2024-03-08T10:30:00+08:00",
        "as_of": before(day, 1),
    }
    coupon = {
        "brand": brand,
        "code": "C-2026-000117",
        "member": member["number"],
        "title": "满 1,000 减 100",
        "amount_fen": 10000,
        "threshold_fen": 100000,
        "expires_at": before(day, -30),
        "as_of": before(day, 1),
    }
    return [
        ("members", [member]),
        ("cards", [card]),
        ("assets", [coupon]),
        *purchases(store, brand, member["number"], day),
    ]


def purchases(store: str, brand: str, member: str, day: date) -> list[Batch]:
    """The goods first, then two orders of the member."""
    style = {"style_no": "QH-W26-011", "name": "圆领羊绒开衫", "list_price_fen": 89900}
    sku = {"code": "QH-W26-011-2M", "style_no": style["style_no"], "colour": "燕麦色", "size": "M"}
    line = {"sku_code": sku["code"], "title": style["name"], "colour": "燕麦色", "size": "M"}
    orders = [
        {
            "order_no": f"QH2026{days:04d}",
            "store": store,
            "member": member,
            "channel": "store",
            "ordered_at": before(day, days),
            "lines": [line | {"quantity": 1, "amount_fen": amount}],
            "as_of": before(day, days),
        }
        for days, amount in ((12, 89900), (75, 62900))
    ]
    return [
        ("products", [style | {"brand": brand, "as_of": before(day, 1)}]),
        ("skus", [sku | {"as_of": before(day, 1)}]),
        ("orders", orders),
    ]


def push(address: str, key: str, resource: str, items: list[dict[str, Any]]) -> bool:
    """One call; prints how each record ended. True when none was refused."""
    response = requests.post(
        f"{address}/api/v1/{resource}/bulk/",
        json={"items": items},
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
    )
    response.raise_for_status()
    answer = response.json()
    ends = ("created", "updated", "unchanged", "refused")
    sys.stdout.write(f"{resource}: " + ", ".join(f"{answer[end]} {end}" for end in ends) + "\n")
    for result in answer["results"]:
        if result["status"] == "refused":
            what = f"  {result['index']}: {result['code']} {result.get('field', '')}"
            sys.stdout.write(f"{what} {result['message']}\n")
    return not answer["refused"]


def main() -> int:
    """0 when everything was taken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="https://guide.example.com")
    parser.add_argument("--store", required=True, help="code of the store")
    parser.add_argument("--new-store", action="store_true", help="make it, its brand and region")
    parser.add_argument("--brand", required=True, help="code or name of its brand")
    parser.add_argument("--customer", required=True, help="external_userid of the customer")
    parser.add_argument(
        "--day", type=date.fromisoformat, default="2026-11-20", help="the day that it is told of"
    )
    args = parser.parse_args()
    key = os.environ.get("GUIDE_API_KEY", "")
    if not key:
        parser.error("GUIDE_API_KEY is not set: headquarters makes one at /hq/api/")
    batches = records(args.store, args.brand, args.customer, args.day)
    if args.new_store:
        batches.insert(0, ("stores", [new_store(args.store, args.brand, args.day)]))
    taken = [push(args.address.rstrip("/"), key, name, items) for name, items in batches]
    return 0 if all(taken) else 1


if __name__ == "__main__":
    sys.exit(main())
