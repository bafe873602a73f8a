from django.apps import AppConfig


class AcquisitionConfig(AppConfig):
    name = "guideapp.acquisition"
    label = "acquisition"

    def ready(self) -> None:
        """Register the timeline's kinds and listen to new customers."""
        from guideapp.acquisition import receivers  # noqa: F401
        from guideapp.members.timeline import register

        for kind in ("welcome_sent", "welcome_missed"):
            register(kind, template=f"acquisition/timeline/{kind}.html", behaviour=False)
