"""Refusals of this room."""

from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import BadInput, GuideAppError


class KeyReused(BadInput):
    """The same Idempotency-Key came with another request."""

    code = "key_reused"
    message = _("这个 Idempotency-Key 用过了，内容不同")


class StillRunning(GuideAppError):
    """The request with this Idempotency-Key has not been answered yet."""

    code = "still_running"
    status = 409
    message = _("同一个请求还在处理，稍后再来取结果")
    retry_after = 2


class BodyTooLarge(GuideAppError):
    """More bytes than one call may bring."""

    code = "too_large"
    status = 413
    message = _("一次最多 1 MB，分几次发送")


class NameTaken(BadInput):
    """Another client has this name."""

    code = "name_taken"
    message = _("已经有叫这个名字的接口客户端")


class ImportNotChecked(GuideAppError):
    """The file was not tried yet, or is gone: nobody knows what it would do."""

    code = "import_not_checked"
    status = 409
    message = _("这份文件还没检查完，或者已经删掉，重新上传一次")
