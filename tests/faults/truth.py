"""What WeCom knows against what the product knows, after the last fault: nothing lost or doubled.

WeCom's side is read from the sandbox's own database, the product's from PostgreSQL; neither by
the product's code.
"""

import hashlib
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.house import House

_EVENT_PATH = (
    "guideapp.wecom.inbox.handle_event",
    "guideapp.wecom.outbox.deliver",
    "guideapp.members.services.contacts.refresh_contact",
    "guideapp.members.services.tags.read_tags",
    "guideapp.acquisition.services.outcome.settle_call",
)
# A welcome whose 20 seconds are over: never asked, void (41050), or held back until then.
_TOO_LATE = (None, 41050, -1, 45009)
_CODE = re.compile(r"<WelcomeCode><!\[CDATA\[(.+?)\]\]>")
_WHO = re.compile(r"<UserID><!\[CDATA\[(.+?)\]\]>.*<ExternalUserID><!\[CDATA\[(.+?)\]\]>")


@dataclass
class Verdict:
    """What was compared, and every difference in words; `named` is uncertain or late, but known."""

    compared: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    named: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        """Nothing lost, nothing doubled."""
        return not self.lost and not self.doubled

    def in_words(self) -> str:
        """One line."""
        parts = [f"lost {len(self.lost)}, doubled {len(self.doubled)}"]
        parts += [f"{count} {name}" for name, count in sorted(self.compared.items())]
        parts += [f"{count} {name} (named)" for name, count in sorted(self.named.items())]
        return "; ".join(parts + self.lost[:5] + self.doubled[:5])


def wecom(house: House, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Read the played WeCom's database."""
    connection = sqlite3.connect(f"file:{house.sandbox_database}?mode=ro", uri=True, timeout=20)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def callbacks_under_way(house: House) -> int:
    """Callbacks that WeCom has still to deliver or to repeat."""
    sql = "SELECT count(*) FROM sandbox_callback WHERE state IN ('waiting', 'sending')"
    return int(wecom(house, sql)[0][0])


def work_under_way(house: House) -> int:
    """Jobs of the event path that are not at their end."""
    sql = (
        "SELECT count(*) FROM core_job WHERE state IN ('ready', 'running') AND task = ANY(%s)"
        # A customer whom WeCom left out of its answer is asked for up to four times more.
        " AND NOT (task LIKE '%%refresh_contact' AND attempts = 0"
        " AND coalesce((args->>2)::int, 0) > 0)"
    )
    return int(house.query(sql, list(_EVENT_PATH))[0][0])


def judge(house: House, *, poison: int = 0) -> Verdict:
    """Hold everything against everything."""
    verdict = Verdict()
    _inbox(house, verdict)
    _jobs(house, verdict, poison)
    _slots(house, verdict)
    _welcomes(house, verdict)
    _messages(house, verdict)
    _relations(house, verdict)
    return verdict


def _inbox(house: House, verdict: Verdict) -> None:
    """Acknowledged ⊆ stored, each message one row."""
    stored = Counter(row[0] for row in house.query("SELECT digest FROM wecom_callbackevent"))
    verdict.compared["acknowledged messages"] = len(house.door.acknowledged)
    missing = house.door.acknowledged - set(stored)
    verdict.lost += [f"acknowledged but not stored: {digest[:8]}" for digest in missing]
    twice = [digest for digest, count in stored.items() if count > 1]
    verdict.doubled += [f"stored twice: {digest[:8]}" for digest in twice]


def _jobs(house: House, verdict: Verdict, poison: int) -> None:
    """No job runs without a lease; events are done, except the poison, which is dead."""
    stuck = house.query(
        "SELECT id, task FROM core_job WHERE state = 'running'"
        " AND (lease_until IS NULL OR lease_until < now() - interval '15 seconds')"
    )
    verdict.lost += [f"job {pk} runs without a lease: {task}" for pk, task in stuck]
    states = house.query("SELECT state, count(*) FROM wecom_callbackevent GROUP BY state")
    counts: dict[str, int] = dict(states)
    verdict.compared["events"] = sum(counts.values())
    if (dead := counts.get("dead", 0)) != poison:
        verdict.lost.append(f"{dead} dead events where {poison} were poisoned")
    if pending := counts.get("pending", 0):
        verdict.lost.append(f"{pending} events still pending")
    given_up = house.query(
        "SELECT task, error_class, count(*) FROM core_job WHERE state = 'dead' GROUP BY 1, 2"
    )
    for task, error, count in given_up:
        verdict.named[f"job given up: {task.rsplit('.', 1)[-1]} {error}"] += count


def _slots(house: House, verdict: Verdict) -> None:
    """A slot of the schedule is one row and one job, however many keep the clock."""
    twice = house.query(
        "SELECT name, slot_at, count(*) FROM core_scheduleslot GROUP BY 1, 2 HAVING count(*) > 1"
    )
    verdict.doubled += [f"slot {name} {at}" for name, at, _count in twice]
    task = "guideapp.wecom.tokens.keep_credentials_warm"
    slots = house.query(
        "SELECT count(*) FROM core_scheduleslot WHERE name = %s", "wecom.keep_credentials_warm"
    )
    jobs = house.query("SELECT count(*) FROM core_job WHERE task = %s", task)
    verdict.compared["slots"] += slots[0][0]
    if jobs > slots:
        verdict.doubled.append(f"{jobs[0][0]} jobs for {slots[0][0]} slots")
    if jobs < slots:
        verdict.lost.append(f"{jobs[0][0]} jobs for {slots[0][0]} slots")


def _welcomes(house: House, verdict: Verdict) -> None:
    """One welcome for each code that we were told; uncertain and late ones are named, not lost."""
    verdict.doubled += [
        f"welcome sent {count} times" for count in house.wire.welcomes.values() if count > 1
    ]
    owed = _owed(house)
    codes = dict(wecom(house, "SELECT code, used_at IS NOT NULL FROM sandbox_welcomecode"))
    rows = house.query(
        "SELECT d.code_hash, c.state, c.errcode FROM acquisition_welcomedelivery d"
        " JOIN wecom_outboxcall c ON c.id = d.call_id"
    )
    by_hash = {code_hash: (state, errcode) for code_hash, state, errcode in rows}
    for code, pair in owed.items():
        state, errcode = by_hash.get(hashlib.sha256(code.encode()).hexdigest(), ("", None))
        _welcome(verdict, state, errcode, used=bool(codes.get(code)), ended=_has_ended(house, pair))
    verdict.compared["welcome codes"] = len(owed)
    bubbles = wecom(house, "SELECT count(*) FROM sandbox_chatmessage WHERE source = 'welcome'")
    used = sum(1 for used in codes.values() if used)
    if bubbles[0][0] != used:
        verdict.doubled.append(f"{bubbles[0][0]} welcomes in chats for {used} codes")


def _welcome(verdict: Verdict, state: str, errcode: int | None, *, used: bool, ended: bool) -> None:
    if state == "done":
        verdict.compared["welcomes sent"] += 1
        if not used:
            verdict.lost.append("a welcome is called sent and never arrived")
    elif state == "uncertain":
        verdict.named["welcomes uncertain"] += 1
    elif state == "failed" and errcode == 41051:
        verdict.doubled.append("a welcome was sent to somebody who had it")
    elif state == "failed" and not used and errcode in _TOO_LATE:
        verdict.named["welcomes too late"] += 1
    elif not state and ended:
        verdict.named["customers who left before the greeting"] += 1
    else:
        verdict.lost.append(f"a welcome is {state or 'unknown'} ({errcode}), its code used: {used}")


def _messages(house: House, verdict: Verdict) -> None:
    """Prompts to guides, by WeCom's id: each arrived once; one without an answer is uncertain."""
    rows = house.query(
        "SELECT state, answer ->> 'msgid' FROM wecom_outboxcall WHERE kind LIKE 'message%%'"
    )
    states = Counter(state for state, _msgid in rows)
    told = Counter(msgid for state, msgid in rows if state == "done")
    arrived = {msgid for (msgid,) in wecom(house, "SELECT msgid FROM sandbox_appmessage")}
    verdict.compared["prompts sent"] = states["done"]
    for state in ("uncertain", "failed"):
        if states[state]:
            verdict.named[f"prompts {state}"] += states[state]
    verdict.lost += [f"a prompt called sent never arrived: {one}" for one in set(told) - arrived]
    verdict.doubled += [f"one prompt for two: {one}" for one, count in told.items() if count > 1]
    if len(arrived - set(told)) > states["uncertain"]:
        verdict.doubled.append(
            f"{len(arrived - set(told))} prompts arrived besides, {states['uncertain']} uncertain"
        )


def _owed(house: House) -> dict[str, tuple[str, str]]:
    """Welcome code → (userid, external_userid) of every acknowledged event."""
    owed = {}
    for (plain,) in wecom(house, "SELECT plain FROM sandbox_callback"):
        digest = hashlib.sha256(plain.encode()).hexdigest()
        code, who = _CODE.search(plain), _WHO.search(plain)
        if code and who and digest in house.door.acknowledged:
            owed[code[1]] = (who[1], who[2])
    return owed


def _has_ended(house: House, pair: tuple[str, str]) -> bool:
    ended = house.query(
        "SELECT 1 FROM members_followrelation f JOIN organisation_guide g ON g.id = f.guide_id"
        " JOIN members_contact c ON c.id = f.contact_id WHERE f.ended_at IS NOT NULL"
        " AND g.userid = %s AND c.external_userid = %s",
        *pair,
    )
    return bool(ended)


def _relations(house: House, verdict: Verdict) -> None:
    """Who follows whom, remarks and tags are the same on both sides."""
    verdict.compared["relations"] = len(_theirs(house))
    verdict.lost += differences(house)
    twice = house.query(
        "SELECT key, count(*) FROM members_timelineevent GROUP BY key HAVING count(*) > 1"
    )
    verdict.doubled += [f"timeline: {key}" for key, _count in twice]


def differences(house: House) -> list[str]:
    """Relations that differ in their being, their remark or their tags, in words."""
    theirs, ours = _theirs(house), _ours(house)
    words = [f"relation unknown to us: {pair}" for pair in theirs.keys() - ours.keys()]
    words += [f"relation that has ended: {pair}" for pair in ours.keys() - theirs.keys()]
    return words + [
        f"{pair}: {theirs[pair]} is {ours[pair]} with us"
        for pair in theirs.keys() & ours.keys()
        if theirs[pair] != ours[pair]
    ]


def _theirs(house: House) -> dict[tuple[str, str], tuple[str, frozenset[str]]]:
    """WeCom's standing relations: (remark, tags). Who left is proven by the event alone, so an end
    that we were never told of does not count as one."""
    tags: dict[int, set[str]] = {}
    for follow, tag in wecom(
        house,
        "SELECT ft.follow_id, t.tag_id FROM sandbox_follow_tags ft"
        " JOIN sandbox_corptag t ON t.id = ft.corptag_id",
    ):
        tags.setdefault(follow, set()).add(tag)
    told = _told_ends(house)
    rows = wecom(
        house,
        "SELECT f.id, u.userid, c.external_userid, f.remark, f.customer_left_at IS NOT NULL"
        " FROM sandbox_follow f JOIN sandbox_user u ON u.id = f.user_id"
        " JOIN sandbox_customer c ON c.id = f.customer_id WHERE f.deleted_at IS NULL",
    )
    return {
        (userid, customer): (remark, frozenset(tags.get(pk, ())))
        for pk, userid, customer, remark, left in rows
        if not (left and (userid, customer) in told)
    }


def _told_ends(house: House) -> set[tuple[str, str]]:
    """Pairs whose newest end by the customer was acknowledged."""
    told: dict[tuple[str, str], bool] = {}
    ends = "SELECT plain FROM sandbox_callback WHERE change_type = 'del_follow_user' ORDER BY id"
    for (plain,) in wecom(house, ends):
        if who := _WHO.search(plain):
            digest = hashlib.sha256(plain.encode()).hexdigest()
            told[who[1], who[2]] = digest in house.door.acknowledged
    return {pair for pair, was_told in told.items() if was_told}


def _ours(house: House) -> dict[tuple[str, str], tuple[str, frozenset[str]]]:
    rows = house.query(
        "SELECT g.userid, c.external_userid, f.remark,"
        " array_remove(array_agg(t.wecom_id), NULL) FROM members_followrelation f"
        " JOIN organisation_guide g ON g.id = f.guide_id"
        " JOIN members_contact c ON c.id = f.contact_id"
        " LEFT JOIN members_tagmark m ON m.follow_id = f.id AND m.removed_at IS NULL"
        " LEFT JOIN members_tag t ON t.id = m.tag_id"
        " WHERE f.ended_at IS NULL GROUP BY f.id, g.userid, c.external_userid, f.remark"
    )
    return {(userid, who): (remark, frozenset(tags)) for userid, who, remark, tags in rows}
