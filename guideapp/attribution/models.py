"""Tracked links, one row per hand-out; the orders of malls and shops, and what was given back."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from guideapp.catalogue.models import Sku
from guideapp.core.clock import now
from guideapp.core.models import AppendOnly, TimestampedModel
from guideapp.members.models import Contact, Member
from guideapp.organisation.models import Brand, Guide, Store


class TrackedLink(models.Model):
    """A link or code that leads back to guide, store, customer and channel (带参链接)."""

    class Kind(models.TextChoices):
        SHARE = "share", _("发送素材")
        WELCOME = "welcome", _("欢迎语")

    token = models.CharField(max_length=22, unique=True)  # random base62: nothing to forge
    kind = models.CharField(max_length=12, choices=Kind)
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="links")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True)  # as of then
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="links")
    channel = models.CharField(max_length=64, blank=True)  # add state or campaign
    target = models.CharField(max_length=64)  # "material:12"
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["guide", "created_at"], name="links_of_guide")]


class Order(TimestampedModel):
    """One order of a mall, a till or a mini program (订单), as its system told us.

    Idempotent on (brand, order_no). Who is credited is decided by the room's rules, not here.
    """

    class State(models.TextChoices):
        UNPAID = "unpaid", _("待付款")
        PAID = "paid", _("已付款")
        CANCELLED = "cancelled", _("已取消")

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="orders")
    order_no = models.CharField(max_length=64)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="orders"
    )
    channel = models.CharField(max_length=20, blank=True)  # store, mall, mini_program, …
    state = models.CharField(max_length=10, choices=State, default=State.PAID)
    ordered_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    amount_fen = models.PositiveBigIntegerField()  # the sum of the lines
    refunded_fen = models.PositiveBigIntegerField(default=0)
    told_guide = models.ForeignKey(  # whom the till named; not yet a credit
        Guide, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    link_token = models.CharField(max_length=22, blank=True)  # a TrackedLink that led here
    source = models.CharField(max_length=40, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "order_no"], name="one_order_a_number"),
            models.CheckConstraint(
                condition=models.Q(refunded_fen__lte=models.F("amount_fen")),
                name="refunds_within_order",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-ordered_at"], name="orders_of_member"),
            models.Index(fields=["store", "-ordered_at"], name="orders_of_store"),
            models.Index(fields=["updated_at", "id"], name="orders_by_news"),  # /api/v1/
        ]


class OrderLine(models.Model):
    """One SKU of an order. `amount_fen` is what was paid for all `quantity` pieces."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    line_no = models.PositiveSmallIntegerField()
    sku = models.ForeignKey(Sku, on_delete=models.SET_NULL, null=True, blank=True)
    sku_code = models.CharField(max_length=48)
    title = models.CharField(max_length=80)
    colour = models.CharField(max_length=24, blank=True)
    size = models.CharField(max_length=12, blank=True)
    quantity = models.PositiveSmallIntegerField(default=1)
    amount_fen = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "line_no"], name="one_line_a_no")]


class Refund(AppendOnly):
    """Money given back for an order (退款); at most what was paid."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    refund_no = models.CharField(max_length=64)
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, null=True, blank=True)
    amount_fen = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    source = models.CharField(max_length=40, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, db_default=Now())  # when it came

    class Meta:
        indexes = [models.Index(fields=["created_at", "id"], name="refunds_by_news")]  # /api/v1/
        constraints = [
            models.UniqueConstraint(fields=["order", "refund_no"], name="one_refund_a_number")
        ]
