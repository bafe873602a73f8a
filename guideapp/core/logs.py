"""JSON log lines with a request id; phones, tokens, codes and keys never reach them."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_request_id: ContextVar[str] = ContextVar("request_id", default="")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET_PAIR = re.compile(
    r"(?i)\b(access_token|corpsecret|secret|ticket|code|welcome_code|echostr|msg_signature|"
    r"signature|state|token|encodingaeskey|password|sessionid|session)(=|[\"']?:\s*[\"']?)[^&\s\"',}]+"
)
_PHONE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_TRACKED = re.compile(r"(/v/\d+/)[0-9A-Za-z]{22}")
_ROW = re.compile(
    r"(COPY \w+, line \d+(?:, column \w+)?: |JSON data, line \d+: |Key \([^\n]*?\)=)[^\n]*"
)
_WHOLE_ROW = re.compile(r"(Failing row contains ).*?\)\.?$", re.DOTALL | re.MULTILINE)


def request_id() -> str:
    """The id of the request being served, or an empty text outside one."""
    return _request_id.get()


def set_request_id(value: str) -> None:
    """Begin (or with an empty text, end) a request in this thread."""
    _request_id.set(value)


def mask(text: str) -> str:
    """Blank out everything that looks like a phone number, a token, a code or a key.

    And what PostgreSQL quotes of a row that it refuses: a customer's name is not for a log.
    """
    text = _SECRET_PAIR.sub(r"\1\2***", text)
    text = _TRACKED.sub(r"\1***", text)
    text = _WHOLE_ROW.sub(r"\1***", _ROW.sub(r"\1***", text))
    return _PHONE.sub(lambda match: f"{match.group()[:3]}****{match.group()[-4:]}", text)


def log_settings(level: str) -> dict[str, Any]:
    """What LOGGING of a settings module is: masked JSON lines on stderr from `level` on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestIdFilter}, "mask": {"()": MaskFilter}},
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["request_id", "mask"],
                "formatter": "json",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
    }


class RequestIdFilter(logging.Filter):
    """Put the request id on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        record.request_id = request_id()
        return True


class MaskFilter(logging.Filter):
    """Blank secrets and phones in the message and in every extra."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record, masked."""
        record.msg, record.args = mask(record.getMessage()), None
        for name, value in vars(record).items():
            if name not in _STANDARD and isinstance(value, str):
                setattr(record, name, mask(value))
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the extras, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD and value not in ("", None):
                # Also what only becomes text here: Django attaches the request, query and all.
                line[name] = value if isinstance(value, int | float) else mask(str(value))
        if record.exc_info:
            line["traceback"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
