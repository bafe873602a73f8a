"""media/upload and media/get."""

import pytest
import requests

from guideapp.core.clock import now
from guideapp.sandbox.models import Media

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


def upload(wecom, content, *, kind="image", part="media", name="图 1.png"):
    return requests.post(
        f"{wecom.api}/media/upload",
        params={"access_token": wecom.token(), "type": kind},
        files={part: (name, content, "image/png")},
        timeout=10,
    ).json()


def test_an_upload_gives_an_id_for_three_days(wecom):
    answer = upload(wecom, PNG)
    assert (answer["errcode"], answer["errmsg"], answer["type"]) == (0, "", "image")
    assert answer["created_at"].isdigit()
    row = Media.objects.get(media_id=answer["media_id"])
    assert (row.expires_at - row.created_at).days == 3
    assert row.filename == "图 1.png"


@pytest.mark.parametrize(
    ("kind", "content", "errcode"),
    [
        ("image", b"%PDF-1.7 not a picture", 40005),
        ("image", PNG + b"0" * 10 * 1024 * 1024, 40009),
        ("image", b"", 44001),
        ("image", b"\x89PNG", 40006),
        ("video", PNG, 40005),
        ("voice", b"#!AMR" + b"0" * 2 * 1024 * 1024, 45001),
        ("song", PNG, 40004),
    ],
)
def test_files_that_are_refused(wecom, kind, content, errcode):
    assert upload(wecom, content, kind=kind)["errcode"] == errcode
    assert not Media.objects.exists()


def test_the_part_must_be_called_media(wecom):
    assert upload(wecom, PNG, part="file")["errcode"] == 44001


def test_a_part_without_a_file_name_is_no_file(wecom):
    answer = requests.post(
        f"{wecom.api}/media/upload",
        params={"access_token": wecom.token(), "type": "image"},
        files={"media": (None, PNG)},
        timeout=10,
    )
    assert answer.json()["errcode"] == 44001


def test_the_file_comes_back_with_its_name_whole_or_in_part(wecom):
    ask = {"media_id": upload(wecom, PNG)["media_id"], "access_token": wecom.token()}
    whole = requests.get(f"{wecom.api}/media/get", params=ask, timeout=5)
    part = requests.get(
        f"{wecom.api}/media/get", params=ask, headers={"Range": "bytes=0-3"}, timeout=5
    )
    assert whole.content == PNG
    assert "attachment" in whole.headers["Content-Disposition"]
    assert (part.status_code, part.content) == (206, PNG[:4])
    assert part.headers["Content-Range"] == f"bytes 0-3/{len(PNG)}"


def test_an_unknown_or_expired_id_is_json_with_status_200(wecom):
    media_id = upload(wecom, PNG)["media_id"]
    Media.objects.update(expires_at=now())
    token = wecom.token()
    assert wecom.get("media/get", access_token=token, media_id=media_id)["errcode"] == 40007
    assert wecom.get("media/get", access_token=token)["errcode"] == 41006
