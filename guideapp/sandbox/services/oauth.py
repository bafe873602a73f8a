"""Codes of the authorize page and of the QR login."""

import re
from datetime import timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.db import transaction

from guideapp.sandbox import config
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, Customer, OAuthCode, User, UserTicket, WireLog
from guideapp.sandbox.services import ids, scope, wirelog

LIFE = timedelta(minutes=5)
TICKET_LIFE = timedelta(seconds=1800)
# What a member may show on the consent page of snsapi_privateinfo, in its order.
PRIVATE_FIELDS = ("avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address")
_STATE = re.compile(r"[0-9a-zA-Z]{0,128}")


def good_state(state: str) -> bool:
    """Letters and digits, at most 128."""
    return bool(_STATE.fullmatch(state))


def trusted_redirect(redirect_uri: str, *, own_host: str) -> bool:
    """True when host and port are the sandbox's own, SITE_URL's, or a trusted domain as it is."""
    parts = urlsplit(redirect_uri)
    trusted = {own_host, urlsplit(settings.SITE_URL).netloc, *settings.WECOM_TRUSTED_HOSTS}
    return parts.scheme in {"http", "https"} and parts.netloc in trusted


def issue_code(
    person: str,
    redirect_uri: str,
    *,
    by_qr: bool,
    slug: str = config.MAIN,
    shared: list[str] | None = None,
) -> str:
    """A code for the member or the customer `person`; '' when nobody is called so.

    It is bound to the app `slug`. `shared`: what was ticked on the consent page, None without one.
    """
    user = User.objects.named(person) if person else None
    customer = Customer.objects.filter(external_userid=person).first() if not user else None
    if user is None and customer is None:
        return ""
    row = OAuthCode.objects.create(
        code=ids.random_text(43),
        userid=user.userid if user else "",
        external_userid=customer.external_userid if customer else "",
        by_qr=by_qr,
        slug=slug,
        shared=shared,
        redirect_host=urlsplit(redirect_uri).netloc,
        expires_at=now() + LIFE,
    )
    wirelog.record(
        WireLog.Kind.OAUTH,
        "sso/login" if by_qr else "oauth2/authorize",
        ok=True,
        detail=f"→ {row.redirect_host}",
        userid=row.userid,
        external_userid=row.external_userid,
    )
    return row.code


def with_query(redirect_uri: str, **more: str) -> str:
    """`redirect_uri` with `more` appended to its query, the fragment dropped."""
    parts = urlsplit(redirect_uri)
    query = "&".join(part for part in (parts.query, urlencode(more)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


@transaction.atomic
def redeem(code: str, slug: str = config.MAIN) -> OAuthCode:
    """getuserinfo: the person behind `code`, once. Raises Refused 40029, 50001 for another app."""
    row = OAuthCode.objects.select_for_update().filter(code=code, used_at=None).first()
    if row is None or row.expires_at <= now():
        raise Refused(40029)
    if row.slug != slug:
        raise Refused(50001)
    row.used_at = now()
    row.save(update_fields=["used_at"])
    return row


def user_ticket(row: OAuthCode, app: App) -> str:
    """The user_ticket of a redeemed code; '' without consent or outside the visible range."""
    user = User.objects.named(row.userid)
    if row.shared is None or user is None or not scope.sees(app, user):
        return ""
    made = UserTicket.objects.create(
        ticket=ids.random_text(64),
        userid=user.userid,
        shared=row.shared,
        expires_at=now() + TICKET_LIFE,
    )
    return made.ticket


def ticket_holder(ticket: str) -> tuple[User, list[str]]:
    """getuserdetail: the member and what they agreed to show. Refused 84090, 84015, 84014."""
    if not ticket:
        raise Refused(84090)
    row = UserTicket.objects.filter(ticket=ticket).first()
    user = User.objects.named(row.userid) if row else None
    if row is None or user is None:
        raise Refused(84015)
    if row.expires_at <= now():
        raise Refused(84014)
    return user, row.shared
