"""Addresses of file imports."""

from django.urls import path

from guideapp.integration import views_imports as views

app_name = "imports"
urlpatterns = [
    path("hq/imports/", views.imports, name="list"),
    path("hq/imports/upload/", views.upload, name="upload"),
    path("hq/imports/template/<slug:resource>/", views.template, name="template"),
    path("hq/imports/<int:run_id>/", views.one_run, name="run"),
    path("hq/imports/<int:run_id>/confirm/", views.confirm, name="confirm"),
    path("hq/imports/<int:run_id>/report/", views.report, name="report"),
]
