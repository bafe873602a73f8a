"""What the room does. Other rooms call these."""

from guideapp.catalogue.services.products import (
    NewProduct,
    NewSku,
    put_products,
    put_skus,
    save_products,
)

__all__ = ["NewProduct", "NewSku", "put_products", "put_skus", "save_products"]
