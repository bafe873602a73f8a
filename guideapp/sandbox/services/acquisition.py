"""Acquisition links (获客链接) as the API makes them and as the console ends them (part 1 §10)."""

from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import App, User
from guideapp.sandbox.models.acquisition import AcquisitionLink, ChatKey
from guideapp.sandbox.services import callbacks, ids, ranges

EVENT = "customer_acquisition"
NAME_MAX, MEMBERS_MAX, PREFERRED_MAX = 30, 500, 1000
LINKS_MAX = 1000  # WeCom has a cap (41095) and tells nobody which


@transaction.atomic
def create(app: App, given: dict[str, Any], *, origin: str) -> AcquisitionLink:
    """create_link. Raises Refused with WeCom's codes."""
    if not given.get("link_name") or "range" not in given:
        raise Refused(40063)
    if AcquisitionLink.objects.filter(deleted_at=None).count() >= LINKS_MAX:
        raise Refused(41095)
    link_id = ids.link_id()
    link = AcquisitionLink(
        link_id=link_id,
        slug=app.slug,
        url=f"{origin}/sandbox/ca/{ids.random_text(16)}",
        created_at=now(),
    )
    _write(app, link, given)
    link.save()
    return link


@transaction.atomic
def update(app: App, link_id: str, given: dict[str, Any]) -> AcquisitionLink:
    """update_link: a range replaces the old one."""
    link = own(app, link_id)
    _write(app, link, given)
    link.is_available = True
    link.save()
    return link


@transaction.atomic
def delete(app: App, link_id: str) -> None:
    """delete_link. Through the API it fires no event."""
    link = own(app, link_id)
    link.deleted_at = now()
    link.save(update_fields=["deleted_at"])


@transaction.atomic
def console_deletes(*, link_id: str, origin: str = "") -> AcquisitionLink:
    """An admin deletes the link."""
    link = _named(link_id)
    link.deleted_at = now()
    link.save(update_fields=["deleted_at"])
    callbacks.enqueue(EVENT, "delete_link", {"LinkId": link_id}, origin=origin)
    return link


@transaction.atomic
def becomes_unavailable(*, link_id: str, origin: str = "") -> AcquisitionLink:
    """The link stops working, say because none of its members can be added."""
    link = _named(link_id)
    link.is_available = False
    link.save(update_fields=["is_available"])
    callbacks.enqueue(EVENT, "link_unavailable", {"LinkId": link_id}, origin=origin)
    return link


def own(app: App, link_id: str) -> AcquisitionLink:
    """The link, if the app made it. Raises Refused."""
    if not link_id:
        raise Refused(40063)
    link = AcquisitionLink.objects.filter(link_id=link_id, slug=app.slug, deleted_at=None).first()
    if link is None:
        raise Refused(40058, "invalid link_id")
    return link


def chat_of(app: App, key: str) -> ChatKey:
    """What a ChatKey of message_from_customer stands for, for 30 minutes. Raises Refused."""
    known = ChatKey.objects.select_related("brought__user", "brought__customer", "brought__link")
    row = known.filter(key=key, brought__link__slug=app.slug, expires_at__gt=now()).first()
    if row is None:
        raise Refused(40058, "invalid chat_key")
    return row


def behind(link: AcquisitionLink) -> list[User]:
    """Members who can be added by the link now."""
    return ranges.serving(link.users, link.departments)


def _named(link_id: str) -> AcquisitionLink:
    link = AcquisitionLink.objects.filter(link_id=link_id, deleted_at=None).first()
    if link is None:
        raise UnknownEvent(f"unknown link: {link_id}")
    return link


def _write(app: App, link: AcquisitionLink, given: dict[str, Any]) -> None:
    if "link_name" in given:
        link.name = given["link_name"]
    if len(link.name) > NAME_MAX:
        raise Refused(40058, f"link_name exceed max length {NAME_MAX}")
    link.skip_verify = given.get("skip_verify", link.skip_verify)
    link.mark_source = given.get("mark_source", link.mark_source)
    if "range" in given:
        _write_range(app, link, given["range"])
    if "priority_option" in given:
        link.priority = _priority(given["priority_option"])


def _write_range(app: App, link: AcquisitionLink, given: dict[str, Any]) -> None:
    users, departments = given.get("user_list") or [], given.get("department_list") or []
    if not users and not departments:
        raise Refused(40063)
    ranges.check(app, users, departments, most=MEMBERS_MAX)
    link.users, link.departments = users, departments


def _priority(given: dict[str, Any]) -> dict[str, Any]:
    kind, preferred = given.get("priority_type"), given.get("priority_userid_list") or []
    if kind not in {1, 2} or (kind == 2 and not preferred) or len(preferred) > PREFERRED_MAX:
        raise Refused(40058, "priority_option")
    return {"priority_type": kind} | ({"priority_userid_list": preferred} if kind == 2 else {})
