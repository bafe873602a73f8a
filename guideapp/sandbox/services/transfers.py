"""Customers who go over to another member, in service or after a leaving (part 1 §11).

A transfer that was started waits 24 hours; then the customer is taken over unless they refused.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.dispatch import receiver

from guideapp.core.clock import day_of, day_range
from guideapp.sandbox.clock import now, time_passed
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import App, Customer, Follow, User
from guideapp.sandbox.models.transfers import Transfer
from guideapp.sandbox.services import relations, scope

BATCH_MAX, MESSAGE_MAX = 100, 200
WAIT = timedelta(hours=24)
PER_CUSTOMER, PER_DAYS = 2, 90
Status = Transfer.Status


def start(
    app: App,
    *,
    handover: str,
    takeover: str,
    external_userids: list[str],
    message: str = "",
    resigned: bool = False,
) -> list[dict[str, object]]:
    """Ask each customer; errcode 0 means asked. Raises Refused where nobody can be asked."""
    if not external_userids:
        raise Refused(41035)
    if len(external_userids) > BATCH_MAX:
        raise Refused(40032)
    if len(message) > MESSAGE_MAX:
        raise Refused(40058, f"transfer_success_msg exceed max length {MESSAGE_MAX}")
    before = _who_left(handover) if resigned else _present(app, handover)
    after = _present(app, takeover)
    if before == after:
        raise Refused(40130)
    _require_able(after)
    settle(origin="")
    return [
        {"external_userid": id, "errcode": _ask(before, after, id, message, resigned)}
        for id in external_userids
    ]


def refuse(*, external_userid: str, takeover: str = "", origin: str = "") -> Transfer:
    """The customer says no to the waiting transfer (to the member `takeover`)."""
    waiting = _waiting().filter(customer__external_userid=external_userid)
    row = (waiting.filter(takeover__userid=takeover) if takeover else waiting).first()
    if row is None:
        raise UnknownEvent(f"no transfer waits for {external_userid}")
    row.status = Status.REFUSED
    row.save(update_fields=["status"])
    _tell_failure(row, "customer_refused", origin)
    return row


def results(handover: str, takeover: str, *, resigned: bool) -> QuerySet[Transfer]:
    """The newest transfer of each customer between the two. Raises Refused."""
    settle(origin="")
    named = User.objects.filter(folded=handover.lower()).exists()
    if not named or User.objects.named(takeover) is None:
        raise Refused(40003)
    between = Transfer.objects.filter(
        handover__folded=handover.lower(), takeover__folded=takeover.lower(), resigned=resigned
    )
    newest: dict[int, int] = dict(between.order_by("id").values_list("customer_id", "pk"))
    return between.filter(pk__in=newest.values()).select_related("customer")


def unassigned() -> QuerySet[Follow]:
    """Customers of members who left, whom nobody took over; the newest leaver first."""
    settle(origin="")
    asked = _waiting().filter(handover=OuterRef("user"), customer=OuterRef("customer"))
    gone = Follow.objects.filter(~Exists(asked), deleted_at=None).exclude(user__deleted_at=None)
    return gone.select_related("user", "customer").order_by("-user__deleted_at", "id")


@receiver(time_passed)
def settle(origin: str = "", **_signal: object) -> None:
    """Let the waiting transfers happen whose 24 hours are over."""
    due = _waiting().filter(takeover_at__lte=now()).values_list("pk", flat=True)
    for pk in list(due):
        _take_over(pk, origin)


@transaction.atomic
def _take_over(pk: int, origin: str) -> None:
    row = _waiting().select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        return
    if _is_full(row.takeover):
        row.status = Status.FULL
        row.save(update_fields=["status"])
        _tell_failure(row, "customer_limit_exceed", origin)
        return
    row.status = Status.DONE
    row.save(update_fields=["status"])
    relations.goes_over(
        old=Follow.objects.get(user=row.handover, customer=row.customer),
        user=row.takeover,
        at=row.takeover_at,
        was_hers=_handed_over_before(row),
        told_of_loss=not row.resigned,
        origin=origin,
    )


def _ask(before: User, after: User, id: str, message: str, resigned: bool) -> int:
    customer = Customer.objects.filter(external_userid=id).first()
    if customer is None:
        return 40096
    follows = Follow.objects.filter(user=before, customer=customer, deleted_at=None)
    if not follows.exists():
        return 40131
    pending = _waiting().filter(handover=before, customer=customer)
    if pending.exists():
        return 40100 if resigned else 40129
    if _is_full(after):
        return 40099
    if not resigned and _too_often(customer):
        return 40128
    Transfer.objects.create(
        handover=before,
        takeover=after,
        customer=customer,
        resigned=resigned,
        message=message,
        started_at=now(),
        takeover_at=now() + WAIT,
    )
    return 0


def _too_often(customer: Customer) -> bool:
    since = day_range(day_of(now()) - timedelta(days=PER_DAYS))[0]
    counted = Transfer.objects.filter(customer=customer, resigned=False, started_at__gte=since)
    return counted.filter(status__in=(Status.DONE, Status.WAITING)).count() >= PER_CUSTOMER


def _is_full(user: User) -> bool:
    return Follow.objects.standing().filter(user=user).count() >= user.customers_max


def _handed_over_before(row: Transfer) -> bool:
    """The receiver once handed this customer over: then no event tells of the new friend."""
    earlier = Transfer.objects.filter(handover=row.takeover, customer=row.customer)
    return earlier.filter(status=Status.DONE).exclude(pk=row.pk).exists()


def _present(app: App, userid: str) -> User:
    if not userid:
        raise Refused(41009)
    user = User.objects.named(userid)
    if user is None:
        raise Refused(40003)
    if not scope.sees(app, user):
        raise Refused(60011)
    return user


def _who_left(userid: str) -> User:
    if not userid:
        raise Refused(41009)
    if User.objects.named(userid) is not None:
        raise Refused(40097)
    gone = User.objects.filter(folded=userid.lower()).order_by("deleted_at").last()
    if gone is None:
        raise Refused(40003)
    return gone


def _require_able(user: User) -> None:
    if user.status != User.Status.ACTIVE:
        raise Refused(41054)
    if not user.contact_right:
        raise Refused(84074)
    if not user.real_name:
        raise Refused(40098)


def _waiting() -> QuerySet[Transfer]:
    known = Transfer.objects.select_related("handover", "takeover", "customer")
    return known.filter(status=Status.WAITING).order_by("id")


def _tell_failure(row: Transfer, reason: str, origin: str) -> None:
    relations.transfer_fails(
        userid=row.takeover.userid,
        external_userid=row.customer.external_userid,
        reason=reason,
        origin=origin,
    )
