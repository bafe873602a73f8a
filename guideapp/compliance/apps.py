from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "guideapp.compliance"
    label = "compliance"
