"""Write the sandbox's scenario file of the demo company anew."""

from django.core.management.base import BaseCommand

from guideapp.demo import scenario


class Command(BaseCommand):
    """Run after a change of demo/words.json or demo/company.py."""

    help = "Write guideapp/sandbox/scenarios/demo.json from the plan of the demo company."

    def handle(self, *args: object, **options: object) -> None:
        """Write the file and say how large it is."""
        written = scenario.PATH.write_text(scenario.text(), encoding="utf-8")
        self.stdout.write(f"{scenario.PATH.name}: {written} characters")
