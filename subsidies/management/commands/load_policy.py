"""`load_policy FILE`: a policy document into a draft that two people then release."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.acting import acting
from core.refusals import Refused
from programmes.models import Programme
from subsidies.loading import load_policy


class Command(BaseCommand):
    help = "Load a policy document (YAML) as a draft of a programme; loading it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="policy document, see docs/policies.md")
        parser.add_argument("--programme", help="code of the programme; needed where there are several")

    def handle(self, *args: Any, **options: Any) -> None:
        programme = _programme(options["programme"])
        try:
            with acting("load_policy"):
                policy = load_policy(path=options["file"], programme=programme, by="load_policy")
        except Refused as refusal:
            problems = [f"  {one}" for one in getattr(refusal, "problems", [])]
            raise CommandError("\n".join([refusal.sentence, *problems])) from None
        self.stdout.write(f"{policy.code}: version {policy.version_no}, {policy.get_state_display()}")


def _programme(code: str | None) -> Programme:
    if code:
        found = Programme.objects.filter(code=code).first()
        if found is None:
            raise CommandError(f"There is no programme {code}.")
        return found
    programmes = list(Programme.objects.all()[:2])
    if len(programmes) != 1:
        raise CommandError("Name the programme: --programme CODE.")
    return programmes[0]
