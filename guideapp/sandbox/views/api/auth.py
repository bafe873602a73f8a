"""Tokens, tickets, who is behind a code, and the addresses that callbacks come from."""

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, Follow, OAuthCode, Ticket
from guideapp.sandbox.services import members, oauth, scope, tokens
from guideapp.sandbox.views.api.registry import ALL, APP, BOTH, NOBODY, Answer, ApiCall, endpoint


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
    value, expires_in = tokens.ticket(Ticket.Kind.CORP, call.app.slug)
    return {"ticket": value, "expires_in": expires_in}


@endpoint("ticket/get", kinds=APP)
def app_ticket(call: ApiCall) -> Answer:
    """Part 1 §2.3; any type but agent_config is 91040."""
    if call.text("type") != "agent_config":
        raise Refused(91040)
    value, expires_in = tokens.ticket(Ticket.Kind.APP, call.app.slug)
    return {"ticket": value, "expires_in": expires_in}


@endpoint("auth/getuserinfo", kinds=APP)
def getuserinfo(call: ApiCall) -> Answer:
    """Part 1 §3.3: a member gets a userid, anybody else an openid."""
    row = oauth.redeem(call.text("code"), call.app.slug)
    if row.userid:
        return {"userid": row.userid} | _with_ticket(row, call.app)
    return {"openid": f"o{row.external_userid[2:29]}"} | _as_customer(row, call.app)


@endpoint("user/getuserinfo", kinds=APP)
def getuserinfo_before(call: ApiCall) -> Answer:
    """The old path, in CamelCase."""
    row = oauth.redeem(call.text("code"), call.app.slug)
    if row.userid:
        return {"UserId": row.userid, "DeviceId": ""} | _with_ticket(row, call.app)
    return {"OpenId": f"o{row.external_userid[2:29]}"} | _as_customer(row, call.app)


@endpoint("auth/getuserdetail", kinds=APP)
def getuserdetail(call: ApiCall) -> Answer:
    """Part 1 §3.4: only what the member ticked on the consent page; gender is a text."""
    user, shared = oauth.ticket_holder(call.text("user_ticket"))
    known = {
        "gender": user.gender,
        "avatar": f"https://shp.qpic.cn/bizmp/{user.pk:08x}/0",
        "qr_code": f"https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vc{user.pk:08x}",
        "mobile": user.mobile,
        "email": user.email,
        "biz_mail": user.biz_mail,
        "address": user.address,
    }
    return {"userid": user.userid} | {name: known[name] for name in known if name in shared}


endpoint("user/getuserdetail", kinds=APP)(getuserdetail)  # the old path


@endpoint("user/authsucc", kinds=BOTH)
def authsucc(call: ApiCall) -> Answer:
    """Part 1 §3.5: the second factor was passed."""
    members.named(call.text("userid"))
    return {}


@endpoint("get_api_domain_ip", kinds=ALL)
def api_ips(call: ApiCall) -> Answer:
    """Part 1 §2.5; the API is on this machine."""
    return {"ip_list": ["127.0.0.1"]}


@endpoint("getcallbackip", kinds=ALL, errmsg=None)
def callback_ips(call: ApiCall) -> Answer:
    """Part 1 §2.5; callbacks come from this machine."""
    return {"ip_list": ["127.0.0.1"]}


def _with_ticket(row: OAuthCode, app: App) -> dict[str, str]:
    ticket = oauth.user_ticket(row, app)
    return {"user_ticket": ticket} if ticket else {}


def _as_customer(row: OAuthCode, app: App) -> dict[str, str]:
    """external_userid only for a customer of a member whom the app sees."""
    follows = Follow.objects.standing().filter(customer__external_userid=row.external_userid)
    seen = any(scope.sees(app, follow.user) for follow in follows)
    return {"external_userid": row.external_userid} if seen else {}
