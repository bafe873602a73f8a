"""One person out of all their records: what this brand knows, how we know, and how old it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guideapp.core.clock import day_of, now, today
from guideapp.members.models import Consent, Evidence, FollowRelation, Member
from guideapp.members.services import owner_of, stale_since
from guideapp.organisation.auth import Actor
from guideapp.workbench.card.likes import occasions
from guideapp.workbench.card.lists import inner, lines, moment, sure_moment
from guideapp.workbench.card.parts import Bought, Person, Sums
from guideapp.workbench.card.rows import person_rows

DUE = timedelta(days=7)  # a coupon that expires so soon is 快到期
_BOUGHT_SHOWN = 2
_JOINED_BY = {
    Evidence.UNIONID: gettext_lazy("微信身份"),
    Evidence.PHONE: gettext_lazy("手机号"),
    Evidence.NUMBER: gettext_lazy("会员号"),
    Evidence.CUSTOMER: gettext_lazy("本人确认"),
    Evidence.HEADQUARTERS: gettext_lazy("总部核对"),
}
_ORDER = (
    Evidence.PHONE,
    Evidence.UNIONID,
    Evidence.NUMBER,
    Evidence.CUSTOMER,
    Evidence.HEADQUARTERS,
)


def of_follow(follow: FollowRelation, actor: Actor) -> Person:
    """The person behind the customer, as the brand of the relation's guide knows them.

    By a card, or by orders of this brand alone: then there is neither number nor phone to show.
    """
    member, brand = follow.contact.member, owner_of(follow.guide)
    if member is None or brand is None:
        return Person()
    records = person_rows(member.root_id, brand)
    cards = [found for record in records if (found := _json(record, "card_json"))]
    if not cards and not any(_json(record, "value_json") for record in records):
        return Person()
    phones = [record.phone for record in records if record.phone] if cards else []
    return Person(
        has_card=bool(cards),
        level=next((card["level"] for card in cards if card["level"]), ""),
        number=cards[0]["number"] if cards else "",
        phone=phones[0] if phones else "",
        home_store=_home_store(records, brand),
        is_dual=_any(records, "of_mall") and _any(records, "of_brand"),
        sums=_sums(records, cards),
        bought=_bought(records, actor),
        pieces=sum(getattr(record, "pieces", None) or 0 for record in records),
        occasions=occasions(_all_lines(records, "dates_json")),
        consents=_consents(records),
        recognised=_recognised(follow, member, records),
        fan_since=min(
            (since for one in records if (since := getattr(one, "fan_since", None))), default=None
        ),
        as_of=_stale_since(records, cards),
    )


def _json(record: Member, column: str) -> dict[str, Any]:
    return inner(getattr(record, column, None)) or {}


def _any(records: Sequence[Member], column: str) -> bool:
    return any(getattr(record, column) for record in records)


def _all_lines(records: Sequence[Member], column: str) -> list[dict[str, Any]]:
    return [row for record in records for row in lines(getattr(record, column, None))]


def _home_store(records: Sequence[Member], brand: int) -> str:
    """A store of this brand: which store of another one TA goes to is that one's to know."""
    stores = [record.home_store for record in records if record.home_store]
    return next((store.name for store in stores if store.region.brand_id == brand), "")


def _sums(records: Sequence[Member], cards: Sequence[dict[str, Any]]) -> Sums:
    values = [_json(record, "value_json") for record in records]
    orders = sum(value.get("year_orders", 0) for value in values)
    year_fen = sum(value.get("year_spend_fen", 0) for value in values)
    bought = [at for value in values if (at := moment(value.get("last_purchase_at")))]
    at = now()
    ends = [moment(row["expires_at"]) for row in _all_lines(records, "coupons_json")]
    usable = [end for end in ends if end is None or end > at]
    return Sums(
        spend_fen=sum(value.get("spend_fen", 0) for value in values),
        year_orders=orders,
        average_fen=round(year_fen / orders / 100) * 100 if orders else None,
        last_purchase=_days_ago(max(bought, default=None)),
        points=sum(card["points"] for card in cards) if cards else None,
        coupons=len(usable),
        coupons_due=sum(end is not None and end <= at + DUE for end in usable),
        balance_fen=sum(card["balance_fen"] for card in cards) if cards else None,
    )


def _bought(records: Sequence[Member], actor: Actor) -> list[Bought]:
    """The last orders, each with the look of its first piece."""
    found = [
        row
        for record in records
        for column in ("bought_json", "bought_before_json")
        if (row := _json(record, column))
    ]
    found.sort(key=lambda row: str(row["at"]), reverse=True)
    return [bought_of(row, actor.guide.pk) for row in found[:_BOUGHT_SHOWN]]


def bought_of(row: dict[str, Any], reader: int) -> Bought:
    """An order out of its columns: at, guide, store (a name), params, drawing, picture."""
    params = inner(row["params"])
    first, *others = params["lines"]
    look = " ".join(part for part in (first["colour"], first["size"]) if part)
    at = row["at"]
    return Bought(
        title=f"{first['title']} · {look}" if look else first["title"],
        more=len(others),
        drawing=row["drawing"] or "g-bag",
        picture=row["picture"] or "",
        amount_fen=params["amount_fen"],
        at=at if isinstance(at, datetime) else sure_moment(at),
        store=row["store"] or "",
        is_own=row["guide"] == reader,
    )


def _consents(records: Sequence[Member]) -> list[str]:
    """What the person consented to at this brand, in words."""
    given = {row["purpose"] for row in _all_lines(records, "consents_json")}
    return [str(purpose.label) for purpose in Consent.Purpose if purpose in given]


def _recognised(follow: FollowRelation, member: Member, records: Sequence[Member]) -> str:
    """How we know that this customer is this member, and that several records are one person."""
    proofs = {row["evidence"] for row in lines(getattr(follow, "links_json", None))}
    if follow.contact.unionid_bidx and follow.contact.unionid_bidx == member.unionid_bidx:
        proofs.add(Evidence.UNIONID.value)
    merged = {proof for record in records if (proof := getattr(record, "evidence", None))}
    named = _and([str(_JOINED_BY[proof]) for proof in _ORDER if proof in proofs | merged])
    if len(records) > 1:
        return _("已按%(proofs)s合并为同一人") % {"proofs": named or _("总部核对")}
    return _("按%(proofs)s认出") % {"proofs": named} if named else _("由会员系统关联")


def _and(words: list[str]) -> str:
    """手机号, 手机号和微信身份, 手机号、会员号和微信身份."""
    *first, last = words or [""]
    return _("%(first)s和%(last)s") % {"first": "、".join(first), "last": last} if first else last


def _stale_since(records: Sequence[Member], cards: Sequence[dict[str, Any]]) -> datetime | None:
    """As of when the member system spoke last, once it is down or silent for too long."""
    told = [record.as_of for record in records]
    told += [moment(card["as_of"]) for card in cards]
    return stale_since([record.source for record in records], told)


def _days_ago(at: datetime | None) -> str:
    """今天, 昨天, 18 天前, 1 年前; never: —."""
    if at is None:
        return "—"
    days = (today() - day_of(at)).days
    if days <= 0:
        return _("今天")
    if days == 1:
        return _("昨天")
    if days < 365:
        return _("%(n)s 天前") % {"n": days}
    return _("%(n)s 年前") % {"n": days // 365}
