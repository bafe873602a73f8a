"""Temporary uploads (临时素材): what messages and the chat window name by media_id."""

import mimetypes

from guideapp.wecom.client.family import Family, checked
from guideapp.wecom.errors import WeComProtocol
from guideapp.wecom.tokens import credentials
from guideapp.wecom.transport import Call
from guideapp.wecom.types import FileToUpload, UploadedMedia

_UPLOAD_SECONDS = 60  # 20 MB over a slow line; only jobs upload


class Media(Family):
    """Uploads are shared by all apps of the company and live for three days."""

    def upload(self, kind: str, filename: str, content: bytes) -> UploadedMedia:
        """Upload one `kind`: image (JPG, PNG ≤ 10 MB), video (MP4 ≤ 10 MB) or file (≤ 20 MB).

        `filename` is what the receiver sees. Raises WeComRefused for a wrong type or size.
        Source: developer.work.weixin.qq.com/document/path/90253
        """
        path = "media/upload"
        content_type = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        upload = FileToUpload(filename, content, content_type)
        call = Call(path, {"type": kind}, upload=upload, read_seconds=_UPLOAD_SECONDS)
        answer = checked(credentials.authorised(self._app, call), path, key="media_id")
        try:
            created_at = int(answer["created_at"])  # text here, a number in some answers
        except (KeyError, TypeError, ValueError):
            raise WeComProtocol(errmsg="no created_at", path=path) from None
        return {
            "type": str(answer.get("type", kind)),
            "media_id": str(answer["media_id"]),
            "created_at": created_at,
        }
