"""Two pools that do not mix, what moments want of a file, permanent pictures, and the clock."""

import struct

import pytest
import requests

from guideapp.sandbox import clock
from guideapp.sandbox.models import Media
from guideapp.sandbox.services import media

DAY = 24 * 3600


def png(width=800, height=600):
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"0" * 64


def jpg(width, height):
    frame = b"\xff\xc0\0\x11\x08" + struct.pack(">HH", height, width)
    return b"\xff\xd8\xff\xe0\0\x10" + b"0" * 14 + frame + b"0" * 64


def mp4(seconds):
    head = b"\0\0\0\x18ftypmp42" + b"0" * 12
    return head + b"mvhd" + b"\0" * 12 + struct.pack(">II", 1000, seconds * 1000) + b"\0" * 64


def amr(seconds):
    return b"#!AMR\n" + (b"\x3c" + b"\0" * 31) * (seconds * 50)


def post(wecom, path, content, *, part="media", name="图.png", kind="image/png", **query):
    return requests.post(
        f"{wecom.api}/media/{path}",
        params={"access_token": wecom.token(), **query},
        files={part: (name, content, kind)},
        timeout=10,
    ).json()


def attach(wecom, content, *, scene=1, kind="image"):
    return post(wecom, "upload_attachment", content, media_type=kind, attachment_type=scene)


def send_image(wecom, media_id):
    body = {"touser": "linxm", "msgtype": "image", "agentid": 1000002}
    return wecom.post("message/send", wecom.token(), body | {"image": {"media_id": media_id}})


def test_an_attachment_for_moments_is_useless_in_a_message(wecom):
    answer = attach(wecom, png())
    assert (answer["errcode"], answer["type"]) == (0, "image")
    assert answer["created_at"].isdigit()
    assert send_image(wecom, answer["media_id"])["errcode"] == 40007
    ask = {"media_id": answer["media_id"], "access_token": wecom.token()}
    assert requests.get(f"{wecom.api}/media/get", params=ask, timeout=5).content == png()


@pytest.mark.parametrize(
    ("content", "scene", "kind", "errcode"),
    [
        (png(), 3, "image", 41072),
        (png(), 2, "video", 41072),
        (png(), 1, "file", 41072),
        (png(), 1, "video", 41090),
        (png(1081, 1081), 1, "image", 41081),
        (png(10_801, 100), 1, "image", 41081),
        (jpg(1200, 1100), 1, "image", 41081),
        (mp4(31), 1, "video", 41082),
        (png() + b"0" * 10 * 1024 * 1024, 1, "image", 41080),
        (b"no picture at all", 1, "image", 40005),
    ],
)
def test_attachments_that_are_refused(wecom, content, scene, kind, errcode):
    assert attach(wecom, content, scene=scene, kind=kind)["errcode"] == errcode
    assert not Media.objects.exists()


@pytest.mark.parametrize(
    ("content", "scene", "kind"),
    [
        (png(1080, 10_800), 1, "image"),
        (jpg(1920, 1080), 1, "image"),
        (png(3000, 3000), 2, "image"),
        (mp4(30), 1, "video"),
    ],
)
def test_attachments_at_the_edge_are_taken(wecom, content, scene, kind):
    assert attach(wecom, content, scene=scene, kind=kind)["errcode"] == 0


def test_a_recording_may_last_a_minute(wecom):
    fits = post(wecom, "upload", amr(60), name="a.amr", type="voice")
    long = post(wecom, "upload", amr(61), name="a.amr", type="voice")
    assert (fits["errcode"], long["errcode"]) == (0, 45007)


def test_an_id_dies_after_three_days_of_the_sandboxs_clock(wecom):
    media_id = post(wecom, "upload", png(), type="image")["media_id"]
    clock.advance(3 * DAY - 60)
    assert send_image(wecom, media_id)["errcode"] == 0
    clock.advance(61)
    assert send_image(wecom, media_id)["errcode"] == 40007
    assert wecom.get("media/get", access_token=wecom.token(), media_id=media_id)["errcode"] == 40007


def test_a_permanent_picture_has_an_address_for_ever(wecom):
    answer = post(wecom, "uploadimg", png(), part="whatever")
    assert (answer["errcode"], answer["errmsg"]) == (0, "")
    clock.advance(400 * DAY)
    shown = requests.get(answer["url"], timeout=5)
    assert (shown.content, shown.headers["Content-Type"]) == (png(), "image/png")
    body = {
        "sender": "linxm",
        "attachments": [{"msgtype": "image", "image": {"pic_url": answer["url"]}}],
    }
    path = "externalcontact/add_msg_template"
    assert wecom.post(path, wecom.token(), body)["errcode"] == 0


@pytest.mark.parametrize(
    ("content", "errcode"),
    [(b"GIF89a no", 40005), (png() + b"0" * 2 * 1024 * 1024, 40009), (b"", 44001)],
)
def test_permanent_pictures_that_are_refused(wecom, content, errcode):
    assert post(wecom, "uploadimg", content)["errcode"] == errcode


def test_a_large_file_is_fetched_in_parts_only(wecom):
    large = Media.objects.create(
        media_id="large",
        kind="file",
        filename="片.mp4",
        content_type="video/mp4",
        size=20 * 1024 * 1024 + 1,
        content=b"0" * (20 * 1024 * 1024 + 1),
        created_at=clock.now(),
        expires_at=clock.now() + media.LIFE,
    )
    ask = {"media_id": large.media_id, "access_token": wecom.token()}
    whole = requests.get(f"{wecom.api}/media/get", params=ask, timeout=10)
    assert (whole.status_code, whole.json()["errcode"]) == (200, 830002)
    part = {"Range": "bytes=0-1023"}
    answer = requests.get(f"{wecom.api}/media/get", params=ask, headers=part, timeout=10)
    assert (answer.status_code, len(answer.content)) == (206, 1024)
