"""Fill the played WeCom from a scenario, a JSON file in `sandbox/scenarios/`.

    {"corp": {"name": "…", "unionid_bound": true, "privacy": true, "tells_api_changes": false,
              "member_fields": ["工号"], "short_names": [], "channels": []},
     "apps": [{"slug": "second", "name": "…", "agent_id": 0, "callable": false, "departments": [],
               "trusted_ips": []}],
     "departments": [{"id": 1, "name": "…", "parent": 0, "order": 0, "name_en": ""}],
     "users": [{"userid": "…", "name": "…", "departments": [2, {"id": 3, "leader": true}],
                "position": "导购", "gender": "2", "mobile": "", "email": "", "alias": "",
                "external_position": "", "extattr": [], "status": 1,
                "contact_right": true, "in_scope": true}],
     "acquisition_quota": [[uses, days until they end]],
     "tag_groups": [{"name": "…", "id": "", "order": 0, "by_app": false,
                     "tags": ["金卡", {"name": "银卡", "id": "", "order": 0}]}],
     "customers": [{"key": "zhou", "external_userid": "", "name": "…", "gender": 2,
                    "unionid": "", "type": 1, "avatar": "", "corp_name": "",
                    "follows": [["userid", "remark", createtime, add_way, "state", ["金卡"]]]}],
     "groups": [{"key": "vip", "name": "…", "owner": "userid", "members": ["userid", "zhou"],
                 "notice": "", "createtime": 0}],
     "messages": [["userid", "zhou", "user" or "customer", at, "text"]]}

`apps` changes the four that every company has (config.py) or adds some; a secret is made from the
slug. Every part but `corp`, `departments` and `users` may be left out, and every key that has a
default above. Ids that are empty are derived from `key` or name, so the same file gives the same
ids. A tag is named by its id, its name, or "group/name" where a name is in two groups. A customer
is named by key or id. Times (`createtime`, `at`) above 0 are unix seconds; 0 and below are
seconds relative to the moment of loading.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from guideapp.core.clock import day_of
from guideapp.sandbox import config
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import (
    App,
    AppMessage,
    Callback,
    ChatMessage,
    Corp,
    CorpTag,
    CorpTagGroup,
    Customer,
    Department,
    Follow,
    FrameConfig,
    GroupChat,
    OAuthCode,
    User,
    WelcomeCode,
    WireLog,
)
from guideapp.sandbox.models.acquisition import AcquisitionLink, AcquisitionQuota
from guideapp.sandbox.models.activity import Activity
from guideapp.sandbox.models.address_book import BatchJob, MemberTag
from guideapp.sandbox.models.campaigns import CampaignRules, MassMessage, Moment
from guideapp.sandbox.models.contact_ways import ContactWay
from guideapp.sandbox.models.control import CallLimit, Fault, PostedScenario
from guideapp.sandbox.models.groups import JoinWay
from guideapp.sandbox.models.library import GroupWelcome, InterceptRule, Product
from guideapp.sandbox.models.strategies import PendingId, Strategy
from guideapp.sandbox.models.transfers import GroupTransfer
from guideapp.sandbox.services import group_chats, ids, limits
from guideapp.sandbox.services.directory import department_entries

POSTED = "posted"  # the name of a scenario that came as a document
FOLDER = Path(__file__).resolve().parent.parent / "scenarios"
_NAME = re.compile(r"[a-z0-9_-]{1,64}")
_SENSELESS = (LookupError, TypeError, ValueError, AttributeError, DatabaseError, ValidationError)
# Children first. Tokens, tickets and uploads stay: they belong to the app that holds them.
_EMPTIED = (
    Fault,
    CallLimit,
    WireLog,
    FrameConfig,
    Callback,
    WelcomeCode,
    OAuthCode,
    AppMessage,
    ChatMessage,
    GroupChat,
    JoinWay,
    CampaignRules,
    MassMessage,
    Moment,
    GroupWelcome,
    Product,
    InterceptRule,
    ContactWay,
    AcquisitionLink,
    AcquisitionQuota,
    GroupTransfer,
    Strategy,
    PendingId,
    BatchJob,
    MemberTag,
    Follow,
    CorpTag,
    CorpTagGroup,
    Customer,
    User,
    Department,
    App,
    Corp,
)


def load_scenario(name: str) -> Corp:
    """Replace the company by the scenario file `name`. Raises UnknownEvent when there is none."""
    path = FOLDER / f"{name}.json"
    if not _NAME.fullmatch(name) or not path.exists():
        raise UnknownEvent(f"unknown scenario: {name}")
    return load_data(json.loads(path.read_text(encoding="utf-8")), name=name)


def load_document(document: dict[str, Any]) -> Corp:
    """Replace the company by a scenario that came as a document; a reset begins from it again.

    Raises UnknownEvent, and leaves everything as it was, where the document makes no sense.
    """
    try:
        with transaction.atomic():
            corp = load_data(document, name=POSTED)
            PostedScenario.objects.all().delete()
            PostedScenario.objects.create(document=document)
    except _SENSELESS as error:
        words = f"{type(error).__name__}: {error}"[:200]
        raise UnknownEvent(f"the scenario document makes no sense ({words})") from error
    return corp


def reset(name: str = "") -> Corp:
    """Start anew from the scenario `name`, by default the one loaded last."""
    corp = Corp.objects.first()
    wanted = name or (corp.scenario if corp else "small")
    posted = PostedScenario.objects.first() if wanted == POSTED else None
    return load_document(posted.document) if posted else load_scenario(wanted)


@transaction.atomic
def load_data(data: dict[str, Any], *, name: str = "") -> Corp:
    """Replace the company by `data` (shape above). `name` is what `reset` loads again."""
    for model in _EMPTIED:
        model.objects.all().delete()
    limits.forget()
    moment = now()  # the company is gone and with it the time that was advanced
    _load_apps(data.get("apps", []))
    corp = _load_corp(data, name, moment)
    for uses, days in data.get("acquisition_quota", [[1000, 365]]):
        last = day_of(moment) + timedelta(days=days)
        AcquisitionQuota.objects.create(bought=uses, balance=uses, expires_on=last)
    _load_departments(data["departments"])
    users = _load_users(data["users"])
    tags = _load_tags(data.get("tag_groups", []), moment)
    customers = _load_customers(data.get("customers", []))
    _load_follows(data.get("customers", []), users, customers, tags, moment)
    _load_groups(data.get("groups", []), users, customers, moment)
    _load_messages(data.get("messages", []), users, customers, moment)
    return corp


def _load_apps(rows: list[dict[str, Any]]) -> None:
    standing: list[dict[str, Any]] = [
        {"slug": config.MAIN, "kind": App.Kind.APP, "name": "导购台"},
        {"slug": config.SYNC, "kind": App.Kind.CONTACTS, "name": "通讯录同步"},
        {"slug": config.CUSTOMER, "kind": App.Kind.CUSTOMER, "name": "客户联系"},
        {"slug": config.SECOND, "kind": App.Kind.APP, "name": "巡店", "callable": False},
    ]
    apps = {row["slug"]: row for row in standing}
    for row in rows:
        apps[row["slug"]] = {"kind": App.Kind.APP} | apps.get(row["slug"], {}) | row
    for row in apps.values():
        App.objects.create(**row)


def _load_corp(data: dict[str, Any], scenario: str, moment: datetime) -> Corp:
    given = data["corp"]
    attributes = [entry["name"] for row in data["users"] for entry in row.get("extattr", [])]
    return Corp.objects.create(
        name=given["name"],
        scenario=scenario,
        loaded_at=moment,
        unionid_bound=given.get("unionid_bound", True),
        privacy=given.get("privacy", True),
        tells_api_changes=given.get("tells_api_changes", False),
        member_fields=given.get("member_fields", list(dict.fromkeys(attributes))),
        short_names=given.get("short_names", [given["name"]]),
        channels=given.get("channels", [f"{given['name']}视频号"]),
    )


def _load_departments(rows: list[dict[str, Any]]) -> None:
    Department.objects.bulk_create(
        Department(
            id=row["id"],
            name=row["name"],
            name_en=row.get("name_en", ""),
            parent_id=row.get("parent", 0),
            order=row.get("order", 0),
        )
        for row in rows
    )


def _load_users(rows: list[dict[str, Any]]) -> dict[str, User]:
    texts = ("alias", "position", "external_position", "mobile", "email")
    made = User.objects.bulk_create(
        User(
            userid=row["userid"],
            folded=row["userid"].lower(),
            name=row["name"],
            gender=row.get("gender", "0"),
            departments=department_entries(row["departments"]),
            extattr=row.get("extattr", []),
            status=row.get("status", User.Status.ACTIVE),
            contact_right=row.get("contact_right", True),
            in_scope=row.get("in_scope", True),
            **{field: row.get(field, "") for field in texts},
        )
        for row in rows
    )
    return {user.userid: user for user in made}


def _load_tags(rows: list[dict[str, Any]], moment: datetime) -> dict[str, CorpTag]:
    groups = CorpTagGroup.objects.bulk_create(
        CorpTagGroup(
            group_id=row.get("id") or ids.tag_id(f"group/{row['name']}"),
            name=row["name"],
            order=row.get("order", 0),
            by_app=row.get("by_app", False),
            created_at=moment,
        )
        for row in rows
    )
    tags = []
    for row, group in zip(rows, groups, strict=True):
        for entry in row["tags"]:
            tag = {"name": entry} if isinstance(entry, str) else entry
            tags.append(
                CorpTag(
                    tag_id=tag.get("id") or ids.tag_id(f"{row['name']}/{tag['name']}"),
                    group=group,
                    name=tag["name"],
                    order=tag.get("order", 0),
                    by_app=group.by_app,
                    created_at=moment,
                )
            )
    named: dict[str, CorpTag] = {}
    for made in CorpTag.objects.bulk_create(tags):
        named |= {made.tag_id: made, made.name: made, f"{made.group.name}/{made.name}": made}
    return named


def _load_customers(rows: list[dict[str, Any]]) -> dict[str, Customer]:
    named = {}
    for row in rows:
        kind = row.get("type", 1)
        given = row.get("external_userid") or ids.external_userid(row["key"], kind=kind)
        named[row.get("key") or given] = Customer(
            external_userid=given,
            name=row["name"],
            avatar=row.get("avatar", ""),
            gender=row.get("gender", 0),
            unionid=row.get("unionid", ids.unionid(given)) if kind == 1 else "",
            type=kind,
            corp_name=row.get("corp_name", ""),
        )
    Customer.objects.bulk_create(named.values())
    return named | {customer.external_userid: customer for customer in named.values()}


def _load_follows(
    rows: list[dict[str, Any]],
    users: dict[str, User],
    customers: dict[str, Customer],
    tags: dict[str, CorpTag],
    moment: datetime,
) -> None:
    follows, tagged = [], []
    for row in rows:
        customer = customers[row.get("key") or row["external_userid"]]
        for userid, remark, created, add_way, state, names in row.get("follows", []):
            follows.append(
                Follow(
                    user=users[userid],
                    customer=customer,
                    remark=remark,
                    created_at=_moment(created, moment),
                    add_way=add_way,
                    state=state,
                    oper_userid=customer.external_userid if add_way == 1 else userid,
                )
            )
            tagged.append([tags[name] for name in names])
    link = Follow.tags.through
    made = Follow.objects.bulk_create(follows, batch_size=500)
    Activity.objects.bulk_create(
        (Activity(kind=Activity.Kind.CONTACT, user=row.user, at=row.created_at) for row in made),
        batch_size=500,
    )
    link.objects.bulk_create(
        (
            link(follow_id=follow.pk, corptag_id=tag.pk)
            for follow, of_follow in zip(made, tagged, strict=True)
            for tag in of_follow
        ),
        batch_size=500,
    )


def _load_groups(
    rows: list[dict[str, Any]],
    users: dict[str, User],
    customers: dict[str, Customer],
    moment: datetime,
) -> None:
    for row in rows:
        group_chats.restore(
            chat_id=row.get("chat_id") or ids.chat_id(row["key"]),
            name=row["name"],
            notice=row.get("notice", ""),
            owner=users[row["owner"]],
            created_at=_moment(row.get("createtime", 0), moment),
            members=[users.get(name) or customers[name] for name in row.get("members", [])],
        )


def _load_messages(
    rows: list[list[Any]],
    users: dict[str, User],
    customers: dict[str, Customer],
    moment: datetime,
) -> None:
    ChatMessage.objects.bulk_create(
        (
            ChatMessage(
                user=users[userid],
                customer=customers[customer],
                sender=sender,
                source=ChatMessage.Source.TYPED,
                msgtype="text",
                payload={"content": text},
                created_at=_moment(at, moment),
            )
            for userid, customer, sender, at, text in rows
        ),
        batch_size=500,
    )


def _moment(seconds: int, loaded: datetime) -> datetime:
    if seconds > 0:
        return datetime.fromtimestamp(seconds, UTC)
    return loaded + timedelta(seconds=seconds)
