"""The product's addresses and the bare views beside them."""

from django.urls import path

from bench import bare
from guideapp.urls import urlpatterns as product

urlpatterns = [
    path("bench/view/", bare.view),
    path("bench/insert/", bare.insert),
    *product,
]
handler404 = "guideapp.core.error_pages.not_found"
