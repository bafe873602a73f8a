"""Addresses for machines: is it alive, is it ready."""

from django.urls import path

from guideapp.core import health

app_name = "core"
urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
]
