"""Cards, points, coupons and followers of official accounts, as other systems send them."""

from django.utils.translation import gettext_lazy as _

from guideapp.core.fields import blind_index
from guideapp.core.results import Result
from guideapp.core.upserts import Brands, Refused, Row, Writing, in_one_go, need, pick
from guideapp.members.errors import NotForBrands
from guideapp.members.models import Member, MemberAsset, MembershipCard, OfficialFollower, Tombstone
from guideapp.members.services.nightly_rules import reconsider_soon
from guideapp.members.services.tombstones import erased_keys
from guideapp.members.services.upserts import ERASED, member_of, members_named
from guideapp.organisation.models import Brand
from guideapp.organisation.services import brand_of, brands_named

TAKEN = _("这个卡号是另一位会员的")
_CARD = ["number", "level", "points", "points_as_of", "balance_fen", "opened_at", "closed_at"]
_CARD += ["source", "as_of"]
_ASSET = ["member", "kind", "title", "amount_fen", "threshold_fen", "valid_from", "expires_at"]
_ASSET += ["used_at", "voided_at", "source", "as_of"]
_FOLLOWER = ["unionid", "unionid_bidx", "member", "followed_at", "ended_at", "source", "as_of"]


@in_one_go
def save_cards(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Add cards by `number`, or change those that are there.

    A member has one card of a brand: another number for the same two is the card's new number.
    """
    job = _Cards(rows, source, brands)
    job.writing.each(job.put)
    job.writing.store(_CARD)
    reconsider_soon(member.pk for member in job.members.values())
    return job.writing.answers()


@in_one_go
def save_points(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Set the points of cards: `card`, `points`. They have a clock of their own."""
    held = MembershipCard.objects.select_for_update().order_by("pk")
    known = {card.number: card for card in held.filter(number__in={row["card"] for row in rows})}
    writing = Writing(rows, known)
    erased = erased_keys(Tombstone.Kind.CARD, {row["card"] for row in rows} - known.keys())

    def put(index: int, row: Row) -> None:
        if row["card"] in erased:
            raise Refused("erased", ERASED, "card")
        card = writing.known.get(row["card"])
        if card is None or not _may_write(card.brand_id, brands):
            raise Refused("unknown_card", _("没有这个卡号"), "card")
        writing.put(index, row["card"], pick(row, "points"), row, clock="points_as_of")

    writing.each(put)
    writing.store(["points", "points_as_of"])
    return writing.answers()


@in_one_go
def save_assets(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Add coupons and gifts by brand and `code`, or change those that are there."""
    job = _Assets(rows, source, brands)
    job.writing.each(job.put)
    job.writing.store(_ASSET)
    reconsider_soon(asset.member_id for asset in job.writing.known.values())
    return job.writing.answers()


@in_one_go
def save_followers(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Add followers by `account` and `openid`, or change those that are there.

    A unionid that a member has makes them the member's; nothing else does. An account is of no one
    brand: raises NotForBrands for a sender with brands of its own.
    """
    if brands is not None:
        raise NotForBrands
    job = _Followers(rows, source)
    job.writing.each(job.put)
    job.writing.store(_FOLLOWER)
    return job.writing.answers()


class _Cards:
    """One batch of cards."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        self.named = brands_named(row.get("brand") or "" for row in rows)
        numbers = {row["number"] for row in rows}
        self.members = members_named(rows, brands)
        held = MembershipCard.objects.select_for_update().order_by("pk")
        owners = {member.pk for member in self.members.values()}
        of_numbers, of_members = held.filter(number__in=numbers), held.filter(member__in=owners)
        self.by_number = {card.number: card for card in of_numbers}
        known = {(card.member_id, card.brand_id): card for card in [*of_numbers, *of_members]}
        known |= {(card.member_id, card.brand_id): card for card in self.by_number.values()}
        self.writing = Writing(rows, known)
        self.erased = erased_keys(Tombstone.Kind.CARD, numbers)

    def put(self, index: int, row: Row) -> None:
        """Write one card."""
        number = row["number"]
        if number in self.erased:
            raise Refused("erased", ERASED)
        card = self.by_number.get(number)
        if card is not None and not _may_write(card.brand_id, self.brands):
            raise Refused("card_taken", TAKEN, "number")
        key = self._owner(row, card)
        values = pick(row, "level", "balance_fen", "opened_at", "closed_at")
        values |= {"number": number, "source": self.source}
        held = self.writing.known.get(key)
        if held is None:
            need(row, "level", "opened_at")
            self._make(index, row, key, values)
            return
        as_of = self.writing.as_of(row)
        has_points = "points" in row and (held.points_as_of is None or as_of >= held.points_as_of)
        if has_points:
            values["points"] = row["points"]
        if self.writing.put(index, key, values, row) is not None:
            held.points_as_of = as_of if has_points else held.points_as_of
            self.by_number[number] = held

    def _owner(self, row: Row, card: MembershipCard | None) -> tuple[int, int]:
        """(member, brand) of the row; a known number stays with whom it belongs to."""
        member = member_of(row, self.members)
        brand = brand_of(row, self.named, self.brands) if row.get("brand") else None
        if card is None:
            need(row, "member", "brand")
            if member is None or brand is None:
                raise Refused("required", _("新的记录要有这一项"), "member")
            return member.pk, brand.pk
        if (member and member.pk != card.member_id) or (brand and brand.pk != card.brand_id):
            raise Refused("card_taken", TAKEN, "number")
        return card.member_id, card.brand_id

    def _make(self, index: int, row: Row, key: tuple[int, int], values: Row) -> None:
        as_of = self.writing.as_of(row)
        made = MembershipCard(
            member_id=key[0],
            brand_id=key[1],
            as_of=as_of,
            points=row.get("points", 0),
            points_as_of=as_of if "points" in row else None,
            **values,
        )
        self.by_number[row["number"]] = self.writing.make(index, key, made)


class _Assets:
    """One batch of coupons and gifts."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        self.named = brands_named(row["brand"] for row in rows)
        self.members = members_named(rows, brands)
        held = MemberAsset.objects.select_for_update().order_by("pk")
        owners = {brand.pk for brand in self.named.values()}
        known = held.filter(brand__in=owners, code__in={row["code"] for row in rows})
        self.writing = Writing(rows, {(asset.brand_id, asset.code): asset for asset in known})

    def put(self, index: int, row: Row) -> None:
        """Write one coupon or gift."""
        brand: Brand = brand_of(row, self.named, self.brands)
        member: Member | None = member_of(row, self.members)
        values = pick(row, "kind", "title", "amount_fen", "threshold_fen", "valid_from")
        values |= pick(row, "expires_at", "used_at", "voided_at") | {"source": self.source}
        if member is not None:
            values["member"] = member
        key = (brand.pk, row["code"])
        if key in self.writing.known:
            self.writing.put(index, key, values, row)
            return
        if member is None:
            raise Refused("required", _("新的记录要有这一项"), "member")
        need(row, "title")
        as_of = self.writing.as_of(row)
        made = MemberAsset(brand=brand, code=row["code"], as_of=as_of, **values)
        self.writing.make(index, key, made)


class _Followers:
    """One batch of followers of official accounts."""

    def __init__(self, rows: list[Row], source: str) -> None:
        self.source = source
        hashes = {blind_index(row["openid"]) for row in rows}
        held = OfficialFollower.objects.select_for_update().order_by("pk")
        known = held.filter(openid_bidx__in=hashes, account__in={row["account"] for row in rows})
        self.writing = Writing(rows, {(row.account, row.openid_bidx): row for row in known})
        unionids = {row.get("unionid") or "" for row in rows}
        keys = {blind_index(unionid) for unionid in unionids} - {""}
        members = Member.objects.filter(unionid_bidx__in=keys, erased_at=None)
        self.members = {member.unionid_bidx: member for member in members}
        self.erased = erased_keys(Tombstone.Kind.UNIONID, unionids)
        self.erased |= erased_keys(Tombstone.Kind.OPENID, (row["openid"] for row in rows))

    def put(self, index: int, row: Row) -> None:
        """Write one follower."""
        if not self.erased.isdisjoint({row["openid"], row.get("unionid")}):
            raise Refused("erased", ERASED)
        key = (row["account"], blind_index(row["openid"]))
        values = pick(row, "followed_at", "ended_at") | {"source": self.source}
        if row.get("unionid"):
            hashed = blind_index(row["unionid"])
            values |= {"unionid": row["unionid"], "unionid_bidx": hashed}
            if hashed in self.members:
                values["member"] = self.members[hashed]
        if key in self.writing.known:
            self.writing.put(index, key, values, row)
            return
        need(row, "followed_at")
        made = OfficialFollower(
            account=key[0],
            openid=row["openid"],
            openid_bidx=key[1],
            as_of=self.writing.as_of(row),
            **values,
        )
        self.writing.make(index, key, made)


def _may_write(brand_id: int, brands: Brands) -> bool:
    return brands is None or brand_id in brands
