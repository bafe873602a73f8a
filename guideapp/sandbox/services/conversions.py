"""One person's ids, turned into each other (part 1 §8.8)."""

from datetime import timedelta

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Customer, Follow
from guideapp.sandbox.models.strategies import PendingId
from guideapp.sandbox.services import ids

PENDING_LIFE = timedelta(days=90)
WECHAT = 1  # Customer.type


def openid(customer: Customer) -> str:
    """The openid of a WeChat user for this company."""
    return f"o{customer.external_userid[2:29]}"


def customer_named(external_userid: str) -> Customer:
    """Raises Refused 41035, 40096."""
    if not external_userid:
        raise Refused(41035)
    customer = Customer.objects.filter(external_userid=external_userid).first()
    if customer is None:
        raise Refused(40096)
    return customer


def to_openid(external_userid: str) -> str:
    """convert_to_openid; 41056 for a WeCom user."""
    if external_userid.startswith("wo"):
        raise Refused(41056)
    return openid(customer_named(external_userid))


def by_unionid(unionid: str, given_openid: str) -> Customer | None:
    """The customer behind unionid and openid; None while they are nobody's customer.

    Raises Refused 610014, 610018 where the two are not one person's.
    """
    if not unionid.startswith("o") or len(unionid) > 64:
        raise Refused(610014)
    customer = Customer.objects.filter(unionid=unionid, type=WECHAT).first()
    if customer is not None and given_openid and given_openid != openid(customer):
        raise Refused(610018)
    if customer is None or not Follow.objects.standing().filter(customer=customer).exists():
        return None
    return customer


def pending_id(unionid: str) -> str:
    """The id that stands for a person until they are a customer, the same for 90 days."""
    known = PendingId.objects.filter(unionid=unionid, expires_at__gt=now()).first()
    row = known or PendingId.objects.create(
        pending_id=f"p{ids.random_text(31)}", unionid=unionid, expires_at=now() + PENDING_LIFE
    )
    return row.pending_id
