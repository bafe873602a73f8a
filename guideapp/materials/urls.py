"""Addresses of the room."""

from django.urls import path

from guideapp.materials.views import hq, public, shelves, sidebar

app_name = "materials"
urlpatterns = [
    path("s/materials/", sidebar.sidebar, name="sidebar"),
    path("s/materials/<int:material_id>/send/", sidebar.send, name="send"),
    path("s/shares/<int:share_id>/result/", sidebar.result, name="result"),
    path("s/signals/", sidebar.signals, name="signals"),
    path("g/materials/", sidebar.library, name="library"),
    path("v/<int:material_id>/<str:token>", public.material_page, name="public"),
    path("v/<int:material_id>/<str:token>/beacon/", public.beacon, name="beacon"),
    path("files/<str:signed>/", public.file, name="file"),
    path("hq/materials/", hq.hq_library, name="hq_library"),
    path("hq/materials/upload/", hq.upload, name="hq_upload"),
    path("hq/materials/files/", hq.create_from_files, name="hq_create_from_files"),
    path("hq/materials/new/", hq.new, name="hq_new"),
    path("hq/materials/categories/", shelves.categories, name="hq_categories"),
    path(
        "hq/materials/categories/<int:category_id>/",
        shelves.change_category,
        name="hq_change_category",
    ),
    path("hq/materials/<int:material_id>/", hq.edit, name="hq_edit"),
    path("hq/materials/<int:material_id>/withdraw/", hq.withdraw, name="hq_withdraw"),
    path("hq/materials/<int:material_id>/preview/", hq.preview, name="hq_preview"),
]
