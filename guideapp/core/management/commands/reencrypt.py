"""`manage.py reencrypt`: after a new key was put in front of DATA_KEYS, so that the old can go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from guideapp.core.reencryption import reencrypt


class Command(BaseCommand):
    """docs/operations.md, "Secrets"."""

    help = "Encrypt under the newest of DATA_KEYS what is under older ones, while people work."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--dry-run` only counts."""
        parser.add_argument("--dry-run", action="store_true", help="count, write nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Renew, say how far it is, end non-zero where a value cannot be read."""
        outcomes = reencrypt(dry_run=dry_run, say=self._say)
        for one in outcomes:
            words = f"{one.column}: {one.renewed:,} values {'to renew' if dry_run else 'renewed'}"
            self.stdout.write(words + (f", {one.unreadable:,} unreadable" * bool(one.unreadable)))
        if any(one.unreadable for one in outcomes):
            raise CommandError("Some values are under a key that DATA_KEYS does not hold.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
