from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guideapp.wecom.jssdk import SDK_FILE, SdkRefused, install_sdk


class Command(BaseCommand):
    help = "Put the official WeCom JS-SDK where our pages load it from, after checking its hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        try:
            changed = install_sdk(dry_run=dry_run)
        except SdkRefused as refused:
            raise CommandError(str(refused)) from None
        outcome = "written" if changed else "already there"
        self.stdout.write(f"{SDK_FILE}: {outcome}{' (dry run)' if dry_run else ''}")
