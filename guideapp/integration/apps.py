from django.apps import AppConfig


class IntegrationConfig(AppConfig):
    name = "guideapp.integration"
    label = "integration"

    def ready(self) -> None:
        """Register the kinds of events that other systems tell, the jobs and their schedule."""
        from guideapp.integration import services  # noqa: F401
        from guideapp.integration.kinds import KINDS
        from guideapp.members.timeline import register

        for kind in KINDS:
            register(kind, template=f"integration/timeline/{kind}.html")
