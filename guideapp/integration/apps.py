from django.apps import AppConfig


class IntegrationConfig(AppConfig):
    name = "guideapp.integration"
    label = "integration"

    def ready(self) -> None:
        """Register the kinds of events that other systems tell, the jobs and their schedule."""
        from guideapp.integration import services  # noqa: F401
        from guideapp.integration.kinds import KNOWN, check_titles, titles
        from guideapp.members.timeline import kind_of, register

        own = "integration/timeline/own.html"
        known = ((name, kind_of(name)) for name in titles())
        check_titles({name for name, kind in known if kind and kind.template != own} | {*KNOWN})
        for kind in KNOWN:
            register(kind, template=f"integration/timeline/{kind}.html")
        for kind in titles():
            register(kind, template=own)
