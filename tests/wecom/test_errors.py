"""Each code of WeCom that somebody acts on has its class."""

import pytest

from guideapp.wecom import errors


@pytest.mark.parametrize(
    ("errcode", "kind", "retryable"),
    [
        (-1, errors.WeComUnavailable, True),
        (45009, errors.WeComRateLimited, True),
        (45033, errors.WeComRateLimited, True),
        (40014, errors.WeComTokenExpired, False),
        (42001, errors.WeComTokenExpired, False),
        (40001, errors.WeComNotPermitted, False),
        (48002, errors.WeComNotPermitted, False),
        (60011, errors.WeComNotPermitted, False),
        (60020, errors.WeComNotPermitted, False),
        (84074, errors.WeComNotPermitted, False),
        (40003, errors.WeComNotFound, False),
        (40096, errors.WeComNotFound, False),
        (84061, errors.WeComNotFound, False),
        (60111, errors.WeComNotFound, False),
        (81013, errors.WeComNotFound, False),
        (40029, errors.WeComLoginCodeInvalid, False),
        (42022, errors.WeComLoginCodeInvalid, False),
        (41050, errors.WeComRefused, False),
        (40058, errors.WeComRefused, False),
        (999_999, errors.WeComRefused, False),
    ],
)
def test_a_code_has_one_class(errcode: int, kind: type[errors.WeComError], retryable: bool) -> None:
    error = errors.error_of(errcode, "words", "user/get")
    assert type(error) is kind
    assert (error.errcode, error.errmsg, error.path) == (errcode, "words", "user/get")
    assert error.retryable is retryable


def test_an_error_names_path_code_and_words_without_secrets() -> None:
    error = errors.error_of(40014, "invalid access_token=abc123, call 13800002046", "user/get")
    assert str(error) == "user/get: 40014 invalid access_token=***, call 138****2046"


def test_words_that_no_database_takes_are_cleaned() -> None:
    assert errors.error_of(-1, "no\0 way \ud800", "user/get").errmsg == "no\ufffd way \ufffd"


def test_long_words_are_cut() -> None:
    assert len(errors.error_of(-1, "长" * 1000, "user/get").errmsg) == 300
