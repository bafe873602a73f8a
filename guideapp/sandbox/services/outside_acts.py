"""Acts in groups, campaigns and the app by name, for `events`.

group_create        owner, name, members        group_dismiss     chat_id
group_join          chat_id, people, scene (1 invited, 2 link, 3 QR), state, invitor
group_leave         chat_id, people, removed    group_edit        chat_id, name, notice
group_owner         chat_id, userid             group_admins      chat_id, userids (no event)
join_way_scan       config_id, external_userid | name
mass_confirm        msgid, userid, only         (no event, nor for the next seven)
mass_personal       userid, text, external_userids | chat_ids
moment_publish      moment_id, userid, external_userids
moment_personal     userid, text                moment_delete     moment_id
moment_like, moment_comment                     moment_id, userid, person
campaign_rules      mass_limit, dispatch_seconds, …  (models.campaigns.CampaignRules)
console_welcome     userid, on: no WelcomeCode  other_app_welcome userid, external_userid,
                                                                  seconds, fails
enter_agent         userid                      app_subscribe     userid, on
app_menu            userid, key                 app_scan          userid, key, text, waits
app_location        userid, latitude, longitude, precision
app_closed          on                          app_message       userid, msgtype, content
card_press          userid, msgid, key, selected, menu            domain_ip_change
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from guideapp.sandbox.models import Customer, GroupChat
from guideapp.sandbox.models.campaigns import (
    MassMessage,
    MassTask,
    Moment,
    MomentReaction,
    MomentTask,
)
from guideapp.sandbox.services import (
    app_events,
    campaign_rules,
    group_chats,
    join_ways,
    mass_messages,
    moments,
    welcome,
)

type Outcome = dict[str, Any]


def _act(
    act: Callable[..., Any], tell: Callable[[Any], Outcome] | None = None
) -> Callable[..., Outcome]:
    """`act` with its own arguments; `tell` makes an outcome of what it returns."""

    @wraps(act)
    def run(**data: Any) -> Outcome:
        done = act(**data)
        return tell(done) if tell else {}

    return run


def _group(group: GroupChat) -> Outcome:
    return {"chat_id": group.chat_id, "member_version": group.version}


def _joined(joined: tuple[GroupChat, Customer]) -> Outcome:
    return _group(joined[0]) | {"external_userid": joined[1].external_userid}


def _sent(task: MassTask) -> Outcome:
    return {"targets": dict(task.targets.values_list("target", "status"))}


def _mass(message: MassMessage) -> Outcome:
    return {"msgid": message.msgid}


def _published(task: MomentTask) -> Outcome:
    return {"customers": task.customers}


def _moment(row: Moment) -> Outcome:
    return {"moment_id": row.moment_id}


def _pressed(code: str) -> Outcome:
    return {"response_code": code}


_like = partial(moments.react, kind=MomentReaction.Kind.LIKE)
_comment = partial(moments.react, kind=MomentReaction.Kind.COMMENT)

ACTS: dict[str, Callable[..., Outcome]] = {
    "group_create": _act(group_chats.found, _group),
    "group_dismiss": _act(group_chats.dismiss),
    "group_join": _act(group_chats.join, _group),
    "group_leave": _act(group_chats.leave, _group),
    "group_edit": _act(group_chats.edit, _group),
    "group_owner": _act(group_chats.change_owner, _group),
    "group_admins": _act(group_chats.set_admins, _group),
    "join_way_scan": _act(join_ways.scan, _joined),
    "mass_confirm": _act(mass_messages.confirm, _sent),
    "mass_personal": _act(mass_messages.send_personal, _mass),
    "moment_publish": _act(moments.publish, _published),
    "moment_personal": _act(moments.publish_personal, _moment),
    "moment_like": _act(_like),
    "moment_comment": _act(_comment),
    "moment_delete": _act(moments.delete),
    "campaign_rules": campaign_rules.change,
    "console_welcome": _act(welcome.console_greets),
    "other_app_welcome": _act(welcome.other_app_sends),
    "enter_agent": _act(app_events.enter),
    "app_subscribe": _act(app_events.subscribe),
    "app_menu": _act(app_events.use_menu),
    "app_location": _act(app_events.report_location),
    "app_scan": _act(app_events.scan),
    "app_closed": _act(app_events.close),
    "app_message": _act(app_events.write),
    "card_press": _act(app_events.press_card, _pressed),
    "domain_ip_change": _act(app_events.change_addresses),
}
