"""`manage.py sync_organisation`: read the address book of WeCom now."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from guideapp.organisation.services import preview_address_book, sync_address_book
from guideapp.wecom.errors import WeComError


class Command(BaseCommand):
    help = "Read departments, people and who has 客户联系 from WeCom."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--dry-run`."""
        parser.add_argument("--dry-run", action="store_true", help="say what would change")

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        """Run the nightly reading in the foreground, or see what it would do."""
        try:
            report = preview_address_book() if dry_run else sync_address_book()
        except WeComError as error:
            raise CommandError(f"WeCom did not answer as hoped ({error}).") from error
        counts = {name: report[name]["count"] for name in ("joined", "left", "moved", "closed")}
        words = ", ".join(f"{count} {name}" for name, count in counts.items())
        self.stdout.write(f"{report['people']} people: {words}{' (dry run)' if dry_run else ''}")
