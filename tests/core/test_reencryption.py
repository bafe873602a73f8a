"""A key that leaked is retired: every value moves to the new one, while people work."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from guideapp.core import reencryption
from guideapp.core.fields import Undecipherable
from guideapp.core.reencryption import encrypted_fields
from guideapp.wecom.models import Credential

pytestmark = pytest.mark.django_db
NEW_KEY = f"2:{'b' * 43}="


def keep(agent_id: int, value: str) -> Credential:
    return Credential.objects.create(
        corp_id="c", agent_id=agent_id, kind=Credential.Kind.ACCESS_TOKEN, value=value
    )


def run(**options: Any) -> str:
    out = io.StringIO()
    call_command("reencrypt", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def rotated(settings: Any) -> str:
    """Values under the old key, then a new key in front; gives the old ring."""
    for number in range(3):
        keep(number, f"token-{number}")
    keep(9, "")
    old = settings.DATA_KEYS
    settings.DATA_KEYS = f"{NEW_KEY},{old}"
    return str(old)


def tokens() -> list[str]:
    return list(Credential.objects.order_by("agent_id").values_list("value", flat=True))


def test_afterwards_the_old_key_is_not_needed(rotated: str, settings: Any) -> None:
    assert "wecom_credential.value: 3 values renewed" in run()
    settings.DATA_KEYS = NEW_KEY
    assert tokens() == ["token-0", "token-1", "token-2", ""]
    assert "wecom_credential.value: 0 values renewed" in run()


def test_a_dry_run_counts_and_writes_nothing(rotated: str, settings: Any) -> None:
    assert "wecom_credential.value: 3 values to renew" in run(dry_run=True)
    settings.DATA_KEYS = NEW_KEY
    with pytest.raises(Undecipherable):
        tokens()


def test_a_run_that_was_stopped_goes_on(
    rotated: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencryption, "BATCH", 2)
    monkeypatch.setattr(reencryption, "SAID_EVERY", 1)

    def stop(_text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reencryption.reencrypt(dry_run=False, say=stop)
    assert "wecom_credential.value: 1 values renewed" in run()


def test_a_value_that_nobody_can_read_is_counted_and_left_alone(settings: Any) -> None:
    keep(1, "token")
    settings.DATA_KEYS = NEW_KEY
    with pytest.raises(CommandError, match="does not hold"):
        run()


def test_every_encrypted_column_is_found() -> None:
    found = {f"{field.model.__name__}.{field.name}" for field in encrypted_fields()}
    assert {"Credential.value", "Member.phone", "Contact.unionid"} <= found
