"""One upload per file of ours, renewed before WeCom forgets it."""

from datetime import timedelta

import pytest
import time_machine

from guideapp.core.clock import now
from guideapp.wecom.media import ensure_uploaded, forget, fresh_media_id
from guideapp.wecom.models import MediaAsset
from tests.wecom.conftest import Upstream

pytestmark = pytest.mark.django_db

SHA = "5" * 64


@pytest.fixture
def uploads(with_token: Upstream) -> Upstream:
    """A WeCom that takes two uploads."""
    at = int(now().timestamp())
    with_token.answers(
        "media/upload", *({"media_id": f"m{n}", "created_at": str(at)} for n in (1, 2))
    )
    return with_token


def upload() -> str:
    return ensure_uploaded("image", SHA, "秋装.jpg", lambda: b"bytes")


def test_a_file_is_uploaded_once(uploads: Upstream) -> None:
    assert (upload(), upload()) == ("m1", "m1")
    assert fresh_media_id("image", SHA) == "m1"
    assert len(uploads.asked("media/upload")) == 1


def test_the_same_bytes_as_another_kind_are_another_upload(uploads: Upstream) -> None:
    upload()
    assert fresh_media_id("file", SHA) is None
    assert ensure_uploaded("file", SHA, "秋装.jpg", lambda: b"bytes") == "m2"


def test_an_upload_is_counted_on_for_two_and_a_half_days(uploads: Upstream) -> None:
    upload()
    with time_machine.travel(now() + timedelta(days=2.4)):
        assert fresh_media_id("image", SHA) == "m1"
    with time_machine.travel(now() + timedelta(days=2.6)):
        assert fresh_media_id("image", SHA) is None


def test_an_upload_is_renewed_half_a_day_before_its_end(uploads: Upstream) -> None:
    upload()
    with time_machine.travel(now() + timedelta(days=2.1), tick=True):
        assert upload() == "m2"
    assert MediaAsset.objects.get().media_id == "m2"


def test_an_id_that_wecom_refused_is_not_used_again(uploads: Upstream) -> None:
    upload()
    forget("m1")
    assert fresh_media_id("image", SHA) is None
    assert upload() == "m2"
