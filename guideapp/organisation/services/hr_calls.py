"""The calls that make WeCom's address book say what HR says; sent by the outbox.

A call holds the id of its change only: phone numbers stay in the staff register, encrypted.
"""

from typing import Any

from django.tasks import task

from guideapp.core.clock import today
from guideapp.core.jobs.errors import GiveUp
from guideapp.organisation.models import Guide, HrChange, HrPlan
from guideapp.organisation.services.address_book import sync_guide
from guideapp.organisation.services.hr import is_gone
from guideapp.organisation.services.hr_accounts import owner_of
from guideapp.wecom.client import WeComClient
from guideapp.wecom.errors import WeComError
from guideapp.wecom.models import OutboxCall
from guideapp.wecom.outbox import Payload, call

CALLS = {
    HrChange.Kind.CREATE: "user_create",
    HrChange.Kind.UPDATE: "user_update",
    HrChange.Kind.DELETE: "user_delete",
}
STAFF_NO = "工号"  # the custom field of WeCom's console; without it WeCom leaves the number out
_TAKEN, _UNKNOWN = 60102, 60111


@call(CALLS[HrChange.Kind.CREATE], idempotent=True)
def user_create(client: WeComClient, payload: Payload) -> None:
    """{change}: make the account. One that somebody else made under the userid is left alone."""
    change = _change(payload)
    fields = _fields(change)
    try:
        client.address_book.create_user(change.person.userid, fields)
    except WeComError as error:
        if error.errcode != _TAKEN or not _was_made(client, change):
            raise


@call(CALLS[HrChange.Kind.UPDATE], idempotent=True)
def user_update(client: WeComClient, payload: Payload) -> None:
    """{change}: write what changed."""
    change = _change(payload)
    client.address_book.update_user(change.person.userid, _fields(change))


@call(CALLS[HrChange.Kind.DELETE], idempotent=True)
def user_delete(client: WeComClient, payload: Payload) -> None:
    """{change}: remove the account. One that is gone already is what HR wants."""
    change = _change(payload)
    guide = Guide.objects.with_userid(change.person.userid).first()
    if not is_gone(change.person, today()):
        raise GiveUp("HR has taken the person back")
    if guide is not None and owner_of(guide) != change.person_id:
        raise GiveUp("the account is somebody else's by now")
    try:
        client.address_book.delete_user(change.person.userid)
    except WeComError as error:
        if error.errcode != _UNKNOWN:
            raise


@task(queue_name="normal")
def read_changed(call_id: int) -> None:
    """WeCom tells nobody what the API changed: read the person again once the call is over."""
    row = OutboxCall.objects.filter(pk=call_id).first()
    change = HrChange.objects.filter(pk=row.payload["change"]).first() if row else None
    if change is not None:
        sync_guide(change.person.userid)


def _change(payload: Payload) -> HrChange:
    """The change to make. Raises GiveUp when a later plan has dealt with the same person."""
    change = HrChange.objects.select_related("person").filter(pk=payload["change"]).first()
    if change is None:
        raise GiveUp("the change is gone")
    later = HrChange.objects.filter(
        person=change.person, plan__state=HrPlan.State.APPLIED, pk__gt=change.pk
    )
    if later.exists():
        raise GiveUp("a later plan has changed this person")
    return change


def _was_made(client: WeComClient, change: HrChange) -> bool:
    """True for the account of an earlier try, whose answer was lost: it says what HR says."""
    try:
        found = client.address_book.user(change.person.userid)
    except WeComError as error:
        if error.retryable:
            raise  # nothing is known yet: the outbox asks again
        return False
    told = (found.get("name"), found.get("department"))
    return told == (change.after["name"], change.after["department"])


def _fields(change: HrChange) -> dict[str, Any]:
    """What the plan says, in WeCom's names."""
    after, person = change.after, change.person
    fields: dict[str, Any] = {
        name: after[name] for name in ("name", "position", "department") if name in after
    }
    if after.get("gender"):
        fields["gender"] = str(after["gender"])
    if after.get("department"):
        fields["is_leader_in_dept"] = after["lead"]
        fields["main_department"] = after["department"][0]
    if "phone" in after and person.phone:
        fields["mobile"] = person.phone.removeprefix("+86")
    if change.kind == HrChange.Kind.CREATE:
        number = {"type": 0, "name": STAFF_NO, "text": {"value": person.staff_no}}
        fields["extattr"] = {"attrs": [number]}
    return fields
