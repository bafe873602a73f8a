from django.apps import AppConfig


class WecomConfig(AppConfig):
    name = "guideapp.wecom"
    label = "wecom"

    def ready(self) -> None:
        """Register the calls of the outbox and listen to the job ledger."""
        from guideapp.wecom import outbox_calls, receivers  # noqa: F401
