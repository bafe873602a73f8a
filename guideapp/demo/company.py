"""The seeded company as a plan: who works where, who follows whom, who is a member.

The same `Random` seed gives the same plan; only the dates move with the day it is made.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from guideapp.demo.content import PersonWords, Words

CUSTOMERS = 600
MEMBERS = 420
SEED = 20261121
DAYS = 90
_FLAVOURS = (0.22, 0.0, 0.14, 0.18)  # of style, size, fabric and relation, by store
_SECOND_FOLLOWER_SHARE = 0.08
_NICKNAME_SHARE = 0.45


@dataclass(frozen=True, slots=True)
class Worker:
    """A person of the company, with the index of their store (None: above stores)."""

    words: PersonWords
    store: int | None
    leads: bool = False


@dataclass(frozen=True, slots=True)
class Following:
    """One guide follows the customer."""

    userid: str
    since: datetime
    add_way: int
    remark: str
    tags: tuple[str, ...]
    state: str = ""


@dataclass(slots=True)
class Person:
    """A customer; `phone` and `level` only for members."""

    number: int
    name: str  # WeChat nickname
    gender: int
    external_userid: str
    unionid: str
    follows: list[Following] = field(default_factory=list)
    full_name: str = ""
    phone: str = ""
    level: str = ""
    member_since: datetime | None = None

    @property
    def is_member(self) -> bool:
        """Holds a card."""
        return bool(self.level)


@dataclass(frozen=True, slots=True)
class Company:
    """The whole plan."""

    workers: list[Worker]
    people: list[Person]

    def guides(self) -> list[Worker]:
        """Those who work in a store."""
        return [worker for worker in self.workers if worker.store is not None]


def plan(words: Words, *, at: datetime, seed: int = SEED) -> Company:
    """The company as it stands at `at`."""
    random = Random(seed)  # noqa: S311 -- a story, not a secret
    workers = _workers(words)
    people = [_person(words, number, random) for number in range(CUSTOMERS)]
    guides = [worker for worker in workers if worker.store is not None]
    for person in people:
        _follow(words, person, guides, at, random)
    for person in random.sample(people[2:], MEMBERS - 1):
        _enrol(words, person, at, random)
    _cast(words, people, at)
    return Company(workers, people)


def _workers(words: Words) -> list[Worker]:
    names = iter(words.guides)
    staff = [
        Worker(next(names), store, leads=place == 0)
        for store, count in enumerate(words.guides_per_store)
        for place in range(count)
    ]
    above = [*words.regional_managers, words.hq_content, words.hq_admin]
    return staff + [Worker(person, None) for person in above]


def _person(words: Words, number: int, random: Random) -> Person:
    full_name = random.choice(words.surnames) + random.choice(words.given)
    nickname = random.choice(words.nicknames)
    name = nickname if random.random() < _NICKNAME_SHARE else full_name
    return Person(
        number=number,
        name=name,
        gender=random.choices((0, 1, 2), (10, 12, 78))[0],
        external_userid=f"wm{_letters(f'customer {number}', 30)}",
        unionid=f"o{_letters(f'union {number}', 27)}",
        full_name=full_name,
    )


def _follow(
    words: Words, person: Person, guides: list[Worker], at: datetime, random: Random
) -> None:
    count = 2 if random.random() < _SECOND_FOLLOWER_SHARE else 1
    # Customers of the first days are many; about three join each day now.
    first = at - timedelta(days=random.triangular(1, 400, 40), minutes=random.randrange(600))
    for place, guide in enumerate(random.sample(guides, count)):
        tags = [random.choice(names) for _group, names in words.tag_groups]
        flavour = _flavour(words, guide, person)
        person.follows.append(
            Following(
                userid=guide.words.userid,
                since=min(first + timedelta(days=20 * place), at - timedelta(hours=30)),
                add_way=random.choices(*zip(*words.add_ways, strict=True))[0],
                remark=person.full_name if random.random() < 0.6 else "",
                tags=tuple(dict.fromkeys([*random.sample(tags, random.randint(0, 3)), *flavour])),
            )
        )


def _flavour(words: Words, guide: Worker, person: Person) -> list[str]:
    """What the people of a store like more than others do: an office district, a family mall."""
    random = Random(f"{SEED} flavour {person.number}")  # noqa: S311 -- beside the other sequence
    store = guide.store or 0
    likings = [names[store % len(names)] for _group, names in words.tag_groups]
    return [
        name for name, share in zip(likings, _FLAVOURS, strict=False) if random.random() < share
    ]


def _enrol(words: Words, person: Person, at: datetime, random: Random) -> None:
    person.phone = f"+861{random.choice('3589')}0{random.randrange(10**8):08d}"
    person.level = random.choices(*zip(*words.levels, strict=True))[0]
    person.member_since = at - timedelta(days=random.randrange(95, 900))


def _cast(words: Words, people: list[Person], at: datetime) -> None:
    """The few whom the README and the pictures name, followed by 林小满."""
    guide = words.guides[1].userid

    def follow(days: float, remark: str, *tags: str) -> list[Following]:
        return [Following(guide, at - timedelta(days=days), 1, remark, tags)]

    member, newcomer = people[0], people[1]
    member.name, member.full_name, member.gender = "周晚晴", "周晚晴", 2
    member.follows = follow(160, "周晚晴", "通勤", "M 码", "羊毛", "怕起球")
    member.phone, member.level = "+8613800002046", "金卡"
    member.member_since = at - timedelta(days=420)
    newcomer.name, newcomer.full_name, newcomer.gender = "橘子汽水", "", 2
    newcomer.follows = follow(1.3, "")
    newcomer.phone = newcomer.level = ""


def _letters(text: str, length: int) -> str:
    """Ids that look like WeCom's and are the same on every machine."""
    digest = hashlib.sha512(text.encode()).digest()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])
