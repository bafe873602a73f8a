"""The app itself: its visible range, its settings, its menu (part 1 §13)."""

from typing import Any

from guideapp.sandbox import config
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App
from guideapp.sandbox.services import menus, scope
from guideapp.sandbox.views.api.registry import APP, Answer, ApiCall, endpoint

_TEXTS = ("name", "description", "redirect_domain", "home_url", "logo_mediaid")
_FLAGS = ("report_location_flag", "isreportenter")


@endpoint("agent/get", kinds=APP)
def agent_get(call: ApiCall) -> Answer:
    """allow_userinfos and allow_partys are the visible range."""
    app = _own(call)
    written = app.settings
    shown: dict[str, Any] = {
        "agentid": config.agent_id_of(app),
        "name": written.get("name", app.name),
        "square_logo_url": "https://p.qpic.cn/bizmail/app/0",
        "description": written.get("description", ""),
        "close": int(not app.enabled),
        "redirect_domain": written.get("redirect_domain", ""),
        "report_location_flag": written.get("report_location_flag", 0),
        "isreportenter": written.get("isreportenter", 0),
        "home_url": written.get("home_url", ""),
        "customized_publish_status": 0,
    }
    if app.departments:
        return shown | {"allow_partys": {"partyid": app.departments}}
    seen = scope.users_of(app).order_by("id").values_list("userid", flat=True)
    return shown | {"allow_userinfos": {"user": [{"userid": userid} for userid in seen]}}


@endpoint("agent/list", kinds=APP)
def agent_list(call: ApiCall) -> Answer:
    """Only the app whose token it is."""
    app = call.app
    name = app.settings.get("name", app.name)
    logo = "https://p.qpic.cn/bizmail/app/0"
    row = {"agentid": config.agent_id_of(app), "name": name, "square_logo_url": logo}
    return {"agentlist": [row]}


@endpoint("agent/set", kinds=APP)
def agent_set(call: ApiCall) -> Answer:
    """What is not sent stays."""
    app = _own(call)
    given: dict[str, Any] = {name: call.text(name) for name in _TEXTS if call.given(name)}
    given |= {name: call.integer(name) for name in _FLAGS if call.given(name)}
    if not 1 <= len(given.get("name", "x")) <= 32:
        raise Refused(40058, "name")
    if not 4 <= len(given.get("description", "xxxx")) <= 120:
        raise Refused(40058, "description")
    app.settings = app.settings | given
    app.save(update_fields=["settings"])
    return {}


@endpoint("menu/create", kinds=APP)
def menu_create(call: ApiCall) -> Answer:
    """The whole menu at once."""
    app = _own(call)
    app.menu = menus.checked(call.typed("button", list) or [])
    app.save(update_fields=["menu"])
    return {}


@endpoint("menu/get", kinds=APP)
def menu_get(call: ApiCall) -> Answer:
    """46003 before there is one."""
    app = _own(call)
    if not app.menu:
        raise Refused(46003)
    return {"button": app.menu}


@endpoint("menu/delete", kinds=APP)
def menu_delete(call: ApiCall) -> Answer:
    """The app has no menu then."""
    app = _own(call)
    app.menu = []
    app.save(update_fields=["menu"])
    return {}


def _own(call: ApiCall) -> App:
    """The app of the token, when agentid names it. Raises Refused 40056, 301002."""
    agent_id = call.integer("agentid")
    if not agent_id:
        raise Refused(40056)
    if agent_id != config.agent_id_of(call.app):
        raise Refused(301002)
    return call.app
