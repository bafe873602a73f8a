"""Tasks whose effect is an audit row, so that a test sees what ran and how often."""

import threading
from datetime import timedelta

from django.db import connection
from django.tasks import TaskContext, task

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.jobs.errors import GiveUp, RetryAt

door = threading.Event()  # `wait_at_the_door` runs until a test opens it
arrived = threading.Event()


@task(queue_name="normal")
def note(word: str) -> str:
    """Leave an audit row."""
    record_audit(actor="", action="ran", subject=word)
    return word


@task(queue_name="bulk")
def do_nothing() -> None:
    """The smallest job."""


@task(queue_name="normal", takes_context=True)
def note_attempt(context: TaskContext) -> None:
    """Leave the number of the attempt, and fail."""
    record_audit(actor="", action="ran", subject=f"attempt {context.attempt}")
    raise ValueError("call +8613812345678 with access_token=abc")


@task(queue_name="normal")
def come_back_later() -> None:
    """Ask for another minute."""
    raise RetryAt(now() + timedelta(minutes=1))


@task(queue_name="normal")
def give_up() -> None:
    """Say that no attempt will help."""
    raise GiveUp("the customer is gone")


@task(queue_name="normal")
def break_a_statement() -> None:
    """Fail inside the database, which spoils a transaction on PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM there_is_no_such_table")


@task(queue_name="normal")
def wait_at_the_door(word: str) -> None:
    """Run until the test opens the door, then leave an audit row."""
    arrived.set()
    door.wait(10)
    record_audit(actor="", action="ran", subject=word)
