"""What the console keeps for members: group welcomes, product albums, sensitive words."""

from django.db import models


class GroupWelcome(models.Model):
    """A group welcome template (入群欢迎语素材) of one app."""

    template_id = models.CharField(max_length=64, unique=True)
    slug = models.CharField(max_length=16)
    content = models.JSONField()  # text and at most one attachment, as get returns them
    notify = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()


class Product(models.Model):
    """A product of the album (商品图册); deleted rows say 41074."""

    product_id = models.CharField(max_length=64, unique=True)
    slug = models.CharField(max_length=16)
    description = models.CharField(max_length=300)
    price = models.PositiveIntegerField()  # fen
    product_sn = models.CharField(max_length=128, blank=True)
    attachments = models.JSONField(default=list)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)


class InterceptRule(models.Model):
    """A rule of sensitive words (聊天敏感词); deleted rows say 41071."""

    rule_id = models.CharField(max_length=64, unique=True)
    slug = models.CharField(max_length=16)
    name = models.CharField(max_length=20)
    words = models.JSONField(default=list)
    semantics = models.JSONField(default=list)  # 1 phone, 2 e-mail, 3 red packet
    intercept_type = models.PositiveSmallIntegerField()  # 1 warn and block, 2 warn
    users = models.JSONField(default=list)
    departments = models.JSONField(default=list)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
