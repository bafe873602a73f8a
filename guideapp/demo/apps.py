from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "guideapp.demo"
    label = "demo"

    def ready(self) -> None:
        from guideapp.demo import snapshot
        from guideapp.workbench import trial

        trial.begins_at(snapshot.seeded_at)
