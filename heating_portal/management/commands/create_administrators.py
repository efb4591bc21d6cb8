"""`create_administrators`: the three separate administrators of a new installation, each with a first password."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.acting import acting
from accounts.models import Area, Grant
from accounts.passwords import temporary_password
from accounts.rights import ROLES
from accounts.services import create_user, grant_role
from core.refusals import Refused

KINDS = ("system_admin", "security_admin", "audit_admin")
BY = "create_administrators"


class Command(BaseCommand):
    help = "Create the system, security and audit administrator: three people, each with powers of his own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--area", required=True, help="code of the place they administer")
        for kind in KINDS:
            parser.add_argument(f"--{kind.replace('_', '-')}", required=True, metavar="ACCOUNT:NAME:STAFF_NO")

    def handle(self, *args: Any, **options: Any) -> None:
        area = Area.objects.filter(code=options["area"]).first()
        if area is None:
            raise CommandError(f"There is no place {options['area']}. Load the places first: load_areas FILE.")
        people = {kind: _person(kind, options[kind]) for kind in KINDS}
        if len({number for _account, _name, number in people.values()}) < len(KINDS):
            raise CommandError("The three administrators must be three people with three staff numbers.")
        try:
            with acting(BY), transaction.atomic():
                for kind, who in people.items():
                    self._create(kind, who, area)
        except Refused as refusal:
            raise CommandError(refusal.sentence) from None

    def _create(self, kind: str, who: tuple[str, str, str], area: Area) -> None:
        """One administrator; an account that already has the role is left alone, so the command may be repeated."""
        account, name, number = who
        if Grant.objects.filter(user__username=account, role=kind).exists():
            self.stdout.write(f"{account}: is already {ROLES[kind].label}")
            return
        password = temporary_password()
        user = create_user(username=account, person_name=name, person_no=number, password=password, by=BY)
        grant_role(user=user, role=kind, area=area, by=BY)
        self.stdout.write(f"{account}  {ROLES[kind].label}  first password: {password}")


def _person(kind: str, words: str) -> tuple[str, str, str]:
    parts = tuple(part.strip() for part in words.split(":"))
    if len(parts) != 3 or not all(parts):
        raise CommandError(f"--{kind.replace('_', '-')}: give ACCOUNT:NAME:STAFF_NO, not “{words}”.")
    return parts
