"""Uploads in an S3-compatible store: written, read back, and shown on the public page."""

import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from moto.server import ThreadedMotoServer

from guideapp.env import s3_hosts, s3_storage
from guideapp.materials.models import Material, MaterialFile
from guideapp.materials.services import file_url, read_file, store_upload
from guideapp.members.errors import ListAway
from guideapp.members.models import Tombstone
from guideapp.members.services import ask_erasure, subject_of
from tests.acceptance.conftest import picture
from tests.factories import make_material, make_member, make_share

BUCKET = "guide-files"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 server on the loopback address."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    yield "http://{}:{}".format(*moto.get_host_and_port())
    moto.stop()


@pytest.fixture
def store(server: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The product keeps its files there; boto3's own client looks at what arrived."""
    for name, value in {
        "S3_ACCESS_KEY": "test-key",
        "S3_SECRET_KEY": "test-secret",
        "S3_REGION": "us-east-1",
        "S3_ADDRESSING_STYLE": "path",
        "S3_PREFIX": "guide",
    }.items():
        monkeypatch.setenv(name, value)
    settings.S3_BUCKET, settings.S3_SIGNED_SECONDS = BUCKET, 600
    settings.STORAGES = {**settings.STORAGES, "default": s3_storage(BUCKET, server, 600)}
    client = boto3.client(
        "s3",
        endpoint_url=server,
        region_name="us-east-1",
        aws_access_key_id="test-key",
        aws_secret_access_key="test-secret",
    )
    client.create_bucket(Bucket=BUCKET)
    return client


def upload(name: str = "大衣.png") -> MaterialFile:
    """Upload a picture the way headquarters' page does."""
    content = SimpleUploadedFile(name, picture(), content_type="image/png")
    return store_upload(upload=content, guide=None)


def test_an_upload_is_an_object_in_the_bucket_and_reads_back(store: Any) -> None:
    file = upload()
    stored = store.get_object(Bucket=BUCKET, Key=f"guide/{file.path}")["Body"].read()
    assert stored == read_file(file)
    assert {row["Key"] for row in store.list_objects_v2(Bucket=BUCKET)["Contents"]} >= {
        f"guide/{file.path}",
        f"guide/{file.cover_path}",
    }


def test_the_public_page_shows_the_picture_from_the_store(store: Any) -> None:
    file = upload()
    share = make_share(material=make_material(kind=Material.Kind.IMAGE, file=file, cover=file))
    phone = Client(headers={"user-agent": PHONE})
    page = phone.get(reverse("materials:public", args=[share.material_id, share.link.token]))
    found = re.search(r'<img[^>]+src="(/[^"]+)"', page.text)
    assert found
    answer = phone.get(found[1].replace("&amp;", "&"))
    assert answer.status_code == 302
    assert "X-Amz-Signature=" in answer["Location"]
    assert "X-Amz-Expires=600" in answer["Location"]
    shown = requests.get(answer["Location"], timeout=10)
    assert shown.status_code == 200
    assert shown.headers["Content-Type"].startswith("image/")
    assert shown.content == read_file(file)


def test_an_erasure_waits_for_an_object_store_that_is_away(
    store: Any, server: str, settings: Any
) -> None:
    gone = s3_storage("no-such-bucket", server, 600)
    settings.STORAGES = {**settings.STORAGES, "erasures": gone}
    subject = subject_of(f"m-{make_member(number='A1').pk}")
    assert subject
    with pytest.raises(ListAway):
        ask_erasure(subject, by="wangsi", reason="工单 7")
    assert not Tombstone.objects.exists()


def test_what_is_no_picture_is_downloaded(store: Any) -> None:
    file = upload()
    MaterialFile.objects.filter(pk=file.pk).update(content_type="application/pdf")
    answer = Client().get(file_url(file))
    assert "response-content-disposition=attachment" in answer["Location"]
    assert requests.get(answer["Location"], timeout=10).status_code == 200


def test_our_server_can_pass_the_bytes_on_itself(store: Any, settings: Any) -> None:
    settings.S3_SIGNED_SECONDS = 0
    file = upload()
    answer = Client().get(file_url(file))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == read_file(file)  # type: ignore[arg-type]
    part = Client().get(file_url(file), headers={"range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, read_file(file)[:10])


def test_a_changed_address_leads_nowhere(store: Any) -> None:
    assert Client().get(file_url(upload()) + "x").status_code == 404


def test_browsers_may_load_pictures_from_the_store_alone() -> None:
    assert s3_hosts("files", "https://cos.example.com") == [
        "https://cos.example.com",
        "https://files.cos.example.com",
    ]
    assert s3_hosts("files", "") == s3_hosts("", "https://cos.example.com") == []
