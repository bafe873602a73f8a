"""`manage.py sync_organisation`: read the address book of WeCom now."""

from django.core.management.base import BaseCommand, CommandError

from guideapp.organisation.services import sync_address_book
from guideapp.wecom.errors import WeComError


class Command(BaseCommand):
    help = "Read departments, people and who has 客户联系 from WeCom."

    def handle(self, *args: object, **options: object) -> None:
        """Run the nightly reading in the foreground."""
        try:
            report = sync_address_book()
        except WeComError as error:
            raise CommandError(f"WeCom did not answer as hoped ({error}).") from error
        counts = {name: report[name]["count"] for name in ("joined", "left", "moved", "closed")}
        words = ", ".join(f"{count} {name}" for name, count in counts.items())
        self.stdout.write(f"{report['people']} people: {words}")
