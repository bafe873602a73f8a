from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    name = "guideapp.workbench"
    label = "workbench"
