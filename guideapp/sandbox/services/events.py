"""The acts of `services` by name, for POST /sandbox/control/events and for tests.

`{"type": <name>, …}` with the keyword arguments of the act. The names are WeCom's change types
where the act raises an event, and our own words otherwise.

    add_external_contact        userid, external_userid | name, state, add_way, welcome,
                                unreadable_seconds, by ("customer" | "user")
    add_half_external_contact   the same
    edit_external_contact       userid, external_userid, remark, description, mobiles, add_tags,
                                remove_tags
    del_external_contact        userid, external_userid, by_transfer
    del_follow_user             userid, external_userid
    transfer_fail               userid, external_userid, reason
    msg_audit_approved          userid, external_userid
    create_user, update_user    userid, name, departments, …; update_user also new_userid
    delete_user                 userid
    create_party, update_party, delete_party    id, name, parent_id
    member_tag                  id, name, add, remove (userids; told as update_tag)
    create_tag                  group_name, names
    update_tag, delete_tag      id, name; id
    shuffle_tags                id, tag_ids
    scan                        config_id | qr_code, external_userid | unionid | name
    link_click                  link_id | url, customer_channel, external_userid | unionid | name,
                                adds, profile_told
    link_delete, link_unavailable   link_id
    link_quota                  uses, days
    transfer_refuse             external_userid, takeover
    customer_message            userid, external_userid, text   (told of customers of links only)
    user_message                userid, external_userid | chat_id, text   (told to nobody)
    client_switch               value (Corp.ClientSwitch)
    app_switch                  slug, callable, enabled, trusted_ips, departments → agentid, secret
    corp_switch                 privacy, unionid_bound, tells_api_changes, contact_way_quota,
                                member_fields, short_names, channels
    expire_tokens, forget_tokens    42001, 40014 from now on
    verify_callback             WeCom's GET check of the callback address

Acts in groups, campaigns and the app stand in outside_acts.py.
"""

import inspect
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import ChatMessage, Corp, Follow
from guideapp.sandbox.services import (
    acquisition,
    acquisition_quota,
    callbacks,
    chat,
    contact_ways,
    directory,
    link_customers,
    member_tags,
    outside_acts,
    relations,
    switches,
    tags,
    tokens,
    transfers,
)

type Outcome = dict[str, Any]


def raise_event(type: str, data: dict[str, Any], *, origin: str = "") -> Outcome:
    """Do the act `type` with `data` and say what became of it.

    Raises UnknownEvent for an unknown name, an unknown id, or a missing or surplus argument.
    """
    act = _ACTS.get(type)
    if act is None:
        raise UnknownEvent(f"unknown event: {type}")
    takes = inspect.signature(act).parameters
    given = data | ({"origin": origin} if "origin" in takes else {})
    try:
        inspect.signature(act).bind(**given)
    except TypeError as error:
        raise UnknownEvent(f"{type}: {error}") from None
    return act(**given)


def _add(
    *,
    userid: str,
    external_userid: str = "",
    name: str = "",
    by: str = "customer",
    origin: str = "",
    **more: Any,
) -> Outcome:
    """`name` alone makes a person nobody knew."""
    if not external_userid:
        external_userid = relations.new_customer(name=name or "微信用户").external_userid
    act = relations.guide_adds if by == "user" else relations.customer_adds
    _pairwise(act)(userid=userid, external_userid=external_userid, origin=origin, **more)
    return {"userid": userid, "external_userid": external_userid}


def _add_half(**data: Any) -> Outcome:
    return _add(**data, half=True)


def _pairwise(act: Callable[..., Any]) -> Callable[..., Outcome]:
    """An act on (userid, external_userid) whose outcome is the pair."""

    def run(*, userid: str, external_userid: str, origin: str = "", **more: Any) -> Outcome:
        act(userid=userid, external_userid=external_userid, origin=origin, **_only(act, more))
        return {"userid": userid, "external_userid": external_userid}

    return run


def _plain(act: Callable[..., Any]) -> Callable[..., Outcome]:
    """An act whose outcome is nothing but itself."""

    def run(*, origin: str = "", **data: Any) -> Outcome:
        act(origin=origin, **_only(act, data))
        return {}

    return run


def _says(act: Callable[..., ChatMessage]) -> Callable[..., Outcome]:
    def run(*, origin: str = "", **data: Any) -> Outcome:
        told = {"origin": origin} if "origin" in inspect.signature(act).parameters else {}
        return {"message": chat.as_json(act(**_only(act, data), **told))}

    return run


def _comes(act: Callable[..., Follow | None]) -> Callable[..., Outcome]:
    """An act by which a customer may add somebody; the outcome says whom."""

    def run(*, origin: str = "", **data: Any) -> Outcome:
        follow = act(origin=origin, **_only(act, data))
        if follow is None:
            return {"added": False}
        external_userid = follow.customer.external_userid
        return {"added": True, "userid": follow.user.userid, "external_userid": external_userid}

    return run


def _client_switch(*, value: str = "") -> Outcome:
    if value not in Corp.ClientSwitch.values:
        raise UnknownEvent(f"unknown switch: {value}")
    Corp.objects.update(client_switch=value)
    return {"client_switch": value}


def _verify(*, origin: str = "") -> Outcome:
    return asdict(callbacks.verify(origin))


def _only(act: Callable[..., Any], data: dict[str, Any]) -> dict[str, Any]:
    """`data` when `act` takes all of it. Raises UnknownEvent for a surplus or missing key."""
    takes = inspect.signature(act).parameters
    open_ended = any(taken.kind is taken.VAR_KEYWORD for taken in takes.values())
    surplus = set() if open_ended else set(data) - set(takes)
    given = {"userid", "external_userid", "origin"} | set(data)
    needed = {name for name, taken in takes.items() if taken.default is taken.empty}
    missing = {
        name for name in needed - given if takes[name].kind is inspect.Parameter.KEYWORD_ONLY
    }
    if surplus or missing:
        raise UnknownEvent(f"surplus {sorted(surplus)}, missing {sorted(missing)}")
    return data


_ACTS: dict[str, Callable[..., Outcome]] = {
    "add_external_contact": _add,
    "add_half_external_contact": _add_half,
    "edit_external_contact": _pairwise(relations.guide_edits),
    "del_external_contact": _pairwise(relations.guide_deletes),
    "del_follow_user": _pairwise(relations.customer_deletes),
    "transfer_fail": _pairwise(relations.transfer_fails),
    "msg_audit_approved": _pairwise(relations.agrees_to_archive),
    "create_user": _plain(directory.create_user),
    "update_user": _plain(directory.update_user),
    "delete_user": _plain(directory.delete_user),
    "create_party": _plain(directory.create_department),
    "update_party": _plain(directory.update_department),
    "delete_party": _plain(directory.delete_department),
    "member_tag": _plain(member_tags.console_changes),
    "create_tag": _plain(tags.console_creates),
    "update_tag": _plain(tags.console_updates),
    "delete_tag": _plain(tags.console_deletes),
    "shuffle_tags": _plain(tags.console_shuffles),
    "scan": _comes(contact_ways.scan),
    "link_click": _comes(link_customers.click),
    "link_delete": _plain(acquisition.console_deletes),
    "link_unavailable": _plain(acquisition.becomes_unavailable),
    "link_quota": _plain(acquisition_quota.buy),
    "transfer_refuse": _plain(transfers.refuse),
    "customer_message": _says(chat.customer_says),
    "user_message": _says(chat.guide_says),
    "client_switch": _client_switch,
    "app_switch": switches.set_app,
    "corp_switch": switches.set_company,
    "expire_tokens": lambda: {"tokens": tokens.expire_tokens()},
    "forget_tokens": lambda: {"tokens": tokens.forget_tokens()},
    "verify_callback": _verify,
    **outside_acts.ACTS,
}
