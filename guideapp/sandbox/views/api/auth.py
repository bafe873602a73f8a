"""Tokens, tickets, who is behind a code, and the addresses that callbacks come from."""

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Ticket
from guideapp.sandbox.services import oauth, tokens
from guideapp.sandbox.views.api.registry import APP, BOTH, NOBODY, Answer, ApiCall, endpoint


@endpoint("gettoken", kinds=NOBODY)
def gettoken(call: ApiCall) -> Answer:
    """Part 1 §2.1."""
    corp_id, secret = call.text("corpid"), call.text("corpsecret")
    if not corp_id:
        raise Refused(41002)
    if not secret:
        raise Refused(41004)
    token, expires_in = tokens.issue(corp_id, secret)
    return {"access_token": token, "expires_in": expires_in}


@endpoint("get_jsapi_ticket", kinds=APP)
def corp_ticket(call: ApiCall) -> Answer:
    """Part 1 §2.2."""
    value, expires_in = tokens.ticket(Ticket.Kind.CORP)
    return {"ticket": value, "expires_in": expires_in}


@endpoint("ticket/get", kinds=APP)
def app_ticket(call: ApiCall) -> Answer:
    """Part 1 §2.3; any type but agent_config is 91040."""
    if call.text("type") != "agent_config":
        raise Refused(91040)
    value, expires_in = tokens.ticket(Ticket.Kind.APP)
    return {"ticket": value, "expires_in": expires_in}


@endpoint("auth/getuserinfo", kinds=APP)
def getuserinfo(call: ApiCall) -> Answer:
    """Part 1 §3.3: a member gets a userid, anybody else an openid."""
    row = oauth.redeem(call.text("code"))
    if row.userid:
        return {"userid": row.userid}
    return {"openid": f"o{row.external_userid[2:29]}", "external_userid": row.external_userid}


@endpoint("user/getuserinfo", kinds=APP)
def getuserinfo_before(call: ApiCall) -> Answer:
    """The old path, in CamelCase."""
    row = oauth.redeem(call.text("code"))
    if row.userid:
        return {"UserId": row.userid, "DeviceId": ""}
    return {"OpenId": f"o{row.external_userid[2:29]}", "external_userid": row.external_userid}


@endpoint("getcallbackip", kinds=BOTH, errmsg=None)
def callback_ips(call: ApiCall) -> Answer:
    """Part 1 §2.5; callbacks come from this machine."""
    return {"ip_list": ["127.0.0.1"]}
