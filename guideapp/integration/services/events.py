"""What customers do at other systems (行为事件): on the timeline, and a hint to the guide."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.results import Result, Status
from guideapp.core.upserts import (
    CLOCKS_DIFFER,
    Brands,
    Refused,
    Row,
    Writing,
    in_one_go,
    need,
    pick,
)
from guideapp.integration.kinds import SCAN_BUY, titles
from guideapp.members.models import (
    Contact,
    FollowRelation,
    Member,
    MembershipCard,
    TimelineEvent,
    Tombstone,
)
from guideapp.members.services import (
    ERASED,
    NewEvent,
    erased_in,
    member_of,
    members_named,
    propose,
    record_events,
)
from guideapp.members.services.upserts_scope import customers_of
from guideapp.organisation.services import store_of, stores_coded

_KEY_MAX = TimelineEvent._meta.get_field("key").max_length or 0
_BURIED = {
    "external_userid": Tombstone.Kind.EXTERNAL_USERID,
    "unionid": Tombstone.Kind.UNIONID,
}
_INVITES = "invite_to_card"
_FRESH = timedelta(days=7)  # an older purchase is no reason to ask
_STANDS = timedelta(days=30)


@in_one_go
def save_events(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Put events on the timeline, once by `kind` and `key` of the sender.

    Who did it is named by member, card, unionid or external_userid. Somebody who bought by scanning
    and has no card of the store's brand is suggested to their guides there (`invite_to_card`).
    A sender with `brands` of its own names a store there, and its own members and customers.
    """
    job = _Events(rows, source, brands)
    job.writing.each(job.put)
    record_events(job.new.values())
    _invite(job.new.values())
    return job.writing.answers()


class _Events:
    """One batch of events."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        self.stores = stores_coded(row.get("store") or "" for row in rows)
        self.members = members_named(rows, brands)
        self.contacts = _contacts(rows, self.members.values(), brands)
        keys = [self._key(row) for row in rows]
        held = TimelineEvent.objects.filter(key__in=keys)
        self.known = set(held.values_list("key", flat=True))
        self.writing: Writing[TimelineEvent] = Writing(rows, {})
        self.new: dict[str, NewEvent] = {}

    @cached_property
    def erased(self) -> set[tuple[str, str]]:
        """(field, value) of who was erased; asked for once somebody is unknown. A sender with
        `brands` hears of nobody.
        """
        return erased_in([] if self.brands is not None else self.writing.rows, _BURIED)

    def _key(self, row: Row) -> str:
        """The event's key among all; what a sender wrote too long stands as its digest."""
        key = f"{row['kind']}:{self.source}:{row['key']}"
        if len(key) <= _KEY_MAX:
            return key
        digest = hashlib.blake2b(row["key"].encode(), digest_size=20).hexdigest()
        return f"{row['kind']}:{self.source}:{digest}"

    def put(self, index: int, row: Row) -> None:
        """Write one event."""
        key = self._key(row)
        if row["at"] > now() + CLOCKS_DIFFER:
            raise Refused("future_date", _("时间在将来，检查对方系统的时钟"), "at")
        if self.brands is not None:
            need(row, "store")
        store = store_of(row, self.stores, self.brands) if row.get("store") else None
        member, contact = self._person(row)
        if key in self.known:
            self.writing.results[index] = Result(index, Status.UNCHANGED)
            return
        self.known.add(key)
        self.new[key] = NewEvent(
            kind=row["kind"],
            key=key,
            at=row["at"],
            contact=contact,
            member=member,
            store=store,
            params=self._params(row),
        )
        self.writing.results[index] = Result(index, Status.CREATED)

    def _params(self, row: Row) -> Row:
        """What the timeline shows, in the words of today, and the time that the sender told."""
        params = pick(row, "title", "pieces", "amount_fen")
        if title := titles().get(row["kind"]):
            params["label"] = title
        if row.get("as_of"):
            params["as_of"] = self.writing.as_of(row).isoformat()
        return params

    def _person(self, row: Row) -> tuple[Member | None, Contact | None]:
        """Whoever the row names first; a member brings the contact of the person along."""
        member = member_of(row, self.members)
        if member is not None:
            return member, self.contacts.get(("root", str(member.root_id)))
        for field in ("external_userid", "unionid"):
            if row.get(field):
                contact = self.contacts.get((field, row[field]))
                if contact is None and (field, row[field]) in self.erased:
                    raise Refused("erased", ERASED)
                if contact is None:
                    raise Refused("unknown_person", _("没有这位顾客"), field)
                return contact.member, contact
        raise Refused(
            "required", _("要写明是谁：member、card、unionid 或 external_userid"), "member"
        )


def _contacts(
    rows: list[Row], members: Iterable[Member], brands: Brands
) -> dict[tuple[str, str], Contact]:
    """Contacts by external_userid, by unionid, and by the root of their member; two queries.

    For a sender with `brands` those alone whom a guide there follows.
    """
    named = {row["external_userid"] for row in rows if row.get("external_userid")}
    unionids = {blind_index(row["unionid"]): row["unionid"] for row in rows if row.get("unionid")}
    roots = {member.root_id for member in members}
    told = Q(external_userid__in=named) | Q(unionid_bidx__in=unionids)
    of_people = Q(member__in=roots) | Q(member__same_as__in=roots)
    living = Contact.objects.filter(erased_at=None).select_related("member").order_by("-pk")
    if brands is not None:
        living = living.filter(customers_of(brands)).distinct()
    found: dict[tuple[str, str], Contact] = {}
    for contact in living.filter(told):  # the oldest of several comes last and stays
        found["external_userid", contact.external_userid] = contact
        if contact.unionid_bidx in unionids:
            found["unionid", unionids[contact.unionid_bidx]] = contact
    for contact in living.filter(of_people):
        if contact.member is not None:
            found["root", str(contact.member.root_id)] = contact
    return found


def _invite(events: Iterable[NewEvent]) -> None:
    """Suggest to the guides of the brand to ask a customer without its card; the latest counts."""
    latest: dict[int, NewEvent] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.kind == SCAN_BUY and event.contact and event.at > now() - _FRESH:
            latest[event.contact.pk] = event
    follows = FollowRelation.objects.active().filter(contact__in=latest)
    for follow in follows.select_related("guide__store__region", "contact__member"):
        event, brand_id = latest[follow.contact_id], _brand_of(follow)
        is_there = event.store is None or event.store.region.brand_id == brand_id
        if brand_id and is_there and not _has_card(follow.contact, brand_id):
            propose(
                rule=_INVITES,
                contact=follow.contact,
                guide=follow.guide,
                evidence={"scanned_at": event.at.isoformat()},
                action_url=reverse("workbench:customer", args=[follow.pk]),
                until=event.at + _STANDS,
                at=event.at,
            )


def _brand_of(follow: FollowRelation) -> int | None:
    store = follow.guide.store
    return store.region.brand_id if store is not None else None


def _has_card(contact: Contact, brand_id: int) -> bool:
    if contact.member is None:
        return False
    root = contact.member.root_id
    cards = MembershipCard.objects.filter(Q(member=root) | Q(member__same_as=root))
    return cards.filter(brand=brand_id, closed_at=None).exists()
