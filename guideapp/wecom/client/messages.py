"""Messages of the app to members (应用消息): what a guide gets as a prompt."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from guideapp.wecom.client.family import Family, chunks
from guideapp.wecom.types import MessageResult

_RECEIVERS_PER_CALL = 1000
_REPEAT_WINDOW_SECONDS = 1800
_TEXT_BYTES = 2048
_TITLE_BYTES = 128
_DESCRIPTION_BYTES = 512


class Messages(Family):
    """WeCom drops the same message sent again within half an hour, so a doubt may be repeated.

    One member gets at most 30 a minute from one app; WeCom drops the rest without a word.
    """

    def send_text(self, *, userids: Sequence[str], text: str) -> MessageResult:
        """A text of at most 2048 bytes; what is longer is cut at a character.

        Raises WeComNotFound (81013) when nobody of `userids` can get it.
        Source: developer.work.weixin.qq.com/document/path/90236
        """
        return self._send(userids, "text", {"content": clip(text, _TEXT_BYTES)})

    def send_text_card(
        self, *, userids: Sequence[str], title: str, description: str, url: str
    ) -> MessageResult:
        """A card that opens `url`; title ≤ 128 bytes, description ≤ 512, cut at a character.

        Raises WeComNotFound (81013) when nobody of `userids` can get it.
        Source: developer.work.weixin.qq.com/document/path/90236
        """
        card = {
            "title": clip(title, _TITLE_BYTES),
            "description": clip(description, _DESCRIPTION_BYTES),
            "url": url,
        }
        return self._send(userids, "textcard", card)

    def _send(self, userids: Sequence[str], kind: str, content: dict[str, str]) -> MessageResult:
        result: MessageResult = {"msgid": "", "invaliduser": []}
        for some in chunks(list(userids), _RECEIVERS_PER_CALL):
            body: dict[str, Any] = {
                "touser": "|".join(some),
                "msgtype": kind,
                "agentid": settings.WECOM_AGENT_ID,
                kind: content,
                "enable_duplicate_check": 1,
                "duplicate_check_interval": _REPEAT_WINDOW_SECONDS,
            }
            answer = self._post("message/send", body)
            result["msgid"] = str(answer.get("msgid", ""))
            refused = str(answer.get("invaliduser") or "")
            result["invaliduser"] += [userid for userid in refused.split("|") if userid]
        return result


def clip(text: str, size: int) -> str:
    """`text` cut to at most `size` bytes of UTF-8, never inside a character."""
    encoded = text.encode()
    return text if len(encoded) <= size else encoded[:size].decode(errors="ignore")
