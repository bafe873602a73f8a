from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "guideapp.catalogue"
    label = "catalogue"
