from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "guideapp.sandbox"
    label = "sandbox"
