"""The `state` of a login: one use, five minutes, one browser."""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.tasks import task
from django.utils.crypto import get_random_string

from guideapp.core.clock import now
from guideapp.core.jobs.schedule import periodic
from guideapp.organisation.errors import LoginStateRefused
from guideapp.organisation.models import GuideSession, LoginState

_STATE_LENGTH = 32  # letters and digits: 190 random bits, the only characters WeCom echoes


def begin_login(*, browser: str, next_path: str, by_qr: bool) -> str:
    """The state to hand to WeCom. `browser` is the secret of the pre-login cookie."""
    state = get_random_string(_STATE_LENGTH)
    LoginState.objects.create(
        state_hash=_hash(state),
        browser_hash=_hash(browser),
        next_path=next_path,
        by_qr=by_qr,
        created_at=now(),
    )
    return state


def consume_login(*, state: str, browser: str) -> LoginState:
    """The login that `state` began in this browser. Raises LoginStateRefused, also at second use.

    One conditional statement, so that two requests with one state cannot both pass.
    """
    oldest = now() - timedelta(seconds=settings.LOGIN_STATE_SECONDS)
    waiting = LoginState.objects.filter(
        state_hash=_hash(state), browser_hash=_hash(browser), used_at=None, created_at__gt=oldest
    )
    if not (state and browser and waiting.update(used_at=now())):
        raise LoginStateRefused
    return LoginState.objects.get(state_hash=_hash(state))


@periodic("40 4 * * *", name="organisation.forget_old_logins")
@task(queue_name="bulk")
def forget_old_logins() -> None:
    """Delete login states and sessions that nobody can use any more."""
    LoginState.objects.filter(created_at__lt=now() - timedelta(days=1)).delete()
    GuideSession.objects.filter(expire_date__lt=now()).delete()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
