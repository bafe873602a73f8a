"""Products and their SKUs, as far as purchases and covers need them."""

from django.db import models

from guideapp.core.models import TimestampedModel


class Product(TimestampedModel):
    """A style that a brand sells (款)."""

    style_no = models.CharField(max_length=32, unique=True)  # 货号
    name = models.CharField(max_length=80)
    drawing = models.CharField(max_length=24, default="g-coat")  # cover without a picture
    list_price_fen = models.PositiveIntegerField()


class Sku(TimestampedModel):
    """One colour and size of a product."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="skus")
    code = models.CharField(max_length=48, unique=True)
    colour = models.CharField(max_length=24, blank=True)
    size = models.CharField(max_length=12, blank=True)
