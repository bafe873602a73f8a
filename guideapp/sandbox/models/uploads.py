"""Files that came through the API."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Media(models.Model):
    """A temporary upload (临时素材): usable for three days, only where its pool is taken."""

    class Pool(models.TextChoices):
        MESSAGE = "", _("消息")
        MOMENT = "moment", _("朋友圈")
        ALBUM = "album", _("商品图册")

    media_id = models.CharField(max_length=128, unique=True)
    pool = models.CharField(max_length=8, choices=Pool, blank=True, default=Pool.MESSAGE)
    kind = models.CharField(max_length=8)  # image, voice, video, file
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class Picture(models.Model):
    """A picture with an address for ever (uploadimg)."""

    key = models.CharField(max_length=64, unique=True)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
    created_at = models.DateTimeField()
