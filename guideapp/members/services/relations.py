"""Apply what WeCom told about customers and who follows them: in batches, end state, not steps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Lower

from guideapp.core.bulk import insert, insert_missing, rewrite
from guideapp.core.fields import blind_index
from guideapp.core.search import search_terms
from guideapp.members.models import Contact, FollowRelation
from guideapp.members.services.identity import link_contacts
from guideapp.members.services.tags import apply_tags
from guideapp.members.services.tombstones import bury_contacts, erased_contacts
from guideapp.organisation.models import Guide
from guideapp.wecom.types import (
    ContactDetail,
    ContactOfUser,
    ExternalContact,
    FollowInfo,
    FollowUser,
)

_PERSONAL_TAG = 2  # a member's own tag: it has no id and is not ours to read

type Pair = tuple[int, int]  # guide id, contact id


@dataclass(frozen=True, slots=True)
class Told:
    """One relation as WeCom told it. `tag_ids` None: the answer did not say."""

    contact: ExternalContact
    follow: FollowUser | FollowInfo
    tag_ids: list[str] | None


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it: the contacts, the open relations told of, how many rows were different."""

    contacts: list[Contact]
    follows: list[FollowRelation]
    repaired: int


def told_by_detail(detail: ContactDetail) -> list[Told]:
    """The relations in an answer of `externalcontact/get`."""
    contact = detail["external_contact"]
    return [Told(contact, follow, _ids_of(follow)) for follow in detail["follow_user"]]


def told_by_user(entry: ContactOfUser) -> Told:
    """The relation in an entry of `batch/get_by_user`."""
    follow = entry["follow_info"]
    return Told(entry["external_contact"], follow, follow.get("tag_id"))


@transaction.atomic(savepoint=False)
def apply_told(
    told: Sequence[Told], *, asked_at: datetime, contacts: Iterable[ExternalContact] = ()
) -> Applied:
    """Write relations that were asked for at `asked_at`; a newer answer that stands is kept.

    Never blanks a known field by an absent one. Followers who are no guide of ours are passed
    over. `contacts` are written even where nobody of ours follows them. A relation that ended by
    an event after WeCom's `createtime` stays ended: WeCom goes on listing a customer who deleted
    the guide. Whoever was erased is passed over.
    """
    infos = {
        info["external_userid"]: info for info in (*contacts, *(item.contact for item in told))
    }
    erased = erased_contacts({key: info.get("unionid", "") for key, info in infos.items()})
    if erased:
        bury_contacts({key: infos[key].get("unionid", "") for key in erased})
    told = [item for item in told if item.contact["external_userid"] not in erased]
    by_id, repaired = _apply_contacts(
        {key: info for key, info in infos.items() if key not in erased}, asked_at
    )
    guides = present_guides(item.follow["userid"] for item in told)
    pairs = {
        (guides[item.follow["userid"].lower()].pk, by_id[item.contact["external_userid"]].pk): item
        for item in told
        if item.follow["userid"].lower() in guides
    }
    contacts_by_pk = {contact.pk: contact for contact in by_id.values()}
    fresh, changed = _sort_out(pairs, _standing(pairs), contacts_by_pk, asked_at)
    _store(fresh, changed, asked_at)
    tags = {row.pk: pairs[_pair(row)].tag_ids for row in fresh}
    repaired += len(changed) + apply_tags(
        {pk: ids for pk, ids in tags.items() if ids is not None}, asked_at=asked_at
    )
    return Applied(contacts=list(by_id.values()), follows=fresh, repaired=repaired)


def present_guides(userids: Iterable[str]) -> dict[str, Guide]:
    """Present holders of `userids`, by lower-cased userid: WeCom does not mind the case."""
    wanted = {userid.lower() for userid in userids}
    rows = Guide.objects.annotate(folded=Lower("userid")).filter(left_at=None, folded__in=wanted)
    return {guide.userid.lower(): guide for guide in rows}


def _ids_of(follow: FollowUser) -> list[str] | None:
    if "tags" not in follow:
        return None
    return [
        tag["tag_id"]
        for tag in follow["tags"]
        if tag.get("type", 1) != _PERSONAL_TAG and "tag_id" in tag
    ]


def _apply_contacts(
    infos: dict[str, ExternalContact], asked_at: datetime
) -> tuple[dict[str, Contact], int]:
    """The contacts by external_userid, and how many were new or different."""
    locked = Contact.objects.select_for_update().order_by("pk").filter(external_userid__in=infos)
    rows = {row.external_userid: row for row in locked}
    made = _make_contacts([infos[key] for key in sorted(infos.keys() - rows.keys())], asked_at)
    fresh = [row for row in rows.values() if not row.synced_at or row.synced_at <= asked_at]
    changed = [row for row in fresh if _change(row, _contact_fields(infos[row.external_userid]))]
    rewrite(changed, ["name", "avatar_url", "type", "gender", "unionid", "unionid_bidx"])
    Contact.objects.filter(pk__in=[row.pk for row in fresh]).update(synced_at=asked_at)
    link_contacts([*fresh, *made])
    _rename(changed)
    rows |= {row.external_userid: row for row in made}
    return rows, len(changed) + len(made)


def _make_contacts(infos: list[ExternalContact], asked_at: datetime) -> list[Contact]:
    """New rows, complete. One that somebody else has made meanwhile is taken as it stands."""
    made = [Contact(external_userid=info["external_userid"], synced_at=asked_at) for info in infos]
    for row, info in zip(made, infos, strict=True):
        _change(row, _contact_fields(info))
    insert_missing(
        made,
        update_conflicts=True,
        unique_fields=["external_userid"],
        update_fields=["updated_at"],  # so that the database tells its key
    )
    return made


def _contact_fields(info: ExternalContact) -> dict[str, Any]:
    """What the answer holds, cut to our lengths; what it leaves out or leaves empty is absent."""
    told: dict[str, Any] = {
        "name": info.get("name", "")[:128],
        "avatar_url": info.get("avatar", "") if len(info.get("avatar", "")) <= 300 else "",
        "type": info.get("type"),
        "gender": info.get("gender") or None,
        "unionid": info.get("unionid", ""),
        "unionid_bidx": blind_index(info.get("unionid", "")),
    }
    return {name: value for name, value in told.items() if value not in {"", None}}


def _rename(contacts: list[Contact]) -> None:
    """Search terms of relations whose customer has another name now."""
    names = {contact.pk: contact.name for contact in contacts}
    rows = list(FollowRelation.objects.active().filter(contact__in=names))
    for row in rows:
        row.search_terms = search_terms(f"{row.remark} {names[row.contact_id]}")
    rewrite(rows, ["search_terms"])


def _standing(pairs: Iterable[Pair]) -> dict[Pair, FollowRelation]:
    """For each pair its open relation, else the one that ended last; locked."""
    wanted = set(pairs)
    rows = (
        FollowRelation.objects.select_for_update()
        .filter(
            guide__in={guide for guide, _contact in wanted},
            contact__in={contact for _guide, contact in wanted},
        )
        .order_by(models.F("ended_at").asc(nulls_last=True), "pk")
    )
    return {_pair(row): row for row in rows if _pair(row) in wanted}


def _sort_out(
    pairs: dict[Pair, Told],
    rows: dict[Pair, FollowRelation],
    contacts: dict[int, Contact],
    asked_at: datetime,
) -> tuple[list[FollowRelation], list[FollowRelation]]:
    """(relations that this answer is news about, those of them that are new or different)."""
    fresh, changed = [], []
    for (guide_id, contact_id), told in pairs.items():
        row = rows.get((guide_id, contact_id))
        if row is not None and row.ended_at is not None and _began_after_end(row, told):
            row = None
        if row is None:
            row = FollowRelation(guide_id=guide_id, contact_id=contact_id, followed_at=asked_at)
        elif _is_settled(row, asked_at):
            continue
        row.contact = contacts[contact_id]
        if _change(row, _follow_fields(told, row)) or row.pk is None:
            changed.append(row)
        fresh.append(row)
    return fresh, changed


def _began_after_end(row: FollowRelation, told: Told) -> bool:
    """True when WeCom tells of a relation younger than the end we know."""
    began = _moment(told.follow.get("createtime"))
    return bool(began and row.ended_at and began > row.ended_at)


def _is_settled(row: FollowRelation, asked_at: datetime) -> bool:
    """True when the answer says nothing new about `row`: asked for too early, or ended by an event.

    A relation that reconciliation alone closed is opened again when WeCom lists it.
    """
    if row.synced_at and row.synced_at > asked_at:
        return True
    return row.ended_at is not None and row.end_reason != FollowRelation.EndReason.UNSEEN


def _follow_fields(told: Told, row: FollowRelation) -> dict[str, Any]:
    follow = told.follow
    fields: dict[str, Any] = {"ended_at": None, "end_reason": ""}
    for name, longest in (("remark", 64), ("description", 300), ("state", 64)):
        if name in follow:
            fields[name] = str(follow[name])[:longest]  # type: ignore[literal-required]
    if not fields.get("state"):
        fields.pop("state", None)  # re-reads leave the channel out; the event told it
    if "add_way" in follow:
        fields["add_way"] = follow["add_way"]
    if began := _moment(follow.get("createtime")):
        fields["followed_at"] = began
    remark = fields.get("remark", row.remark)
    fields["search_terms"] = search_terms(f"{remark} {row.contact.name}")
    return fields


def _store(fresh: list[FollowRelation], changed: list[FollowRelation], asked_at: datetime) -> None:
    names = ["remark", "description", "state", "add_way", "followed_at", "search_terms"]
    names += ["ended_at", "end_reason"]
    new = [row for row in changed if not row.pk]
    touched = [row.pk for row in fresh if row.pk]
    rewrite([row for row in changed if row.pk], names)
    for row in new:
        row.synced_at = asked_at
    insert(new)
    FollowRelation.objects.filter(pk__in=touched).update(synced_at=asked_at)


def _change(row: models.Model, values: dict[str, Any]) -> bool:
    """Set `values` on `row`; True when one of them was different."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)


def _pair(row: FollowRelation) -> Pair:
    return row.guide_id, row.contact_id


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
