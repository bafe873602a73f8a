"""`manage.py wecom_check`: is everything set up? Works before the product does."""

from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import translation

from guideapp.wecom.check import Verdict, keep, run_check
from guideapp.wecom.check_words import worded

_MARKS = {Verdict.OK: "ok  ", Verdict.WARN: "note", Verdict.BAD: "BAD ", Verdict.UNKNOWN: "?   "}


class Command(BaseCommand):
    help = "Look at everything that the product needs from WeCom and from this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """[--language en] [--dry-run]."""
        parser.add_argument("--language", default="", help="zh-hans (default) or en")
        parser.add_argument("--dry-run", action="store_true", help="keep no result for the page")

    def handle(self, *args: Any, language: str, dry_run: bool, **options: Any) -> None:
        """One line for each thing, what to do below it; exit code 1 when something is wrong."""
        findings = run_check()
        with translation.override(language or translation.get_language()):
            for finding in findings:
                said = worded(finding)
                line = f"{_MARKS[finding.verdict]} {said.title}"
                self.stdout.write(f"{line}: {said.what}" if said.what else line)
                if said.fix:
                    self.stdout.write(f"       → {said.fix}")
        if not dry_run:
            with suppress(DatabaseError):  # before the first migrate there is no table
                keep(findings)
        bad = sum(finding.verdict is Verdict.BAD for finding in findings)
        if bad:
            raise CommandError(f"{bad} of {len(findings)} checks failed.")
        unknown = sum(finding.verdict is Verdict.UNKNOWN for finding in findings)
        self.stdout.write(f"{len(findings)} checks, nothing is wrong, {unknown} not looked at.")
