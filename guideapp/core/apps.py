from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules, import_string


class CoreConfig(AppConfig):
    name = "guideapp.core"
    label = "core"

    def ready(self) -> None:
        """Register the ledger's own periodic work; bad keys stop the start, not the first write."""
        from guideapp.core import personal_tables  # noqa: F401
        from guideapp.core.fields import check_keys
        from guideapp.core.jobs import figures, prune  # noqa: F401

        check_keys()
        autodiscover_modules("personal")  # what each room's tables hold about people
        if settings.SENTRY_DSN:
            import_string("guideapp.core.crash_reports.start")(settings.SENTRY_DSN)
