"""`manage.py after_restore`: once, after a backup was restored and before anything is started."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from guideapp.wecom.errors import WeComError
from guideapp.workbench.restore import drop_what_is_old, erase_anew, read_wecom_anew


class Command(BaseCommand):
    """docs/operations.md, "Restore"."""

    help = "Drop what of a restored backup is no longer true, erase anew who was, and read WeCom."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--offline` leaves the reading to the workers' own schedule."""
        parser.add_argument("--offline", action="store_true", help="do not read WeCom now")

    def handle(self, *args: object, offline: bool, **options: object) -> None:
        """Drop, erase, read, say what was found."""
        dropped = drop_what_is_old()
        self.stdout.write(
            f"dropped: {dropped.credentials} tokens, {dropped.sessions} logins; "
            f"{dropped.uncertain} calls wait for a person's decision"
        )
        self.stdout.write(f"erased anew: {erase_anew()} people")
        if offline:
            return
        try:
            repaired = read_wecom_anew()
        except WeComError as error:
            raise CommandError(f"WeCom could not be read ({error}). Run it again.") from error
        self.stdout.write(f"repaired: {repaired} rows of customers")
