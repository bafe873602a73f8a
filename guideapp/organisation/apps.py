from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    name = "guideapp.organisation"
    label = "organisation"

    def ready(self) -> None:
        """Register the handlers of address book events."""
        from guideapp.organisation import handlers  # noqa: F401
