from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    name = "guideapp.workbench"
    label = "workbench"

    def ready(self) -> None:
        """Add to the set-up check what only the upper rooms know."""
        from guideapp.workbench import operator_check  # noqa: F401
