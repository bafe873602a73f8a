"""Events of the address book: hints that something changed. WeCom says what is true now."""

from guideapp.core.clock import common_now
from guideapp.organisation.models import Guide
from guideapp.organisation.services.address_book import (
    ask_for_full_sync,
    sync_departments,
    sync_guide,
)
from guideapp.organisation.services.guides import leave, rename_guide
from guideapp.wecom.callbacks import handles
from guideapp.wecom.models import CallbackEvent


@handles("change_contact", "create_user")
def user_created(event: CallbackEvent) -> None:
    """Somebody joined the company or the app's visible range."""
    sync_guide(event["UserID"])


@handles("change_contact", "update_user")
def user_updated(event: CallbackEvent) -> None:
    """Somebody's entry changed; `NewUserID` says that the userid itself did."""
    if new_userid := event["NewUserID"]:
        rename_guide(userid=event["UserID"], new_userid=new_userid)
    sync_guide(new_userid or event["UserID"])


@handles("change_contact", "delete_user")
def user_deleted(event: CallbackEvent) -> None:
    """Somebody left. Whoever has the userid when this arrives late may be a new person."""
    leaver = Guide.objects.with_userid(event["UserID"]).first()
    if leaver and leaver.created_at <= event.created_at:
        leave(leaver, asked_at=common_now())  # certain: whoever held the userid then is gone
    sync_guide(event["UserID"])


@handles("change_contact", "create_party")
@handles("change_contact", "update_party")
@handles("change_contact", "delete_party")
def department_changed(event: CallbackEvent) -> None:
    """The tree changed; people below may belong to another store now."""
    sync_departments()


@handles("change_contact", "update_tag")
def member_tag_changed(event: CallbackEvent) -> None:
    """A tag may be part of the app's visible range, so anybody may have come or gone."""
    ask_for_full_sync()
