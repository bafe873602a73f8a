"""What members do when WeCom reports a change of customers or of company tags.

An event is a hint that may come twice, late or in any order. The handlers write only what the event
itself proves (who began or ended, and when); the rest is read from WeCom by a job.
"""

import logging

from django.db import transaction
from django.tasks import task

from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.members.models import FollowRelation
from guideapp.members.services import end_follow, open_follow, read_tags, record_event, refresh_soon
from guideapp.members.signals import contact_added
from guideapp.organisation.models import Guide
from guideapp.organisation.services import sync_guide
from guideapp.wecom.callbacks import handles
from guideapp.wecom.inbox import HandleLater, close_event, handle_again
from guideapp.wecom.models import CallbackEvent

logger = logging.getLogger(__name__)

CONTACT, TAG = "change_external_contact", "change_external_tag"
_BY_TRANSFER = "DELETE_BY_TRANSFER"


@handles(CONTACT, "add_external_contact")
@handles(CONTACT, "add_half_external_contact")
def customer_added(event: CallbackEvent) -> None:
    """A guide and a customer became friends, or the customer added the guide.

    The relation is opened from the event alone, without asking WeCom, so that the welcome of the
    rooms above is due at once.
    """
    guide = _guide(event)
    external_userid, at = event["ExternalUserID"], event.created_at
    with transaction.atomic():
        refresh_soon(external_userid, guide.userid)
        follow = open_follow(
            guide=guide, external_userid=external_userid, state=event["State"], at=at
        )
        if follow is None:
            return
        record_event(
            kind="contact_added",
            key=f"contact_added:{follow.pk}",
            contact=follow.contact,
            guide=guide,
            store=guide.store,
            params={"state": event["State"]},
            at=at,
        )
        contact_added.send(
            FollowRelation,
            follow_id=follow.pk,
            welcome_code=event["WelcomeCode"],
            state=event["State"],
            event_at=at,
        )


@handles(CONTACT, "edit_external_contact")
def customer_edited(event: CallbackEvent) -> None:
    """A guide changed remark or tags in WeCom."""
    refresh_soon(event["ExternalUserID"], event["UserID"])


@handles(CONTACT, "del_external_contact")
def guide_deleted_customer(event: CallbackEvent) -> None:
    """The guide deleted the customer, or lost them by an in-service handover."""
    handed_over = event["Source"] == _BY_TRANSFER
    reason = FollowRelation.EndReason
    _end(event, reason.HANDOVER if handed_over else reason.BY_GUIDE)


@handles(CONTACT, "del_follow_user")
def customer_deleted_guide(event: CallbackEvent) -> None:
    """The customer deleted the guide. WeCom goes on listing them, so this event is the proof."""
    _end(event, FollowRelation.EndReason.BY_CUSTOMER)


@handles(CONTACT, "transfer_fail")
def handover_failed(event: CallbackEvent) -> None:
    """The customer did not move to the receiver; who follows them is read anew."""
    external_userid = event["ExternalUserID"]
    refresh_soon(external_userid)
    guide = _guide(event)
    with transaction.atomic():
        known = FollowRelation.objects.filter(contact__external_userid=external_userid)
        follow = known.select_related("contact").first()
        if follow is None:
            return
        record_event(
            kind="handover_failed",
            key=f"handover_failed:{guide.pk}:{follow.contact_id}:{event.created_at.timestamp():.0f}",
            contact=follow.contact,
            guide=guide,
            store=guide.store,
            params={"reason": event["FailReason"]},
            at=event.created_at,
        )


@handles(TAG, "create")
@handles(TAG, "update")
@handles(TAG, "delete")
@handles(TAG, "shuffle")
def company_tags_changed(event: CallbackEvent) -> None:
    """Some company tag is new, renamed, moved or gone: all are read again, once for many events."""
    enqueue_once(read_tags, dedupe_key="members.tags")


@task(queue_name="normal")  # it asks WeCom: the urgent threads are for what dies in 20 s
def meet_guide(event_id: int, userid: str) -> None:
    """Read the guide whom an event named, then have the event handled."""
    known = Guide.objects.with_userid(userid).first() or sync_guide(userid)
    if known is not None:
        handle_again(event_id)
    else:
        logger.warning("event of an unknown guide", extra={"event": event_id})
        close_event(event_id)


def _end(event: CallbackEvent, reason: str) -> None:
    end_follow(
        guide=_guide(event),
        external_userid=event["ExternalUserID"],
        reason=reason,
        at=event.created_at,
    )


def _guide(event: CallbackEvent) -> Guide:
    """The guide whom the event names. One we have not met is asked for in WeCom by another job.

    Raises HandleLater then: no urgent job waits for WeCom. Handlers say an end state, so that the
    event may be handled after younger ones.
    """
    guide = Guide.objects.with_userid(event["UserID"]).select_related("store").first()
    if guide is None:
        key = f"members:meet:{event.pk}"
        enqueue_once(meet_guide, event.pk, event["UserID"], dedupe_key=key)
        raise HandleLater
    return guide
