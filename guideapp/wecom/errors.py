"""What can go wrong when we talk with WeCom, and the one table from its codes to our classes."""

from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import GuideAppError
from guideapp.core.logs import mask

_ERRMSG_MAX = 300


class WeComError(GuideAppError):
    """A call to WeCom failed. `errcode` is 0 where WeCom itself sent none (timeout, HTML …).

    `path` is the API path without a query, `errmsg` WeCom's own words (its hint is what Tencent's
    support asks for), masked and cut. `retryable` says that the same call may succeed later.
    """

    code = "wecom_error"
    status = 502
    message = _("企业微信没能完成这一步，稍后再试")

    def __init__(
        self, errcode: int = 0, errmsg: str = "", path: str = "", *, retryable: bool = False
    ) -> None:
        super().__init__()
        self.errcode = errcode
        self.errmsg = mask(storable(errmsg))[:_ERRMSG_MAX]
        self.path = path
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.path}: {self.errcode} {self.errmsg}".strip()


def storable(text: str) -> str:
    """With \ufffd for NUL and lone surrogates, which no database takes."""
    return (
        text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


class WeComUnavailable(WeComError):
    """No usable answer now: busy (-1), timeout, refused connection, 5xx, or our breaker is open."""

    code = "wecom_unavailable"
    status = 503
    message = _("企业微信暂时没有回应，稍后再试")


class WeComNotSent(WeComUnavailable):
    """It certainly did not reach WeCom: no connection, no token, or our own limits held it back.

    A job waits for as long as a breaker stays open, and uses up none of its attempts.
    """

    code = "wecom_not_sent"
    rest_seconds: float | None = 30


class WeComRateLimited(WeComError):
    """Too many calls: 45009 (wait for the window, `rest_seconds`), 45033 (too many at once)."""

    code = "wecom_rate_limited"
    status = 503
    message = _("企业微信限制了频率，稍后再试")
    rest_seconds: float | None = 60


class WeComOverBudget(WeComRateLimited):
    """Our own share of the interface's quota is used up until the window ends: nothing was sent."""

    code = "wecom_over_budget"

    def __init__(self, path: str, *, rest_seconds: float) -> None:
        super().__init__(45009, "our own budget", path, retryable=True)
        self.rest_seconds = rest_seconds


class WeComTokenExpired(WeComError):
    """40014 or 42001 even with a token that was fetched a moment ago."""

    code = "wecom_token_expired"


class WeComNotPermitted(WeComError):
    """The app, its secret, its IP or the member lacks the right: a person must change a setting."""

    code = "wecom_not_permitted"
    message = _("应用在企业微信里还缺少权限，请联系管理员")


class WeComNotFound(WeComError):
    """WeCom knows no such member, customer, relation, department or file."""

    code = "wecom_not_found"
    status = 404
    message = _("企业微信里找不到这条记录")


class WeComRefused(WeComError):
    """WeCom understood the call and refused it: every code that has no class of its own."""

    code = "wecom_refused"


class WeComLoginCodeInvalid(WeComRefused):
    """An OAuth code that is unknown, used or older than five minutes: begin the login again."""

    code = "login_code_invalid"
    status = 400
    message = _("登录已过期，请重新打开")


class WeComProtocol(WeComError):
    """An answer that is not WeCom's: HTML, truncated JSON, a missing field, an endless cursor."""

    code = "wecom_protocol"


# Any code that is not here is WeComRefused.
_CLASSES: dict[int, type[WeComError]] = {
    -1: WeComUnavailable,
    45009: WeComRateLimited,
    45033: WeComRateLimited,
    40014: WeComTokenExpired,
    42001: WeComTokenExpired,
    **dict.fromkeys(
        (40001, 40013, 40056, 40091, 45031, 48001, 48002, 48004, 48005, 48006, 48009, 50001),
        WeComNotPermitted,
    ),
    **dict.fromkeys(
        (50002, 50003, 60011, 60020, 60021, 60031, 84074, 84083, 84084, 301002, 301042),
        WeComNotPermitted,
    ),
    **dict.fromkeys((40029, 42003, 42022), WeComLoginCodeInvalid),
    **dict.fromkeys(
        (40003, 40007, 40068, 40096, 46004, 60003, 60111, 60123, 60136, 81013, 84061), WeComNotFound
    ),
}
_RETRYABLE = frozenset({-1, 45009, 45033})


def error_of(errcode: int, errmsg: str, path: str) -> WeComError:
    """The error that stands for `errcode`, ready to be raised."""
    kind = _CLASSES.get(errcode, WeComRefused)
    return kind(errcode, errmsg, path, retryable=errcode in _RETRYABLE)


class NobodyHandles(GuideAppError):
    """An event that no room has a handler for: to replay it would change nothing."""

    code = "nobody_handles"
    status = 409
    message = _("这类事件用不到，不用重放")


class CallNotRepeatable(GuideAppError):
    """A call of the outbox that is over, void, or without the code that it needs."""

    code = "call_not_repeatable"
    status = 409
    message = _("不能重发：已经发出、过期，或一次性的码已经用掉")


class CallOvertaken(CallNotRepeatable):
    """A younger call set the same value, and must stay the last."""

    code = "call_overtaken"
    message = _("不能重发：同一项后来又改过，重发会把新的盖掉")


class ReadNotRepeatable(GuideAppError):
    """A call that changes something in WeCom, or hands out a secret."""

    code = "read_not_repeatable"
    status = 409
    message = _("只有读取类的调用可以在这里重放，其余从“要发出的”里重发")


class UntrustedPage(GuideAppError):
    """A page address that we do not sign for: foreign host, plain http, or over-long."""

    code = "untrusted_page"
    message = _("这个页面地址不在可信域名里")


class CallbackCryptoError(GuideAppError):
    """A callback that cannot be trusted or read; `library_code` is the vendor library's number."""

    code = "bad_callback"
    status = 403
    library_code = 0


class SignatureMismatch(CallbackCryptoError):
    """msg_signature is not the one of token, timestamp, nonce and encrypted text."""

    code = "signature_mismatch"
    library_code = -40001


class BadEnvelope(CallbackCryptoError):
    """The XML or JSON around or inside the encrypted text cannot be read."""

    code = "bad_envelope"
    status = 400
    library_code = -40002


class BadKey(CallbackCryptoError):
    """The EncodingAESKey is not 43 base64 characters of 32 bytes."""

    code = "bad_key"
    status = 500
    library_code = -40004


class ReceiveIdMismatch(CallbackCryptoError):
    """Correctly encrypted, but for another company or suite."""

    code = "receive_id_mismatch"
    library_code = -40005


class EncryptFailed(CallbackCryptoError):
    """What should be encrypted does not fit the scheme (random prefix not 16 bytes)."""

    code = "encrypt_failed"
    status = 500
    library_code = -40006


class BadCiphertext(CallbackCryptoError):
    """Not a whole number of AES blocks: this was never encrypted with the scheme."""

    code = "bad_ciphertext"
    library_code = -40007


class BadBuffer(CallbackCryptoError):
    """Decrypted, but padding or length field make no sense: wrong key or damaged."""

    code = "bad_buffer"
    library_code = -40008


class BadBase64(CallbackCryptoError):
    """The encrypted text is not base64."""

    code = "bad_base64"
    status = 400
    library_code = -40010


class StaleCallback(CallbackCryptoError):
    """Correctly signed, but long ago, and nothing that we have seen before: a replay."""

    code = "stale_callback"


class CallbackTooLarge(CallbackCryptoError):
    """A body that no callback of WeCom has."""

    code = "callback_too_large"
    status = 413
