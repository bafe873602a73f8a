"""Take uploads in: type by content, limits, pictures re-encoded without EXIF, covers cut."""

import hashlib
import io
import secrets
import zipfile
from dataclasses import dataclass
from typing import Any

import pypdfium2
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, ImageSequence

from guideapp.core.audit import record_audit
from guideapp.core.kept_files import files_with_rows, keep_file
from guideapp.materials.errors import UploadRefused
from guideapp.materials.models import MaterialFile
from guideapp.organisation.models import Guide

MAX_PIXELS = 40_000_000
COVER_SIZE = (360, 288)  # 5:4
_MB = 1024 * 1024
_NAME_MAX = 120
_MP4_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ")
_XLSX_PARTS = {"[Content_Types].xml", "xl/workbook.xml"}
_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Content:
    """Checked bytes, ready to be kept."""

    kind: str
    content_type: str
    suffix: str
    content: bytes
    cover: bytes = b""
    width: int | None = None
    height: int | None = None


def limits() -> dict[str, int]:
    """Most MB of one upload, by MaterialFile.Kind."""
    return {
        MaterialFile.Kind.IMAGE: settings.MATERIAL_IMAGE_MAX_MB,
        MaterialFile.Kind.VIDEO: settings.MATERIAL_VIDEO_MAX_MB,
        MaterialFile.Kind.FILE: settings.MATERIAL_FILE_MAX_MB,
    }


def largest_upload() -> int:
    """Bytes beyond which a body is not even read."""
    return max(limits().values()) * _MB + _MB


def limits_in_words() -> str:
    """The limits as people read them before they choose a file."""
    mb = limits()
    return _("图片 %(image)sMB 内，视频 %(video)sMB 内，文件 %(file)sMB 内") % {
        "image": mb[MaterialFile.Kind.IMAGE],
        "video": mb[MaterialFile.Kind.VIDEO],
        "file": mb[MaterialFile.Kind.FILE],
    }


def store_upload(*, upload: "UploadedFile[bytes]", guide: Guide | None) -> MaterialFile:
    """Check and keep one uploaded file; the row comes last, so there is none without a file.

    Raises UploadRefused with the limit or the kinds in its sentence, NoRoom when nothing can be
    kept.
    """
    size = upload.size or 0
    if size > largest_upload():
        raise _too_big(size, max(limits().values()))
    upload.seek(0)
    return store_content(content=upload.read(), name=upload.name or "", guide=guide)


def store_content(*, content: bytes, name: str, guide: Guide | None) -> MaterialFile:
    """Like `store_upload` for bytes at hand (the seed's drawings)."""
    checked = _check(content)
    with files_with_rows():
        return _keep_with_row(checked, name, guide)


def _keep_with_row(checked: Content, name: str, guide: Guide | None) -> MaterialFile:
    path = _keep(checked.content, checked.suffix)
    cover_path = _keep(checked.cover, ".jpg") if checked.cover else ""
    with transaction.atomic():
        file = MaterialFile.objects.create(
            kind=checked.kind,
            path=path,
            cover_path=cover_path,
            name=_clean_name(name) or f"{checked.kind}{checked.suffix}",
            content_type=checked.content_type,
            size_bytes=len(checked.content),
            sha256=hashlib.sha256(checked.content).hexdigest(),
            width=checked.width,
            height=checked.height,
            uploaded_by=guide,
        )
        record_audit(
            actor=guide.userid if guide else "",
            action="material_file.upload",
            subject=f"material_file:{file.pk}",
            content_type=file.content_type,
            size_bytes=file.size_bytes,
        )
    return file


def _clean_name(name: str) -> str:
    """The file's own name without a path or characters that nobody sees."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(letter for letter in base if letter.isprintable()).strip()
    stem, dot, suffix = shown.rpartition(".")
    if len(shown) <= _NAME_MAX:
        return shown
    return f"{stem[: _NAME_MAX - len(suffix) - 1]}{dot}{suffix}"[:_NAME_MAX]


def _check(content: bytes) -> Content:
    """Tell the type by the bytes and hold it against its limit."""
    image_format = _image_format(content)
    if image_format:
        _require_size(content, MaterialFile.Kind.IMAGE)
        return _image(content, image_format)
    if content[4:8] == b"ftyp" and content[8:12] in _MP4_BRANDS:
        _require_size(content, MaterialFile.Kind.VIDEO)
        return Content(MaterialFile.Kind.VIDEO, "video/mp4", ".mp4", content)
    if content.startswith(b"%PDF-"):
        _require_size(content, MaterialFile.Kind.FILE)
        return Content(
            MaterialFile.Kind.FILE, "application/pdf", ".pdf", content, cover=_pdf_cover(content)
        )
    if content.startswith(b"PK\x03\x04") and _is_xlsx(content):
        _require_size(content, MaterialFile.Kind.FILE)
        return Content(MaterialFile.Kind.FILE, _XLSX_TYPE, ".xlsx", content)
    if not content:
        raise UploadRefused(_("文件是空的"))
    raise UploadRefused(_("只收 jpg、png、webp、gif、mp4、pdf、xlsx"))


def _require_size(content: bytes, kind: str) -> None:
    limit = limits()[kind]
    if len(content) > limit * _MB:
        raise _too_big(len(content), limit)


def _too_big(size: int, limit: int) -> UploadRefused:
    words = {"size": f"{size / _MB:.1f}", "limit": limit}
    return UploadRefused(_("%(size)s MB，超过 %(limit)sMB") % words)


def _image_format(content: bytes) -> str:
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    return ""


def _image(content: bytes, image_format: str) -> Content:
    """The picture drawn anew: nothing of the upload but its pixels is kept."""
    broken = UploadRefused(_("图片打不开，换一张"))
    try:
        with Image.open(io.BytesIO(content), formats=[image_format]) as picture:
            frames = getattr(picture, "n_frames", 1)
            if picture.width * picture.height * frames > MAX_PIXELS:
                raise UploadRefused(_("图片太大，长乘宽要在 4000 万像素内"))
            return _animation(picture) if frames > 1 else _still(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UploadRefused(_("图片太大，长乘宽要在 4000 万像素内")) from None
    except (OSError, SyntaxError, ValueError, EOFError):  # what Pillow raises on broken bytes
        raise broken from None


def _still(picture: Image.Image) -> Content:
    """JPEG stays JPEG; the others become PNG, or JPEG without transparency: WeCom takes these."""
    upright = ImageOps.exif_transpose(picture)
    see_through = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    if see_through or picture.format in ("PNG", "GIF"):
        whole = upright.convert("RGBA" if see_through else "RGB")
        encoded, content_type, suffix = _encode(whole, "PNG", optimize=True), "image/png", ".png"
    else:
        whole = upright.convert("RGB")
        encoded, content_type, suffix = _encode(whole, "JPEG", quality=88), "image/jpeg", ".jpg"
    return Content(
        MaterialFile.Kind.IMAGE,
        content_type,
        suffix,
        encoded,
        cover=_cover(whole),
        width=whole.width,
        height=whole.height,
    )


def _animation(picture: Image.Image) -> Content:
    frames = [frame.convert("RGBA") for frame in ImageSequence.Iterator(picture)]
    encoded = _encode(
        frames[0],
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=picture.info.get("duration", 100),
        loop=0,
        disposal=2,
    )
    return Content(
        MaterialFile.Kind.IMAGE,
        "image/gif",
        ".gif",
        encoded,
        cover=_cover(frames[0]),
        width=frames[0].width,
        height=frames[0].height,
    )


def _encode(picture: Image.Image, image_format: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.info.clear()  # no comment, no profile, no EXIF travels on
    picture.save(target, image_format, **options)
    return target.getvalue()


def _cover(picture: Image.Image, *, centre: tuple[float, float] = (0.5, 0.5)) -> bytes:
    """360 × 288, cut from the middle, on white where the picture is transparent."""
    ground = Image.new("RGB", picture.size, "#ffffff")
    ground.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return _encode(ImageOps.fit(ground, COVER_SIZE, centering=centre), "JPEG", quality=82)


def _pdf_cover(content: bytes) -> bytes:
    """The head of the first page; empty when the document cannot be drawn."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        raise UploadRefused(_("PDF 打不开，换一份")) from None
    try:
        page = document[0]
        width, _height = page.get_size()
        picture = page.render(scale=min(2 * COVER_SIZE[0] / max(width, 1), 4)).to_pil()
        return _cover(picture.convert("RGB"), centre=(0.5, 0.0))
    except (pypdfium2.PdfiumError, IndexError):
        return b""
    finally:
        document.close()


def _is_xlsx(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return set(archive.namelist()) >= _XLSX_PARTS
    except zipfile.BadZipFile:
        return False


def _keep(content: bytes, suffix: str) -> str:
    """Keep the bytes under a random name and return it."""
    random = secrets.token_hex(16)
    return keep_file(f"materials/{random[:2]}/{random}{suffix}", content)
