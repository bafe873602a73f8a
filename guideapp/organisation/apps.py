from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    name = "guideapp.organisation"
    label = "organisation"

    def ready(self) -> None:
        """Register the handlers of address book events and the receivers."""
        from guideapp.organisation import handlers, receivers  # noqa: F401
