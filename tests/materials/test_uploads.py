"""Uploads: type by content, limits in words, pictures drawn anew, files under signed addresses."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from guideapp.materials.models import MaterialFile
from guideapp.materials.services import file_url
from tests.factories import make_category

MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 500
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def picture(image_format="PNG", size=(500, 400), mode="RGB", **options):
    target = io.BytesIO()
    colour = (255, 0, 0, 120) if mode == "RGBA" else "red"
    Image.new(mode, size, colour).save(target, image_format, **options)
    return target.getvalue()


def xlsx():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return target.getvalue()


def upload(client, content, name="文件.bin"):
    body = {"file": SimpleUploadedFile(name, content, content_type="text/html")}
    return client.post(reverse("materials:hq_upload"), body)


@pytest.mark.parametrize(
    ("content", "kind", "content_type"),
    [
        (picture("JPEG"), "image", "image/jpeg"),
        (picture("PNG"), "image", "image/png"),
        (picture("WEBP"), "image", "image/jpeg"),
        (picture("WEBP", mode="RGBA"), "image", "image/png"),
        (picture("GIF"), "image", "image/png"),
        (MP4, "video", "video/mp4"),
        (PDF, "file", "application/pdf"),
        (xlsx(), "file", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_the_type_is_told_by_the_content(as_content, content, kind, content_type):
    assert upload(as_content, content, "什么都行.exe").status_code == 200
    file = MaterialFile.objects.get()
    assert (file.kind, file.content_type) == (kind, content_type)
    assert default_storage.size(file.path) == file.size_bytes


@pytest.mark.parametrize(
    "content",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html></html>", b"MZ\x90", b"PK\x03\x04zip"],
)
def test_other_types_are_refused_in_words_and_leave_nothing(as_content, content):
    response = upload(as_content, content, "图.jpg")
    assert response.status_code == 422
    assert "只收 jpg、png、webp、gif、mp4、pdf、xlsx" in response.text
    assert not MaterialFile.objects.exists()


@pytest.mark.parametrize("content", [b"\xff\xd8\xff broken", b"\x89PNG\r\n\x1a\n broken", b""])
def test_broken_and_empty_files_are_refused(as_content, content):
    assert upload(as_content, content).status_code == 422
    assert not MaterialFile.objects.exists()


def test_a_file_that_is_too_big_is_told_its_size_and_the_limit(as_content, settings):
    settings.MATERIAL_VIDEO_MAX_MB = 1
    response = upload(as_content, MP4 + b"\x00" * (1024 * 1024 + 200_000))
    assert response.status_code == 422
    assert "1.2 MB，超过 1MB" in response.text


def new_text(client, cover):
    body = {"title": "秋装上新", "category": make_category().pk, "body": "好看", "cover": cover}
    return client.post(reverse("materials:hq_new") + "?kind=text", body)


@pytest.fixture
def full_disk(settings):
    settings.MEDIA_ROOT = settings.FILE_UPLOAD_TEMP_DIR = "/dev/null/full"


@pytest.mark.parametrize("size", [500, 3 * 1024 * 1024])  # in memory, in a temporary file
def test_an_upload_to_a_full_disk_is_told_so_and_leaves_no_row(as_content, full_disk, size):
    response = upload(as_content, MP4 + b"\x00" * size)
    assert response.status_code == 507
    assert "存不下了，文件没有保存，请联系管理员" in response.text
    assert not MaterialFile.objects.exists()


def test_a_form_with_a_file_on_a_full_disk_keeps_what_was_typed(as_content, full_disk):
    response = new_text(as_content, SimpleUploadedFile("a.png", picture()))
    assert response.status_code == 507
    assert "存不下了" in response.text
    assert "秋装上新" in response.text


def test_a_cover_that_is_refused_after_it_was_kept_leaves_no_file(as_content, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    response = new_text(as_content, SimpleUploadedFile("a.mp4", MP4))
    assert "封面要用图片" in response.text
    assert not MaterialFile.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(as_content):
    huge = picture("PNG", size=(8000, 5001), mode="1")
    response = upload(as_content, huge)
    assert response.status_code == 422
    assert "4000 万像素" in response.text


def test_the_place_where_a_picture_was_taken_does_not_stay(as_content):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    upload(as_content, picture("JPEG", exif=exif))
    with default_storage.open(MaterialFile.objects.get().path) as stored:
        content = stored.read()
    assert b"SecretCamera" not in content
    assert not Image.open(io.BytesIO(content)).getexif()


def test_a_picture_gets_a_cover_of_five_to_four(as_content):
    upload(as_content, picture("JPEG", size=(1000, 3000)))
    with default_storage.open(MaterialFile.objects.get().cover_path) as stored:
        assert Image.open(stored).size == (360, 288)


def test_a_pdf_shows_its_first_page_as_cover(as_content):
    upload(as_content, PDF)
    assert MaterialFile.objects.get().cover_path


def test_names_on_disk_are_random_and_names_for_people_are_kept(as_content):
    upload(as_content, picture(), "../../羊毛 连衣裙.png")
    file = MaterialFile.objects.get()
    assert file.name == "羊毛 连衣裙.png"
    assert "羊毛" not in file.path
    assert AuditEntry.objects.filter(subject=f"material_file:{file.pk}").exists()


def test_the_row_in_the_panel_has_a_title_to_edit(as_content):
    response = upload(as_content, picture(), "羊毛连衣裙-主图.png")
    assert 'value="羊毛连衣裙-主图"' in response.text


def test_a_guide_cannot_upload(as_guide):
    assert upload(as_guide, picture()).status_code == 403
    assert not MaterialFile.objects.exists()


def test_an_upload_without_the_forms_token_is_refused(as_content):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = as_content.cookies
    body = {"file": SimpleUploadedFile("a.png", picture())}
    assert strict.post(reverse("materials:hq_upload"), body).status_code == 403


def fetch(url, **headers):
    """The answer with its body read, by somebody without a login."""
    response = Client().get(url, headers=headers)
    response.body = response.getvalue() if response.streaming else response.content
    response.close()
    return response


def stored(client, content):
    upload(client, content, "原名.bin")
    return MaterialFile.objects.get()


def test_a_picture_opens_without_a_login_and_cannot_be_sniffed(as_content):
    file = stored(as_content, picture("PNG"))
    response = fetch(file_url(file))
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "attachment" not in response["Content-Disposition"]
    assert response["Cache-Control"].startswith("private")


def test_other_files_are_downloads(as_content):
    response = fetch(file_url(stored(as_content, PDF)))
    assert response.body == PDF
    assert response["Content-Disposition"].startswith("attachment")


def test_a_video_can_be_asked_for_in_parts(as_content):
    response = fetch(file_url(stored(as_content, MP4)), Range="bytes=4-7")
    assert (response.status_code, response.body) == (206, b"ftyp")
    assert response["Content-Range"] == f"bytes 4-7/{len(MP4)}"


def test_a_part_beyond_the_end_is_refused(as_content):
    url = file_url(stored(as_content, MP4))
    assert fetch(url, Range="bytes=99999-").status_code == 416


@pytest.mark.parametrize("change", [lambda u: u.replace(".", ",", 1), lambda u: u[:-3] + "xx/"])
def test_a_changed_address_opens_nothing(as_content, change):
    url = file_url(stored(as_content, picture()))
    assert fetch(change(url)).status_code == 404


def test_an_address_ends_with_its_time(as_content, time_machine):
    url = file_url(stored(as_content, picture()), days=2)
    time_machine.move_to(now() + timedelta(days=4))
    assert fetch(url).status_code == 404
