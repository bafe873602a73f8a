"""The one place that says who is who: what was learnt about somebody, and whose record that hits.

Rules, version 1. Evidence from strong to weak: member number, unionid, the id or openid that the
member system itself names, a phone number verified on both sides.

- Evidence that hits one person joins.
- Evidence that hits different persons joins nobody: each pair is a merge candidate.
- A record with another number or another unionid is another record, whatever else fits.
- A phone number that is unproven on either side proves nothing. Only where a record has nothing but
  the same unproven number is it taken for the same record, so that a form sent twice is one row.
- Nothing hit: a prospect.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from guideapp.core.fields import blind_index
from guideapp.members.models import Contact, Evidence, Member, OfficialFollower

VERSION = 1

_FIELDS = ("pk", "same_as_id", "number", "unionid_bidx", "phone_bidx", "phone_verified")
_EXTERNAL, _OPENID = "external", "openid"  # in the reason of a candidate only
_FOREIGN = {Evidence.UNIONID.value: "number_and_unionid", Evidence.PHONE.value: "number_and_phone"}
_CHUNK = 1000  # SQLite's limit on variables is far, its planner's patience is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one source says about one person. `phone` in E.164; '' where it says nothing."""

    number: str = ""
    unionid: str = ""
    phone: str = ""
    phone_verified: bool = False
    external_userid: str = ""
    openid: str = ""


@dataclass(frozen=True, slots=True)
class Rival:
    """Another person whom the same facts hit; `reason` is a code of MergeCandidate."""

    member_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """Whose record the facts are. `member_id` None: nobody's yet (a prospect, or a new record).

    `evidence` is the strongest hit's. `takes_unionid` is False where the unionid of the facts
    stands on another record already.
    """

    member_id: int | None = None
    evidence: str = ""
    rivals: tuple[Rival, ...] = ()
    takes_unionid: bool = True

    @property
    def is_proven(self) -> bool:
        """True when it is somebody's own number or WeChat identity that was hit, not a phone."""
        return self.evidence in {Evidence.NUMBER, Evidence.UNIONID}

    def without_owner(self) -> "Identified":
        """The same facts for a sender who may not write that record: a new one, and a question."""
        if self.member_id is None:
            return self
        rival = Rival(self.member_id, _FOREIGN.get(self.evidence, "external_and_contact"))
        takes = self.takes_unionid and self.evidence != Evidence.UNIONID
        return Identified(rivals=(rival, *self.rivals), takes_unionid=takes)

    @property
    def is_clear(self) -> bool:
        """True when one person was hit and nobody else."""
        return self.member_id is not None and not self.rivals


@dataclass(frozen=True, slots=True)
class Record:
    """What the rules look at in a record of a member."""

    pk: int
    same_as_id: int | None
    number: str
    unionid_bidx: str
    phone_bidx: str
    phone_verified: bool

    @property
    def root(self) -> int:
        """The record that stands for the person."""
        return self.same_as_id or self.pk


@dataclass(frozen=True, slots=True)
class _Hit:
    record: Record
    evidence: str  # of a link
    name: str  # in the reason of a candidate


@dataclass(frozen=True, slots=True)
class _Index:
    """Every record that a batch of facts could hit."""

    numbers: dict[str, Record] = field(default_factory=dict)
    unionids: dict[str, Record] = field(default_factory=dict)
    externals: dict[str, Record] = field(default_factory=dict)
    openids: dict[str, Record] = field(default_factory=dict)
    phones: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))


def identify(facts: Facts) -> Identified:
    """Whose record `facts` are. Up to one query for each kind of evidence given; locks nothing."""
    return identify_many([facts])[0]


def identify_many(facts: Sequence[Facts]) -> list[Identified]:
    """`identify` for many, in the same number of queries (for each thousand)."""
    index = _read(facts)
    return [_decide(one, index) for one in facts]


def _read(facts: Sequence[Facts]) -> _Index:
    index = _Index()
    for record in _records("number", {one.number for one in facts}):
        index.numbers[record.number] = record
    for record in _records("unionid_bidx", {blind_index(one.unionid) for one in facts}):
        index.unionids[record.unionid_bidx] = record
    for record in _records("phone_bidx", {blind_index(one.phone) for one in facts}):
        index.phones[record.phone_bidx].append(record)
    _read_linked(facts, index)
    return index


def _read_linked(facts: Sequence[Facts], index: _Index) -> None:
    """Members of the contacts and followers that the member system names itself."""
    contacts = _in_chunks(
        {one.external_userid for one in facts},
        lambda some: (
            Contact.objects.filter(external_userid__in=some, member__isnull=False)
            .order_by("pk")
            .values_list("external_userid", "member")
        ),
    )
    followers = _in_chunks(
        {blind_index(one.openid) for one in facts},
        lambda some: (
            OfficialFollower.objects.filter(openid_bidx__in=some, member__isnull=False)
            .order_by("-pk")
            .values_list("openid_bidx", "member")
        ),
    )
    members = {member for _key, member in [*contacts, *followers]}
    records = {record.pk: record for record in _records("pk", members)}
    index.externals.update((key, records[pk]) for key, pk in contacts if pk in records)
    index.openids.update((key, records[pk]) for key, pk in followers if pk in records)


def _records[Key: (str, int)](name: str, wanted: Iterable[Key]) -> list[Record]:
    """Living records whose field `name` is one of `wanted`, the oldest first."""
    return [
        Record(*row)
        for row in _in_chunks(
            set(wanted),
            lambda some: (
                Member.objects.filter(**{f"{name}__in": some}, erased_at=None)
                .order_by("pk")
                .values_list(*_FIELDS)
            ),
        )
    ]


def _in_chunks[Key: (str, int), Row](
    wanted: set[Key], read: Callable[[list[Key]], Iterable[Row]]
) -> list[Row]:
    keys = sorted(key for key in wanted if key)
    return [
        row for start in range(0, len(keys), _CHUNK) for row in read(keys[start : start + _CHUNK])
    ]


def _decide(facts: Facts, index: _Index) -> Identified:
    hits, doubtful = _hits(facts, index)
    fitting = [hit for hit in hits if not _contradicts(facts, hit)]
    chosen = fitting[0] if fitting else None
    if chosen is None and (bare := _bare_claim(facts, doubtful)):
        return Identified(member_id=bare.pk, evidence=Evidence.PHONE)
    owner = index.unionids.get(blind_index(facts.unionid))
    return Identified(
        member_id=chosen.record.pk if chosen else None,
        evidence=chosen.evidence if chosen else "",
        rivals=_rivals(facts, chosen, hits, doubtful),
        takes_unionid=owner is None or (chosen is not None and owner.pk == chosen.record.pk),
    )


def _hits(facts: Facts, index: _Index) -> tuple[list[_Hit], list[Record]]:
    """(what joins, from strong to weak; records with the phone number that prove nothing)."""
    singles = (
        (index.numbers.get(facts.number), Evidence.NUMBER, "number"),
        (index.unionids.get(blind_index(facts.unionid)), Evidence.UNIONID, "unionid"),
        (index.externals.get(facts.external_userid), Evidence.NUMBER, _EXTERNAL),
        (index.openids.get(blind_index(facts.openid)), Evidence.NUMBER, _OPENID),
    )
    hits = [_Hit(record, kind.value, name) for record, kind, name in singles if record]
    phones = index.phones.get(blind_index(facts.phone), [])
    proven = [row for row in phones if row.phone_verified and facts.phone_verified]
    hits += [_Hit(record, Evidence.PHONE.value, "phone") for record in proven]
    return hits, [row for row in phones if row not in proven]


def _contradicts(facts: Facts, hit: _Hit) -> str:
    """Why the record cannot be the one that the facts are about; '' where it can."""
    if facts.number and hit.record.number and facts.number != hit.record.number:
        return "two_numbers"
    unionid = blind_index(facts.unionid)
    is_weak = hit.name not in {"number", "unionid"}
    if is_weak and unionid and hit.record.unionid_bidx and unionid != hit.record.unionid_bidx:
        return "two_unionids"
    return ""


def _bare_claim(facts: Facts, doubtful: list[Record]) -> Record | None:
    """The record that holds this unproven number and nothing else."""
    if facts.phone_verified or facts.number or facts.unionid:
        return None
    bare = (row for row in doubtful if not (row.phone_verified or row.number or row.unionid_bidx))
    return next(bare, None)


def _rivals(
    facts: Facts, chosen: _Hit | None, hits: list[_Hit], doubtful: list[Record]
) -> tuple[Rival, ...]:
    """The other persons, each once, with the reason that weighs most."""
    own = chosen.record.root if chosen else 0
    found: dict[int, Rival] = {}
    for hit in hits:
        reason = _contradicts(facts, hit) or _between(chosen, hit)
        found.setdefault(hit.record.root, Rival(hit.record.pk, reason))
    for row in doubtful:
        found.setdefault(row.root, Rival(row.pk, "phone_unverified"))
    return tuple(rival for root, rival in found.items() if root != own)


def _between(chosen: _Hit | None, hit: _Hit) -> str:
    """The code of a candidate whose two records were hit by these."""
    if chosen is None or chosen.name == hit.name:
        return f"same_{hit.name}"
    return f"{chosen.name}_and_{hit.name}"


def records_by_unionid(hashes: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Blind index of a unionid → (its record, the root of its person); one query a thousand."""
    return {row.unionid_bidx: (row.pk, row.root) for row in _records("unionid_bidx", set(hashes))}


def same_phones(hashes: Sequence[str]) -> dict[str, list[Record]]:
    """Those of ≤ 1,000 blind indexes of phones that several records have, with these records."""
    living = Member.objects.filter(phone_bidx__in=hashes, erased_at=None).order_by()
    shared = living.values("phone_bidx").annotate(n=Count("pk")).filter(n__gt=1)
    found: dict[str, list[Record]] = defaultdict(list)
    for record in _records("phone_bidx", list(shared.values_list("phone_bidx", flat=True))):
        found[record.phone_bidx].append(record)
    return found


def reason_of_phone(one: Record, other: Record) -> str:
    """The code of a candidate whose two records have the same phone number."""
    if not (one.phone_verified and other.phone_verified):
        return "phone_unverified"
    if one.number and other.number:
        return "two_numbers"
    return "two_unionids" if one.unionid_bidx and other.unionid_bidx else "same_phone"
