"""What Prometheus reads: who may, what is counted, and that nobody can be recognised in it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from guideapp.core.clock import now
from guideapp.core.jobs.models import Job, WorkerHeartbeat
from guideapp.wecom.models import ApiCall, CallbackEvent, OutboxCall
from tests.core import job_tasks
from tests.factories import make_follow

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-prometheus"


@pytest.fixture
def watched(settings: Any) -> None:
    """METRICS_TOKEN is set, and what it brings with it."""
    settings.METRICS_TOKEN = TOKEN
    counting = "guideapp.core.metrics.MetricsMiddleware"
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], counting, *settings.MIDDLEWARE[1:]]


def scrape(client: Client, token: str = TOKEN) -> dict[str, float]:
    """What a scrape says, by name with labels."""
    response = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 200
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_without_the_setting_there_is_no_page(client: Client) -> None:
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer é"])
def test_without_the_token_nothing_is_told(client: Client, given: str) -> None:
    response = client.get("/metrics", headers={"authorization": given})
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.usefixtures("watched")
def test_requests_are_counted_by_route_method_and_class(client: Client) -> None:
    name = 'guide_requests_total{method="GET",route="core:alive",status="2xx"}'
    unknown = 'guide_requests_total{method="GET",route="unknown",status="4xx"}'
    took = 'guide_request_seconds_count{method="GET",route="core:alive"}'
    before = scrape(client)
    client.get("/healthz")
    client.get("/there-is-no-such-page/13812345678/")
    after = scrape(client)
    for counted in (name, unknown, took):
        assert after[counted] - before.get(counted, 0) == 1
    assert not any("13812345678" in line for line in after)


@pytest.mark.usefixtures("watched")
def test_work_that_waits_is_told_with_its_age(client: Client) -> None:
    job_tasks.note.enqueue("now")
    job_tasks.note.using(run_after=now() + timedelta(hours=1)).enqueue("later")
    Job.objects.filter(args=["now"]).update(run_at=now() - timedelta(seconds=90))
    job_tasks.give_up.using(queue_name="bulk").enqueue()
    Job.objects.filter(lane="bulk").update(state=Job.State.DEAD, finished_at=now())
    WorkerHeartbeat.objects.create(
        worker="w",
        lanes="urgent,normal",
        beat_at=now() - timedelta(seconds=30),
        seconds_ahead=-12,
    )
    long_gone = {"beat_at": now() - timedelta(hours=2), "seconds_ahead": 3600}
    WorkerHeartbeat.objects.create(worker="w0", lanes="urgent", **long_gone)
    told = scrape(client)
    assert told['guide_jobs_due{lane="normal"}'] == 1
    assert told['guide_jobs_later{lane="normal"}'] == 1
    assert 90 <= told['guide_jobs_oldest_due_seconds{lane="normal"}'] < 100
    assert told['guide_jobs{lane="bulk",state="dead"}'] == 1
    assert told['guide_workers{lane="normal"}'] == 1
    assert told['guide_workers{lane="bulk"}'] == 0
    assert 30 <= told['guide_worker_beat_age_seconds{lane="urgent"}'] < 40
    assert told["guide_clock_off_seconds"] == 12
    assert told['guide_figures_up{source="jobs"}'] == 1


@pytest.mark.usefixtures("watched")
def test_inbox_outbox_and_calls_of_wecom_are_told(client: Client) -> None:
    old = now() - timedelta(seconds=200)
    event = {"corp_id": "c", "event": "e", "created_at": old, "received_at": old}
    CallbackEvent.objects.create(digest="1", **event)
    CallbackEvent.objects.create(digest="2", state=CallbackEvent.State.DONE, **event)
    CallbackEvent.objects.create(digest="3", state=CallbackEvent.State.DEAD, **event)
    OutboxCall.objects.create(
        kind="k", key="1", payload={}, lane="urgent", idempotent=True, created_at=old
    )
    for errcode, failure in ((0, ""), (0, ""), (45009, ""), (None, "timeout")):
        ApiCall.objects.create(
            at=now(), path="user/get", errcode=errcode, failure=failure, duration_ms=50
        )
    ApiCall.objects.create(at=old, path="user/get", errcode=0, duration_ms=50)
    told = scrape(client)
    assert told["guide_inbox_pending"] == 1
    assert told["guide_inbox_dead"] == 1
    assert 200 <= told["guide_inbox_oldest_seconds"] < 210
    assert told['guide_outbox{state="waiting"}'] == 1
    assert told['guide_outbox{state="uncertain"}'] == 0
    assert 200 <= told['guide_outbox_oldest_seconds{state="waiting"}'] < 210
    assert told['guide_wecom_calls{errcode="0",path="user/get"}'] == 2
    assert told['guide_wecom_calls{errcode="45009",path="user/get"}'] == 1
    assert told['guide_wecom_calls{errcode="timeout",path="user/get"}'] == 1
    assert told['guide_wecom_call_seconds{errcode="0",path="user/get"}'] == 0.05


@pytest.mark.usefixtures("watched")
def test_a_scrape_costs_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        scrape(client)


@pytest.mark.usefixtures("watched")
def test_without_the_database_requests_are_still_told(client: Client) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError

    with connection.execute_wrapper(away):
        told = scrape(client)
    assert told['guide_figures_up{source="jobs"}'] == 0
    assert told['guide_figures_up{source="wecom"}'] == 0
    assert any(name.startswith("guide_requests_total") for name in told)


@pytest.mark.usefixtures("watched")
def test_labels_name_no_person(client: Client) -> None:
    follow = make_follow()
    client.get(f"/s/customer/{follow.contact.external_userid}/")
    response = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert follow.contact.external_userid not in response.text
    assert follow.guide.userid not in response.text
