"""All processes together stay below WeCom's quota of an interface; what has to wait is not lost."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connections

from guideapp.core.clock import now
from guideapp.core.jobs.lanes import working_in
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.env import BASE_DIR
from guideapp.wecom.budget import Budget, Usage, budget, usage
from guideapp.wecom.errors import WeComOverBudget
from guideapp.wecom.models import ApiCall, OutboxCall
from guideapp.wecom.outbox import send
from guideapp.wecom.tokens import keep_credentials_warm
from guideapp.wecom.transport import Call, transport
from tests.core.processes import database_url
from tests.wecom.conftest import Upstream

pytestmark = pytest.mark.django_db

MID_MINUTE = "2026-03-10T04:10:20+00:00"
OK = {"errcode": 0, "errmsg": "ok"}


@pytest.fixture
def small_quota(settings: Any) -> None:
    """WeCom allows 100 calls a minute: 80 for us, 60 of them for bulk work."""
    settings.WECOM_CALLS_PER_MINUTE = 100
    settings.WECOM_CALLS_PER_HOUR = 1_000


@pytest.fixture(params=["database", "cache"])
def counters(request: pytest.FixtureRequest, settings: Any, small_quota: None) -> None:
    """Both places to count in; the shared one is Django's cache (Redis in production)."""
    if request.param == "cache":
        locmem = "django.core.cache.backends.locmem.LocMemCache"
        settings.CACHES = {"default": {"BACKEND": locmem}}
        settings.REDIS_URL = "redis://somewhere"
        cache.clear()


def spent(process: Budget, path: str = "user/get", lane: str = "", most: int = 500) -> int:
    """How many calls of `path` a process may make until it is held back."""
    with working_in(lane):
        for count in range(most):
            try:
                process.spend(path)
            except WeComOverBudget:
                return count
    return most


@pytest.mark.usefixtures("counters")
@time_machine.travel(MID_MINUTE, tick=False)
def test_four_fifths_of_the_quota_are_spent_and_no_more() -> None:
    one, other = Budget(), Budget()
    one.spend("user/get")
    assert spent(other) == 79
    assert spent(one) == 0


@pytest.mark.usefixtures("counters")
@time_machine.travel(MID_MINUTE, tick=False)
def test_a_process_holds_places_in_blocks_of_a_large_quota(settings: Any) -> None:
    settings.WECOM_CALLS_PER_MINUTE, settings.WECOM_CALLS_PER_HOUR = 10_000, 150_000
    one, other = Budget(), Budget()
    one.spend("user/get")  # holds 49 more places
    assert spent(other, most=9_000) == 7_950
    assert spent(one) == 49


@pytest.mark.usefixtures("counters")
@time_machine.travel(MID_MINUTE, tick=False)
def test_bulk_work_stops_at_three_fifths_and_urgent_work_goes_on() -> None:
    process = Budget()
    assert spent(process, lane="bulk") == 60
    assert spent(process, lane="urgent") == 20


@pytest.mark.usefixtures("counters")
@time_machine.travel(MID_MINUTE, tick=False)
def test_another_interface_has_a_budget_of_its_own() -> None:
    assert spent(Budget(), "user/get") == spent(Budget(), "user/list") == 80


@pytest.mark.usefixtures("counters")
def test_the_next_minute_has_a_budget_of_its_own() -> None:
    process = Budget()
    with time_machine.travel(MID_MINUTE, tick=False) as clock:
        spent(process)
        with pytest.raises(WeComOverBudget) as held_back:
            process.spend("user/get")
        clock.shift(timedelta(seconds=40))
        assert spent(process) == 80
    assert held_back.value.rest_seconds == 40


@pytest.mark.usefixtures("counters")
def test_the_hour_has_a_budget_too() -> None:
    process = Budget()
    with time_machine.travel("2026-03-10T04:10:20+00:00", tick=False) as clock:
        for _minute in range(10):
            assert spent(process) == 80
            clock.shift(timedelta(minutes=1))
        with pytest.raises(WeComOverBudget) as held_back:
            process.spend("user/get")
    assert held_back.value.rest_seconds == 39 * 60 + 40


@pytest.mark.usefixtures("counters")
@time_machine.travel(MID_MINUTE, tick=False)
def test_the_operator_sees_what_is_used() -> None:
    spent(Budget(), "user/get")
    spent(Budget(), "user/list", most=1)
    assert usage() == [Usage("user/get", 80, 80, 80, 800), Usage("user/list", 1, 80, 1, 800)]
    with time_machine.travel("2026-03-10T04:11:00+00:00", tick=False):
        assert [(row.minute_used, row.hour_used) for row in usage()] == [(0, 80), (0, 1)]


@time_machine.travel(MID_MINUTE, tick=False)
def test_fifty_calls_cost_one_statement(django_assert_num_queries: Any) -> None:
    process = Budget()
    with django_assert_num_queries(1):
        assert spent(process, most=50) == 50


@pytest.mark.usefixtures("small_quota")
def test_clocks_that_differ_by_seconds_count_together() -> None:
    with time_machine.travel("2026-03-10T04:10:59+00:00", tick=False):
        slow = Budget()
    with time_machine.travel("2026-03-10T04:11:01+00:00", tick=False):
        assert spent(Budget()) == 80
    with time_machine.travel("2026-03-10T04:10:59+00:00", tick=False):
        assert spent(slow) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_quota")
def test_threads_of_two_processes_never_spend_more() -> None:
    begin = threading.Barrier(8)
    processes = [Budget(), Budget()]

    def work(number: int) -> int:
        begin.wait(10)
        try:
            return spent(processes[number % 2])
        finally:
            connections.close_all()

    with time_machine.travel(MID_MINUTE, tick=False), ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(work, range(8))) == 80


_SPEND = """
import django
django.setup()
from guideapp.wecom.budget import budget
from guideapp.wecom.errors import WeComOverBudget
try:
    for count in range(5_000):
        budget.spend("user/get")
except WeComOverBudget:
    print(count)
"""


@pytest.mark.django_db(transaction=True)
def test_two_real_processes_never_spend_more() -> None:
    to_the_middle_of_an_hour = 1800 - int(now().timestamp()) % 3600
    environment = {
        "DJANGO_SETTINGS_MODULE": "guideapp.settings",
        "DATABASE_URL": database_url(),
        "WECOM_CALLS_PER_HOUR": "1000",
        "CLOCK_OFFSET_SECONDS": str(to_the_middle_of_an_hour),
    }
    both = [
        subprocess.Popen(  # noqa: S603 -- our own command
            [sys.executable, "-c", _SPEND],
            cwd=BASE_DIR,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    counts = [int(process.communicate(timeout=60)[0]) for process in both]
    assert sum(counts) == 800


@pytest.mark.usefixtures("small_quota")
@time_machine.travel(MID_MINUTE, tick=False)
def test_a_call_over_budget_never_reaches_wecom(upstream: Upstream) -> None:
    upstream.answers("user/get", OK)
    spent(budget)
    with pytest.raises(WeComOverBudget):
        transport.send(Call("user/get"))
    assert upstream.asked("user/get") == []
    assert not ApiCall.objects.exists()


@pytest.mark.usefixtures("small_quota")
def test_a_job_waits_for_the_window_without_using_up_attempts(upstream: Upstream) -> None:
    upstream.gives_tokens("t")
    upstream.answers("get_jsapi_ticket", OK | {"ticket": "a", "expires_in": 7200})
    upstream.answers("ticket/get", OK | {"ticket": "b", "expires_in": 7200})
    with time_machine.travel(MID_MINUTE, tick=False) as clock:
        spent(budget, "gettoken")
        keep_credentials_warm.enqueue()
        run_due()
        job = Job.objects.get()
        assert (job.state, job.attempts) == (Job.State.READY, 0)
        assert job.run_at - now() == timedelta(seconds=40)
        clock.shift(timedelta(seconds=40))
        run_due()
        job.refresh_from_db()
        assert job.state == Job.State.DONE


@pytest.mark.usefixtures("small_quota")
def test_what_is_owed_waits_for_the_window_and_is_sent_then(with_token: Upstream) -> None:
    with_token.answers("externalcontact/mark_tag", OK)
    with time_machine.travel(MID_MINUTE, tick=False) as clock:
        spent(budget, "externalcontact/mark_tag")
        owed = send("mark_tag", {"userid": "g", "external_userid": "w", "add": ["t"]}, key="tag:1")
        run_due()
        owed.refresh_from_db()
        assert owed.state == OutboxCall.State.WAITING
        clock.shift(timedelta(seconds=40))
        run_due()
        owed.refresh_from_db()
        assert owed.state == OutboxCall.State.DONE
    assert len(with_token.asked("externalcontact/mark_tag")) == 1


@pytest.mark.usefixtures("small_quota")
@time_machine.travel(MID_MINUTE, tick=False)
def test_the_lane_of_a_job_decides_which_budget_it_has(with_token: Upstream) -> None:
    with_token.answers("externalcontact/mark_tag", OK)
    spent(budget, "externalcontact/mark_tag", lane="bulk")
    tag = {"userid": "g", "external_userid": "w", "add": ["t"]}
    slow = send("mark_tag", tag, key="tag:1", lane="bulk")
    fast = send("mark_tag", tag, key="tag:2", lane="urgent")
    run_due()
    slow.refresh_from_db()
    fast.refresh_from_db()
    assert (slow.state, fast.state) == (OutboxCall.State.WAITING, OutboxCall.State.DONE)
