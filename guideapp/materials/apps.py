from django.apps import AppConfig


class MaterialsConfig(AppConfig):
    name = "guideapp.materials"
    label = "materials"

    def ready(self) -> None:
        """Tell the timeline how our events look."""
        from guideapp.members import timeline

        timeline.register(
            "material_viewed", template="materials/timeline/material_viewed.html", behaviour=True
        )
        timeline.register(
            "material_sent", template="materials/timeline/material_sent.html", behaviour=False
        )
