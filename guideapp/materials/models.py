"""The library that headquarters fills, what guides sent from it, and what customers looked at."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.attribution.models import TrackedLink
from guideapp.core.clock import now
from guideapp.core.models import AppendOnly, TimestampedModel
from guideapp.members.models import Contact
from guideapp.organisation.models import Brand, Guide, Store


class Category(TimestampedModel):
    """A shelf of the library (分类)."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    name = models.CharField(max_length=12)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="one_category_name")]


class MaterialFile(TimestampedModel):
    """An uploaded file: checked by content, images re-encoded without EXIF, a random name."""

    class Kind(models.TextChoices):
        IMAGE = "image", _("图片")
        VIDEO = "video", _("视频")
        FILE = "file", _("文件")

    kind = models.CharField(max_length=8, choices=Kind)
    path = models.CharField(max_length=120, unique=True)  # in the default storage
    cover_path = models.CharField(max_length=120, blank=True)  # 5:4, 360 px wide
    name = models.CharField(max_length=120)  # as uploaded, shown to people
    content_type = models.CharField(max_length=80)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    uploaded_by = models.ForeignKey(Guide, on_delete=models.PROTECT, null=True)


class Standing(models.TextChoices):
    """What a material is now: its status read together with its validity."""

    DRAFT = "draft", _("草稿")
    TIMED = "timed", _("定时")
    LIVE = "live", _("已上线")
    EXPIRED = "expired", _("已过期")
    WITHDRAWN = "withdrawn", _("已下架")


# Covers without a picture, by the name of their drawing.
DRAWINGS = (
    ("g-coat", _("大衣")),
    ("g-dress", _("连衣裙")),
    ("g-knit", _("针织")),
    ("g-shirt", _("衬衫")),
    ("g-trousers", _("裤装")),
    ("g-scarf", _("围巾")),
    ("g-bag", _("包")),
    ("g-shoe", _("鞋")),
)


class MaterialQuerySet(models.QuerySet["Material"]):
    """Materials by what a reader may do with them."""

    def sendable(self, *, store: Store | None, at: datetime) -> Self:
        """Live and valid at `at`, of the store's brand, for all its stores or for this one.

        Without a store: whatever every store of every brand may send.
        """
        live = self.standing(Standing.LIVE, at=at)
        if store is None:
            return live.filter(only_stores=None)
        return live.filter(Q(only_stores=None) | Q(only_stores=store), brand__regions__stores=store)

    def standing(self, standing: str, *, at: datetime) -> Self:
        """The ones that stand so at `at` (a Standing value)."""
        live = self.filter(status=Material.Status.LIVE)
        match standing:
            case Standing.TIMED:
                return live.filter(valid_from__gt=at)
            case Standing.EXPIRED:
                return live.filter(valid_until__lte=at)
            case Standing.LIVE:
                begun = Q(valid_from=None) | Q(valid_from__lte=at)
                return live.filter(begun, Q(valid_until=None) | Q(valid_until__gt=at))
        return self.filter(status=standing)


class Material(TimestampedModel):
    """Something a guide can send (素材). A new version of a live one raises `version`."""

    class Kind(models.TextChoices):
        TEXT = "text", _("文字")
        IMAGE = "image", _("图片")
        VIDEO = "video", _("视频")
        FILE = "file", _("文件")
        LINK = "link", _("链接")
        MINI_PROGRAM = "mini_program", _("小程序")

    class Status(models.TextChoices):
        DRAFT = "draft", _("草稿")
        LIVE = "live", _("已上线")
        WITHDRAWN = "withdrawn", _("已下架")

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="materials")
    kind = models.CharField(max_length=12, choices=Kind)
    title = models.CharField(max_length=40)
    summary = models.CharField(max_length=80, blank=True)  # under the title of the card
    body = models.TextField(max_length=2000, blank=True)
    tags = models.CharField(max_length=120, blank=True)  # words, separated by spaces
    link_url = models.URLField(max_length=1024, blank=True)
    mini_program_appid = models.CharField(max_length=32, blank=True)
    mini_program_page = models.CharField(max_length=512, blank=True)  # ends in .html
    file = models.ForeignKey(
        MaterialFile, on_delete=models.PROTECT, null=True, blank=True, related_name="materials"
    )
    cover = models.ForeignKey(
        MaterialFile, on_delete=models.PROTECT, null=True, blank=True, related_name="covered"
    )
    drawing = models.CharField(max_length=24, blank=True)  # cover without a picture: g-coat …
    earn_hint_fen = models.PositiveIntegerField(null=True, blank=True)  # typed by HQ, shown as 约
    only_stores = models.ManyToManyField(Store, blank=True)  # empty: every store
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    search_terms = models.TextField(blank=True)  # core.search over title and tags
    sent_count = models.PositiveIntegerField(default=0)  # shares reported sent; kept by services
    viewed_count = models.PositiveIntegerField(default=0)  # of those, how many were looked at
    edited_by = models.ForeignKey(Guide, on_delete=models.PROTECT, null=True)

    objects = MaterialQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["status", "-published_at"], name="library_order")]

    @property
    def standing(self) -> Standing:
        """What it is at this moment."""
        if self.status != self.Status.LIVE:
            return Standing(self.status)
        moment = now()
        if self.valid_until and self.valid_until <= moment:
            return Standing.EXPIRED
        if self.valid_from and self.valid_from > moment:
            return Standing.TIMED
        return Standing.LIVE

    @property
    def viewed_rate(self) -> float | None:
        """The share of sends that was looked at, 0–1; None when nothing was sent."""
        return self.viewed_count / self.sent_count if self.sent_count else None

    @property
    def has_original(self) -> bool:
        """True when the file itself can be sent; WeCom takes pictures as JPEG or PNG only."""
        if self.kind == self.Kind.IMAGE and self.file:
            return self.file.content_type in {"image/jpeg", "image/png"}
        return self.kind in {self.Kind.VIDEO, self.Kind.FILE} and self.file_id is not None


class MaterialVersion(AppendOnly):
    """What a live material said before somebody changed it: one row a version that is over."""

    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    content = models.JSONField()  # field → text, number, or name of a file; times as ISO
    changed = models.JSONField(default=list)  # names of the fields that the next version replaced
    replaced_by = models.ForeignKey(Guide, on_delete=models.PROTECT, null=True)
    replaced_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["material", "version"], name="one_row_a_material_version"
            )
        ]


class MaterialDay(models.Model):
    """How one material did with what was sent of it on one Shanghai day.

    Kept with each result and view; `services.recount_days` proves it from the shares.
    """

    material = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()  # of the tap
    sent = models.PositiveIntegerField(default=0)
    viewed = models.PositiveIntegerField(default=0)  # of the sent ones, whenever it was

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["material", "day"], name="one_row_a_material_day")
        ]
        indexes = [models.Index(fields=["day"], name="materials_of_day")]


class Share(models.Model):
    """One tap on 发送: what WeCom's client said came of it (转发).

    Only `sent` counts as sent. A result that never arrives stays `unknown` and is shown as such.
    """

    class State(models.TextChoices):
        UNKNOWN = "unknown", _("结果未知")
        SENT = "sent", _("已发送")
        CANCELLED = "cancelled", _("已取消")
        FAILED = "failed", _("没发出去")

    class Form(models.TextChoices):
        CARD = "card", _("卡片")  # opens the tracked page
        ORIGINAL = "original", _("原图")  # views cannot be seen
        TEXT = "text", _("文字")  # nor here

    link = models.OneToOneField(TrackedLink, on_delete=models.PROTECT, related_name="share")
    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="shares")
    material_version = models.PositiveIntegerField()
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="shares")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True)  # as of then
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="shares")
    form = models.CharField(max_length=8, choices=Form, default=Form.CARD)
    nonce = models.CharField(max_length=36)  # of the tap: two posts of one tap are one share
    state = models.CharField(max_length=10, choices=State, default=State.UNKNOWN)
    detail = models.CharField(max_length=200, blank=True)  # the SDK's words
    tapped_at = models.DateTimeField()
    reported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guide", "nonce"], name="one_share_a_tap")]
        indexes = [
            models.Index(fields=["guide", "tapped_at"], name="shares_of_guide"),
            models.Index(fields=["contact", "-tapped_at"], name="shares_to_contact"),
            models.Index(fields=["material", "tapped_at"], name="shares_of_material"),
        ]


class Visit(models.Model):
    """One visitor looking at a public page; opening it again within 30 minutes goes on with it.

    `dwell_ms` and `depth` grow with the page's beacons. A robot's opening is kept, not counted.
    """

    token = models.CharField(max_length=22, db_index=True)  # as in the address, known or not
    link = models.ForeignKey(
        TrackedLink, on_delete=models.CASCADE, null=True, related_name="visits"
    )
    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="visits")
    visitor = models.CharField(max_length=64)  # keyed hash of a random cookie
    counted = models.BooleanField()  # a person; one a visitor, material and 30 minutes
    opened_at = models.DateTimeField()
    dwell_ms = models.PositiveIntegerField(default=0)
    depth = models.PositiveSmallIntegerField(default=0)  # percent of the page seen

    class Meta:
        indexes = [
            models.Index(fields=["material", "opened_at"], name="visits_of_material"),
            models.Index(fields=["link", "-opened_at"], name="visits_of_link"),
            models.Index(fields=["visitor", "material", "-opened_at"], name="visits_of_visitor"),
        ]
