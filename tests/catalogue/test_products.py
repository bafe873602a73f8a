"""Styles and SKUs as an import brings them."""

import pytest

from guideapp.catalogue.models import Product, Sku
from guideapp.catalogue.services import NewProduct, NewSku, save_products

pytestmark = pytest.mark.django_db

COAT = NewProduct(
    style_no="Q2601",
    name="双面羊毛大衣",
    list_price_fen=189900,
    skus=(NewSku("Q2601-OAT-M", "燕麦", "M"), NewSku("Q2601-OAT-L", "燕麦", "L")),
)


def test_the_same_import_twice_changes_nothing():
    assert save_products([COAT]) == save_products([COAT]) == 1
    assert (Product.objects.count(), Sku.objects.count()) == (1, 2)


def test_a_style_takes_its_new_name_and_keeps_its_skus():
    save_products([COAT])
    renamed = NewProduct(style_no="Q2601", name="羊毛长大衣", list_price_fen=199900)
    save_products([renamed])
    product = Product.objects.get()
    assert (product.name, product.list_price_fen, product.skus.count()) == ("羊毛长大衣", 199900, 2)


def test_many_styles_cost_few_queries(django_assert_max_num_queries):
    styles = [
        NewProduct(style_no=f"Q{n}", name="款", list_price_fen=100, skus=(NewSku(f"Q{n}-M"),))
        for n in range(200)
    ]
    with django_assert_max_num_queries(8):
        save_products(styles)
