from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "guideapp.core"
    label = "core"

    def ready(self) -> None:
        """Register the ledger's own periodic work; bad keys stop the start, not the first write."""
        from guideapp.core.fields import check_keys
        from guideapp.core.jobs import prune  # noqa: F401

        check_keys()
