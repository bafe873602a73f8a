"""WeCom's refusals with their codes, and the wording the real server puts around them."""

import hashlib
from typing import Any

from guideapp.sandbox.config import unix_now

REASONS: dict[int, str] = {
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media type",
    40005: "invalid type parameter",
    40006: "invalid file size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40011: "invalid video size",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid code",
    40031: "invalid userid list",
    40032: "invalid userid list size",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40063: "some parameters are empty",
    40066: "invalid department list",
    40068: "invalid tagid",
    40071: "tag name already exist",
    40072: "invalid tag name length",
    40096: "invalid external userid",
    40126: "corp tag size exceeded",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41006: "media_id missing",
    41009: "userid missing",
    41011: "agentid missing",
    41035: "external userid missing",
    41049: "missing welcome code",
    41050: "invalid welcome code",
    41051: "customer has been chatting",
    41064: "invalid attachments size",
    41065: "invalid attachments msgtype",
    42001: "access_token expired",
    44001: "empty media data",
    44004: "empty content",
    45001: "media size exceed limit",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "api freq out of limit",
    48002: "api forbidden",
    48009: "contacts assistant is not allowed to read details",
    50001: "redirect_uri unauthorized",
    50100: "invalid cursor",
    60003: "department not found",
    60011: "no privilege to access/modify contact/party/agent",
    60102: "userid existed",
    60111: "userid not found",
    60123: "invalid party id",
    81013: "user & party & tag all invalid",
    82001: "touser & toparty & totag all empty",
    84061: "not external contact",
    84074: "no external contact permission",
    91040: "invalid ticket type",
    301002: "not allow operate another agent with this accesstoken",
}


class Refused(Exception):
    """WeCom says no with `errcode`. `extra` are keys that stand in the answer all the same."""

    def __init__(self, errcode: int, reason: str = "", **extra: Any) -> None:
        super().__init__(errcode, reason)
        self.errcode = errcode
        self.reason = reason or REASONS[errcode]
        self.extra = extra

    def body(self, *, ip: str) -> dict[str, Any]:
        """The JSON of the answer, with the long tail that the real errmsg has."""
        return {"errcode": self.errcode, "errmsg": self._errmsg(ip), **self.extra}

    def _errmsg(self, ip: str) -> str:
        digest = hashlib.sha256(f"{self.errcode}|{ip}|{self.reason}".encode()).hexdigest()
        hint = f"{unix_now()}{int(digest[:12], 16):015d}"
        more = f"https://open.work.weixin.qq.com/devtool/query?e={self.errcode}"
        return f"{self.reason}, hint: [{hint}], from ip: {ip}, more info at {more}"


class UnknownEvent(Exception):
    """The control address was asked for an event that does not exist, or with data missing."""
