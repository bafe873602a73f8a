from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "guideapp.members"
    label = "members"

    def ready(self) -> None:
        """Register the kinds of the timeline and the handlers of callbacks."""
        from guideapp.members import handlers, receivers  # noqa: F401
        from guideapp.members.timeline import register

        register("contact_added", template="members/timeline/contact_added.html", behaviour=False)
        register(
            "handover_failed", template="members/timeline/handover_failed.html", behaviour=False
        )
        register("purchase", template="members/timeline/purchase.html", behaviour=False)
        register("refund", template="members/timeline/refund.html", behaviour=False)
