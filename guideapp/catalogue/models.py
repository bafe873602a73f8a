"""Products and their SKUs, as far as purchases and covers need them."""

from django.db import models

from guideapp.core.models import TimestampedModel
from guideapp.organisation.models import Brand


class ProductCategory(models.Model):
    """A kind of goods (品类), as the retailer sorts them."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=40)


class Product(TimestampedModel):
    """A style that a brand sells (款)."""

    style_no = models.CharField(max_length=32, unique=True)  # 货号
    name = models.CharField(max_length=80)
    drawing = models.CharField(max_length=24, default="g-coat")  # cover without a picture
    list_price_fen = models.PositiveIntegerField()
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="products"
    )
    category = models.ForeignKey(
        ProductCategory, on_delete=models.SET_NULL, null=True, blank=True, related_name="products"
    )
    picture_url = models.URLField(max_length=300, blank=True, default="", db_default="")
    off_sale_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=40, blank=True, default="", db_default="")
    as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["updated_at", "id"], name="products_by_news")]  # /api/v1/


class Sku(TimestampedModel):
    """One colour and size of a product."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="skus")
    code = models.CharField(max_length=48, unique=True)
    colour = models.CharField(max_length=24, blank=True)
    size = models.CharField(max_length=12, blank=True)
    barcode = models.CharField(max_length=32, blank=True, default="", db_default="", db_index=True)
    price_fen = models.PositiveIntegerField(null=True, blank=True)  # null: the product's
    source = models.CharField(max_length=40, blank=True, default="", db_default="")
    as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["updated_at", "id"], name="skus_by_news")]  # /api/v1/
