"""What the set-up check looks at in WeCom: secrets, IP, rights, domain, callback, tickets."""

import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.wecom.check import Finding, Verdict, probe
from guideapp.wecom.check_wire import Reply, Wire, skew_of
from guideapp.wecom.crypto import CallbackCrypto
from guideapp.wecom.errors import BadKey, UntrustedPage
from guideapp.wecom.jssdk import LOOPBACK, trusted
from guideapp.wecom.models import CallbackEvent

_SKEW_SECONDS = 60
_QUIET = timedelta(hours=12)  # a company with guides at work is not silent for so long
_IP = re.compile(r"from ip: ?([0-9a-fA-F.:]+)")
_WRONG_SECRET, _WRONG_CORP, _FOREIGN_IP, _NOT_LISTED = {40001, 40091}, 40013, 60020, 48002


@probe("secret")
def app_secret(wire: Wire) -> Iterable[Finding]:
    """Company id and the app's secret fit together; WeCom can be reached; clocks agree."""
    token = wire.token_of(settings.WECOM_SECRET)
    yield _secret("secret", token)
    skew = skew_of(token)
    if skew is None:
        yield Finding("clock", Verdict.UNKNOWN, "not_told")
    elif abs(skew) > _SKEW_SECONDS:
        yield Finding("clock", Verdict.BAD, "off", {"seconds": skew})
    else:
        yield Finding("clock", facts={"seconds": skew})


@probe("ip")
def ip_and_range(wire: Wire) -> Iterable[Finding]:
    """Our address is trusted, and the app sees somebody."""
    reply = wire.ask("department/list", settings.WECOM_SECRET)
    if reply.errcode == _FOREIGN_IP:
        found = _IP.search(reply.errmsg)
        yield Finding("ip", Verdict.BAD, "foreign", {"ip": found.group(1) if found else "?"})
        yield Finding("range", Verdict.UNKNOWN, "blocked")
        return
    if reply.errcode != 0:
        yield _not_asked("ip", reply)
        yield _not_asked("range", reply)
        return
    yield Finding("ip")
    count = len(reply.answer.get("department") or [])
    if count:
        yield Finding("range", facts={"count": count})
    else:
        yield Finding("range", Verdict.BAD, "empty")


@probe("customers")
def callable_app(wire: Wire) -> Iterable[Finding]:
    """The app may call the customer interfaces, and members have 客户联系."""
    reply = wire.ask("externalcontact/get_follow_user_list", settings.WECOM_SECRET)
    count = len(reply.answer.get("follow_user") or [])
    if reply.errcode == _NOT_LISTED:
        yield Finding("customers", Verdict.BAD, "not_listed")
    elif reply.errcode != 0:
        yield _not_asked("customers", reply)
    elif not count:
        yield Finding("customers", Verdict.WARN, "nobody")
    else:
        yield Finding("customers", facts={"count": count})


@probe("contacts_secret")
def contacts_secret(wire: Wire) -> Iterable[Finding]:
    """The optional secret of 通讯录同步."""
    secret = settings.WECOM_CONTACTS_SECRET
    if not secret:
        yield Finding("contacts_secret", Verdict.WARN, "absent")
        return
    found = _secret("contacts_secret", wire.token_of(secret))
    if found.verdict is Verdict.OK:
        reply = wire.ask("department/simplelist", secret)
        if reply.errcode != 0:
            found = Finding("contacts_secret", Verdict.BAD, "no_right", _facts(reply))
    yield found


@probe("domain")
def domain(wire: Wire) -> Iterable[Finding]:
    """Our host is one that WeCom trusts for pages and logins; pages can be signed."""
    try:
        trusted(f"{settings.SITE_URL}/s/")
    except UntrustedPage:
        yield Finding("domain", Verdict.BAD, "not_ours", {"host": _host()})
    else:
        yield _domain_in_wecom(wire)
    for name, path, query in (
        ("corp_ticket", "get_jsapi_ticket", {}),
        ("app_ticket", "ticket/get", {"type": "agent_config"}),
    ):
        reply = wire.ask(path, settings.WECOM_SECRET, **query)
        yield Finding(name) if reply.errcode == 0 else _not_asked(name, reply)


@probe("callback")
def callback(wire: Wire) -> Iterable[Finding]:
    """WeCom's address check, played by ourselves at SITE_URL, with the keys of this process."""
    keys = settings.WECOM_CALLBACK_TOKEN, settings.WECOM_CALLBACK_AES_KEY, settings.WECOM_CORP_ID
    try:
        crypto = CallbackCrypto(*keys)
    except BadKey:
        yield Finding("callback", Verdict.BAD, "bad_key")
        return
    word, at = secrets.token_hex(8), str(int(now().timestamp()))
    sealed = crypto.encrypt(word.encode(), nonce=secrets.token_hex(5), timestamp=at)
    url = f"{settings.SITE_URL}{reverse('wecom:callback')}"
    status, text, failure = wire.fetch(
        url,
        msg_signature=sealed.msg_signature,
        timestamp=sealed.timestamp,
        nonce=sealed.nonce,
        echostr=sealed.encrypt,
    )
    facts = {"url": url, "status": status, "failure": failure}
    if not status:
        yield Finding("callback", Verdict.BAD, "no_answer", facts)
    elif status == 403:
        yield Finding("callback", Verdict.BAD, "other_keys", facts)
    elif status != 200 or text != word:
        yield Finding("callback", Verdict.BAD, "other_page", facts)
    else:
        yield Finding("callback", facts=facts)


@probe("events")
def events(wire: Wire) -> Iterable[Finding]:
    """WeCom does call us, and about customers."""
    last = CallbackEvent.objects.order_by("-received_at").first()
    if last is None:
        yield Finding("events", Verdict.BAD, "never")
        return
    facts = {"at": last.received_at.isoformat()}
    lately = CallbackEvent.objects.filter(received_at__gte=now() - _QUIET)
    if last.received_at < now() - _QUIET:
        yield Finding("events", Verdict.WARN, "quiet", facts)
    elif not lately.filter(event="change_external_contact").exists():
        yield Finding("events", Verdict.WARN, "no_customers", facts)
    else:
        yield Finding("events", facts=facts)


def _secret(name: str, token: Reply) -> Finding:
    if token.errcode == 0:
        return Finding(name)
    if token.errcode in _WRONG_SECRET:
        return Finding(name, Verdict.BAD, "wrong", _facts(token))
    if token.errcode == _WRONG_CORP:
        return Finding(name, Verdict.BAD, "wrong_corp", _facts(token))
    if token.errcode is None:
        return Finding(name, Verdict.BAD, "unreachable", _facts(token))
    return Finding(name, Verdict.BAD, "refused", _facts(token))


def _domain_in_wecom(wire: Wire) -> Finding:
    """WeCom tells the app's trusted domain to the app itself, where it tells it at all."""
    reply = wire.ask("agent/get", settings.WECOM_SECRET, agentid=settings.WECOM_AGENT_ID)
    told = str(reply.answer.get("redirect_domain") or "")
    if reply.errcode == 301002:
        return Finding("domain", Verdict.BAD, "other_agent", {"agent": settings.WECOM_AGENT_ID})
    if reply.errcode != 0:
        return Finding("domain", Verdict.UNKNOWN, "not_told", {"host": _host()})
    if reply.answer.get("close"):
        return Finding("domain", Verdict.BAD, "closed")
    if told and told.partition(":")[0] != _host():
        return Finding("domain", Verdict.BAD, "another", {"host": _host(), "told": told})
    if not told and not (settings.LOCAL and _host() in LOOPBACK):  # the demo is on one machine
        return Finding("domain", Verdict.BAD, "none", {"host": _host()})
    return Finding("domain", facts={"host": told or _host()})


def _not_asked(name: str, reply: Reply) -> Finding:
    """WeCom refused (its code says why), or an earlier step did: then this one is not known."""
    if reply.errcode in _WRONG_SECRET | {None, _WRONG_CORP, _FOREIGN_IP}:
        return Finding(name, Verdict.UNKNOWN, "blocked")
    return Finding(name, Verdict.BAD, "refused", _facts(reply))


def _facts(reply: Reply) -> dict[str, str | int]:
    return {"errcode": reply.errcode or 0, "failure": reply.failure}


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or ""
