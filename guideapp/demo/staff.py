"""The staff register of the demo: HR knows everybody but one, and has news for WeCom."""

from datetime import datetime
from typing import Any

from guideapp.core.clock import day_of
from guideapp.organisation.models import Guide, Role
from guideapp.organisation.services import import_people, make_plan

_SOURCE = "OA"
_JOINERS = (("唐果", 2, "13700009101"), ("沈一舟", 1, "13700009102"), ("许知夏", 2, "13700009103"))
_AT_ONCE = 500


def seed(*, at: datetime) -> None:
    """Today's plan has three joiners, a mover and a leaver; one account was made by hand."""
    guides = list(Guide.objects.filter(left_at=None).select_related("store").order_by("pk"))
    plain = [guide for guide in guides if guide.store and _is_plain(guide)]
    *_others, mover, leaver, by_hand = plain
    rows = [_row(number, guide) for number, guide in enumerate(guides) if guide != by_hand]
    for start in range(0, len(rows), _AT_ONCE):
        import_people(rows[start : start + _AT_ONCE], source=_SOURCE)
    numbers = {row["userid"]: row["staff_no"] for row in rows}
    elsewhere = next(guide.store for guide in plain if guide.store_id != mover.store_id)
    news: list[dict[str, Any]] = [
        {"staff_no": numbers[mover.userid], "store": elsewhere.code if elsewhere else ""},
        {"staff_no": numbers[leaver.userid], "left_on": day_of(at)},
    ]
    code = plain[0].store.code if plain[0].store else ""
    for number, (name, gender, phone) in enumerate(_JOINERS, start=1):
        joiner = {"staff_no": f"QH30{number:02}", "name": name, "gender": gender, "phone": phone}
        news.append({**joiner, "position": "导购", "store": code})
    import_people(news, source=_SOURCE)
    make_plan()


def _is_plain(guide: Guide) -> bool:
    """A guide and nothing more: no manager loses a store in the demo."""
    return set(guide.grants.filter(revoked_at=None).values_list("role", flat=True)) == {Role.GUIDE}


def _row(number: int, guide: Guide) -> dict[str, Any]:
    return {
        "staff_no": f"QH{1001 + number}",
        "userid": guide.userid,
        "name": guide.name,
        "position": guide.position,
        "store": guide.store.code if guide.store else "",
    }
