"""`manage.py grant_role USERID ROLE`: let the first person in; /hq/people/ grants the rest."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from guideapp.core.errors import GuideAppError
from guideapp.organisation.models import Guide, Region, Role, Store
from guideapp.organisation.services import grant_role, sync_guide
from guideapp.wecom.errors import WeComError


class Command(BaseCommand):
    help = "Give a person of the company a role; works before any sync."

    def add_arguments(self, parser: CommandParser) -> None:
        """USERID ROLE [--store CODE] [--region NAME] [--dry-run]."""
        parser.add_argument("userid", help="The person's userid (账号) in WeCom.")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--store", default="", metavar="CODE", help="A store manager's store.")
        parser.add_argument("--region", default="", metavar="NAME", help="A manager's region.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be done.")

    def handle(self, *args: object, **options: str) -> None:
        """Find the person, in WeCom if we do not know them yet, and grant."""
        store = _one(Store, "code", options["store"])
        region = _one(Region, "name", options["region"])
        guide = self._find(options["userid"])
        words = f"{guide.userid}: {options['role']}"
        if options["dry_run"]:
            self.stdout.write(f"{words} (dry run)")
            return
        try:
            grant_role(
                actor_userid="", guide=guide, role=options["role"], store=store, region=region
            )
        except GuideAppError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(words)

    def _find(self, userid: str) -> Guide:
        known = Guide.objects.with_userid(userid).first()
        if known:
            return known
        try:
            guide = sync_guide(userid)
        except WeComError as error:
            raise CommandError(f"WeCom could not say who {userid} is ({error}).") from error
        if guide is None:
            raise CommandError(f"WeCom knows no {userid}; see the app's visible range.")
        return guide


def _one[Row: (Store, Region)](model: type[Row], field: str, value: str) -> Row | None:
    if not value:
        return None
    found = list(model._default_manager.filter(**{field: value})[:2])
    if len(found) != 1:
        raise CommandError(f"There is {'no' if not found else 'more than one'} {field} {value!r}.")
    return found[0]
