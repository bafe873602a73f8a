"""After a backup was restored: what is no longer true is dropped, the rest is read from WeCom."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from guideapp.members.models import FollowRelation
from guideapp.organisation.models import GuideSession
from guideapp.organisation.services import sync_address_book
from guideapp.wecom.models import Credential, OutboxCall, SyncCursor
from guideapp.workbench.restore import drop_what_is_old
from tests.conftest import GuideClient
from tests.wecom_support import PlayedWeCom


def make_call(key: str, *, idempotent: bool, state: str = "waiting") -> OutboxCall:
    """A call that we owe WeCom."""
    return OutboxCall.objects.create(
        kind="k",
        key=key,
        payload={},
        lane="normal",
        idempotent=idempotent,
        state=state,
        created_at=now(),
    )


def test_tokens_and_logins_of_the_backup_end(as_guide: GuideClient) -> None:
    Credential.objects.create(
        corp_id="c", agent_id=1, kind="access_token", value="x", expires_at=now()
    )
    assert as_guide.get("/g/").status_code == 200
    drop_what_is_old()
    assert not Credential.objects.exists()
    assert not GuideSession.objects.exists()
    assert as_guide.get("/g/").status_code == 302
    assert AuditEntry.objects.filter(action="backup.restored").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("idempotent", "before", "after"),
    [
        (False, "waiting", "uncertain"),
        (False, "sending", "uncertain"),
        (False, "done", "done"),
        (False, "failed", "failed"),
        (True, "waiting", "waiting"),
    ],
)
def test_what_may_have_gone_out_since_waits_for_a_person(
    idempotent: bool, before: str, after: str
) -> None:
    call = make_call("1", idempotent=idempotent, state=before)
    drop_what_is_old()
    call.refresh_from_db()
    assert call.state == after


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["mark_tag", "remark"])
def test_what_would_set_an_old_value_is_not_sent_any_more(kind: str) -> None:
    call = make_call("1", idempotent=True)
    OutboxCall.objects.filter(pk=call.pk).update(kind=kind)
    drop_what_is_old()
    call.refresh_from_db()
    assert (call.state, call.error[:21]) == ("dropped", "a backup was restored")


@pytest.mark.django_db
def test_a_reading_that_was_cut_off_begins_anew() -> None:
    cursor = SyncCursor.objects.create(name="x", cursor="linxm", started_at=now())
    done_at = now() - timedelta(hours=1)
    done = SyncCursor.objects.create(name="y", cursor="z", finished_at=done_at)
    drop_what_is_old()
    cursor.refresh_from_db()
    done.refresh_from_db()
    assert cursor.cursor == ""
    assert cursor.finished_at is not None
    assert done.finished_at == done_at


def test_what_wecom_knows_comes_back(wecom: PlayedWeCom, capsys: pytest.CaptureFixture) -> None:
    sync_address_book()
    call_command("after_restore")
    said = capsys.readouterr().out
    assert "repaired: " in said
    assert "repaired: 0" not in said
    assert FollowRelation.objects.active().exists()
    call_command("after_restore")
    assert "repaired: 0" in capsys.readouterr().out


@pytest.mark.django_db
def test_offline_reads_nothing(capsys: pytest.CaptureFixture) -> None:
    call_command("after_restore", offline=True)
    assert "repaired" not in capsys.readouterr().out
