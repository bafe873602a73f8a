"""Addresses of the demo."""

from django.urls import path

from guideapp.demo import views

app_name = "demo"
urlpatterns = [path("demo/reset/", views.reset, name="reset")]
