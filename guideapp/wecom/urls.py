"""Addresses of the room."""

from django.urls import path

from guideapp.wecom import views

app_name = "wecom"
urlpatterns = [
    path("wecom/callback/", views.callback, name="callback"),
]
