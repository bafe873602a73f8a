"""Crashes reported to Sentry (`SENTRY_DSN`), without bodies, cookies, people or local variables.

Only imported where SENTRY_DSN is set: the package comes with requirements-prod.txt.
"""

from typing import Any

import sentry_sdk

from guideapp.core.logs import mask, request_id

_KEPT = ("event_id", "timestamp", "level", "platform", "logger", "release", "environment")


def start(dsn: str) -> None:
    """Report from now on."""
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,  # statements and log lines may name a person
        traces_sample_rate=0.0,
        before_send=what_may_leave,
    )


def what_may_leave(event: Any, _hint: Any) -> Any:
    """The traceback, masked, under our request id: nothing else of an event."""
    kept = {name: event[name] for name in _KEPT if name in event}
    trouble = event.get("exception")
    for error in (trouble or {}).get("values", []):
        error["value"] = mask(str(error.get("value", "")))
    return {**kept, "exception": trouble, "tags": {"request_id": request_id()}}
