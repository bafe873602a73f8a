"""Refusals of the library, of sending and of uploading."""

from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import BadInput, GuideAppError


class MaterialUnknown(GuideAppError):
    """There is no such material for this person."""

    code = "not_found"
    status = 404
    message = _("没有这条素材")


class CustomerUnknown(GuideAppError):
    """The guide does not follow this customer; unknown and foreign look alike on purpose."""

    code = "not_found"
    status = 404
    message = _("没有这位客户")


class ShareUnknown(GuideAppError):
    """The guide made no such send."""

    code = "not_found"
    status = 404
    message = _("没有这次发送")


class MaterialWithdrawn(GuideAppError):
    """Headquarters took the material down while the page was open."""

    code = "material_withdrawn"
    status = 409
    message = _("总部已下架这条素材，换一条发")


class MaterialExpired(GuideAppError):
    """The material's time is over, or has not begun."""

    code = "material_expired"
    status = 409
    message = _("这条素材已过期，换一条发")


class SentRecently(GuideAppError):
    """The same person got the same material within 24 hours; sending again needs a second tap."""

    code = "sent_recently"
    status = 409
    message = _("24 小时内给 TA 发过这条，再点一次就发")


class OriginalNotReady(GuideAppError):
    """WeCom holds no fresh copy of the file; its upload has been started."""

    code = "original_not_ready"
    status = 409
    message = _("原图正在准备，1 分钟后再发")


class NonceReused(BadInput):
    """The tap's nonce belongs to another send."""

    code = "nonce_reused"
    message = _("页面太旧了，刷新后再发")


class UploadRefused(BadInput):
    """The file is of a kind or size that the library does not take; the message says which."""

    code = "upload_refused"


class NotReadyToPublish(BadInput):
    """Something that a customer needs to see is missing; the message says what."""

    code = "not_ready_to_publish"


class CategoryInUse(GuideAppError):
    """Materials stand on the shelf, so it cannot go."""

    code = "category_in_use"
    status = 409
    message = _("分类里还有素材，先把素材移走")


class CategoryTaken(BadInput):
    """The brand has a shelf of this name."""

    code = "category_taken"
    message = _("已经有这个分类")
