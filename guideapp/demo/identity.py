"""Who is who: a mall with its own cards, fans of the official account, and what HQ must decide."""

from datetime import datetime, timedelta
from random import Random

from guideapp.core.fields import blind_index
from guideapp.demo.company import SEED, Company, Person
from guideapp.demo.content import Words
from guideapp.members.models import Consent, Contact, Member, MergeCandidate, OfficialFollower
from guideapp.members.services import (
    identify_contact,
    join,
    link_followers,
    merge_candidate,
    normal_phone,
    open_card,
    save_member,
)
from guideapp.organisation.models import Brand, Store

_MALL = "星河里购物中心"
_DUAL_SHARE = 0.4  # of the members whose guide works in the mall's store
_FAN_SHARE = 0.55
_DORMANT = ("陈橘", "13800005519", "银卡")  # a member from before WeCom, for 用手机号查会员卡


def seed(said: Words, company: Company, *, brand: Brand, at: datetime) -> None:
    """After the members: most of it goes through the same services as a retailer's own data."""
    random = Random(SEED + 7)  # noqa: S311 -- a story, not a secret
    store = Store.objects.get(code=said.stores[0].code)
    store.mall = Brand.objects.get_or_create(name=_MALL, defaults={"is_mall": True})[0]
    store.save(update_fields=["mall", "updated_at"])
    members = _members(company)
    _fans(company, said.brand, at, random)
    _mall_cards(said, company, members, store.mall, at, random)
    name, phone, level = _DORMANT
    dormant = save_member(name=name, phone=phone, home_store=store)
    opened = at - timedelta(days=700)
    open_card(
        member=dormant,
        brand=brand,
        number="HY2024005519",
        level=level,
        points=420,
        opened_at=opened,
    )
    _questions(said, company, store)


def _members(company: Company) -> dict[int, Member]:
    """The record of each member of the plan, by the person's number."""
    by_hash = {member.unionid_bidx: member for member in Member.objects.exclude(unionid_bidx="")}
    return {
        person.number: by_hash[blind_index(person.unionid)]
        for person in company.people
        if person.is_member and blind_index(person.unionid) in by_hash
    }


def _fans(company: Company, account: str, at: datetime, random: Random) -> None:
    fans = []
    for person in company.people:
        if random.random() < _FAN_SHARE or _is_star(company, person):
            openid = f"oFan{person.number:08d}"
            fans.append(
                OfficialFollower(
                    account=account,
                    openid=openid,
                    openid_bidx=blind_index(openid),
                    unionid=person.unionid,
                    unionid_bidx=blind_index(person.unionid),
                    followed_at=at - timedelta(days=random.randrange(20, 900)),
                    source="demo",
                    as_of=at,
                )
            )
    link_followers(OfficialFollower.objects.bulk_create(fans))


def _mall_cards(
    said: Words,
    company: Company,
    members: dict[int, Member],
    mall: Brand,
    at: datetime,
    random: Random,
) -> None:
    """Cards of the mall with a consent of its own; the first customer of the story has one."""
    local = {worker.words.userid for worker in company.workers if worker.store == 0}
    consents = []
    for person in company.people:
        if person.number not in members or person.follows[0].userid not in local:
            continue
        if not _is_star(company, person) and random.random() > _DUAL_SHARE:
            continue
        member = members[person.number]
        opened = at - timedelta(days=random.randrange(60, 800))
        open_card(
            member=member,
            brand=mall,
            number=f"XH{70000000 + person.number * 13:08d}",
            level=random.choice(("普卡", "银卡", "金卡")),
            points=random.randrange(100, 9000),
            opened_at=opened,
        )
        consents.append(
            Consent(
                member=member,
                brand=mall,
                purpose=Consent.Purpose.MEMBERSHIP,
                version="2025-01",
                channel=Consent.Channel.IMPORT,
                given_at=opened,
            )
        )
    Consent.objects.bulk_create(consents, ignore_conflicts=True)


def _questions(said: Words, company: Company, store: Store) -> None:
    """Four that headquarters must look at, and one that it has decided."""
    people = [person for person in company.people[5:] if person.is_member and person.phone]
    for own, other in ((people[0], people[1]), (people[2], people[3])):
        contact = Contact.objects.get(external_userid=own.external_userid)
        identify_contact(contact, phone=normal_phone(other.phone))
    for person in people[4:7]:
        join(store=store, phone=person.phone, agreed=True, purposes=["marketing"])
    asked = MergeCandidate.objects.filter(reason="phone_unverified").order_by("pk").last()
    if asked is not None:
        merge_candidate(asked, by=said.hq_admin.userid, reason="门店电话核对过，是本人")


def _is_star(company: Company, person: Person) -> bool:
    return person.number == company.people[0].number
