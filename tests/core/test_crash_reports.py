"""What leaves the house when something crashed."""

from guideapp.core.crash_reports import what_may_leave


def test_a_report_names_the_place_and_nobody() -> None:
    event = {
        "event_id": "1",
        "level": "error",
        "request": {"url": "/s/customer/x/", "cookies": {"session": "SECRET"}},
        "user": {"ip_address": "10.0.0.1"},
        "breadcrumbs": {"values": [{"message": "13812345678"}]},
        "exception": {"values": [{"type": "ValueError", "value": "13812345678 token=SECRET"}]},
    }
    told = str(what_may_leave(event, {}))
    assert "ValueError" in told
    assert not any(word in told for word in ("12345678", "SECRET", "10.0.0.1", "/s/customer"))
