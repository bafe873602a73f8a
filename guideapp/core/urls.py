"""Addresses for machines: is it alive, is it ready, how is it doing."""

from django.urls import path

from guideapp.core import health
from guideapp.core.metrics import metrics

app_name = "core"
urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics, name="metrics"),
]
