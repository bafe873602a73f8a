"""What this room's tables hold about people: nothing."""

from guideapp.catalogue.models import Product, ProductCategory, Sku
from guideapp.core.personal import table

table(ProductCategory, p3="id code name")
table(
    Product,
    p3="id created_at updated_at style_no name drawing list_price_fen brand category picture_url"
    " off_sale_at source as_of",
)
table(Sku, p3="id created_at updated_at product code colour size barcode price_fen source as_of")
