"""Log lines: JSON, with a request id, and without phones, tokens, codes or keys."""

import json
import logging
from typing import Any

import pytest
from django.test import RequestFactory

from guideapp.core.logs import (
    JsonFormatter,
    MaskFilter,
    RequestIdFilter,
    mask,
    request_id,
    set_request_id,
)


def line_of(message: str, *args: Any, error: BaseException | None = None, **extra: Any) -> Any:
    """What the handler would write."""
    trouble = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, args, trouble)
    vars(record).update(extra)
    RequestIdFilter().filter(record)
    MaskFilter().filter(record)
    return json.loads(JsonFormatter().format(record))


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("call 13812345678 now", "1234"),
        ("call +8613812345678 now", "1234"),
        ("https://x/?access_token=SECRET&a=1", "SECRET"),
        ("corpsecret=SECRET", "SECRET"),
        ('{"access_token": "SECRET"}', "SECRET"),
        ("{'welcome_code': 'SECRET'}", "SECRET"),
        ("/wecom/oauth/?code=SECRET&state=HIDDEN", "HIDDEN"),
        ("/v/12/abcdefghijklmnopqrstuv/beacon/", "ghijkl"),
        ("DETAIL:  Key (name)=(陈橘) already exists.", "陈橘"),
        ("DETAIL:  Key (lower(name), id)=(陈橘, 1) already exists.", "陈橘"),
        ("DETAIL:  Failing row contains (1, null, 陈橘).", "陈橘"),
        ("DETAIL:  Failing row contains (1, 两行\n陈橘).\nCONTEXT", "陈橘"),
        ('CONTEXT:  JSON data, line 1: {"name": "陈橘', "陈橘"),
        ('CONTEXT:  COPY members_member, line 1: "1\tHY0001\t陈橘"', "陈橘"),
        ('CONTEXT:  COPY members_member, line 1, column name: "陈橘"', "陈橘"),
    ],
)
def test_secrets_and_phones_are_blanked(text: str, hidden: str) -> None:
    assert hidden in text
    assert hidden not in mask(text)


@pytest.mark.parametrize("text", ["order 202611210001380012", "40014 invalid", "material 12"])
def test_ordinary_numbers_stay(text: str) -> None:
    assert mask(text) == text


def test_a_line_is_json_with_level_logger_extras_and_request_id() -> None:
    set_request_id("abc-12345")
    line = line_of("Sent %s.", "it", job=7)
    set_request_id("")
    assert (line["message"], line["level"], line["logger"]) == ("Sent it.", "INFO", "test")
    assert (line["job"], line["request_id"]) == (7, "abc-12345")
    assert request_id() == ""


def test_arguments_extras_and_tracebacks_are_masked() -> None:
    try:
        raise ValueError("token=SECRET")
    except ValueError as error:
        line = line_of("for %s", "13812345678", error=error, note="code=SECRET")
    assert "13812345678" not in str(line)
    assert "SECRET" not in str(line)
    assert "ValueError" in line["traceback"]


def test_a_request_that_django_attaches_shows_no_code() -> None:
    request = RequestFactory().get("/wecom/oauth/?code=SECRET&state=HIDDEN")
    line = line_of("Bad Request", request=request)
    assert "SECRET" not in str(line)
    assert "HIDDEN" not in str(line)
    assert "/wecom/oauth/" in line["request"]
