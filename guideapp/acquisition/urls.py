"""Addresses of the room."""

from django.urls import path

from guideapp.acquisition import views

app_name = "acquisition"
urlpatterns = [
    path("hq/welcome/", views.welcome_list, name="welcome_list"),
    path("hq/welcome/preview/", views.preview, name="welcome_preview"),
    path("hq/welcome/brands/<int:brand_id>/", views.edit_brand, name="welcome_brand"),
    path("hq/welcome/stores/<int:store_id>/", views.edit_store, name="welcome_store"),
    path("hq/welcome/<int:message_id>/switch/", views.switch, name="welcome_switch"),
]
