from django.apps import AppConfig


class WecomConfig(AppConfig):
    name = "guideapp.wecom"
    label = "wecom"

    def ready(self) -> None:
        """Register the outbox's calls, the figures and the check; listen to the job ledger."""
        from guideapp.wecom import (  # noqa: F401
            check_machine,
            check_probes,
            figures,
            outbox_calls,
            receivers,
        )
