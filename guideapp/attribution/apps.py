from django.apps import AppConfig


class AttributionConfig(AppConfig):
    name = "guideapp.attribution"
    label = "attribution"
