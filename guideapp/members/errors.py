"""Refusals of this room."""

from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import BadInput, GuideAppError


class NoteRefused(BadInput):
    """A note that cannot be kept; the message says why."""

    code = "note_refused"


class PhoneRefused(BadInput):
    """Not a phone number that can be called."""

    code = "phone_refused"
    message = _("手机号不对，再看一遍")


class TagGone(GuideAppError):
    """Headquarters removed the tag while the sheet was open."""

    code = "tag_gone"
    status = 409
    message = _("这个标签已经不在了，换一个")


class RelationEnded(GuideAppError):
    """The customer and the guide are no longer connected."""

    code = "relation_ended"
    status = 409
    message = _("TA 已经不是这位导购的客户了")
