"""`open_tasks --programme P [--area CODE] --by U`: works for every dwelling of the approved lists."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, asked_area
from accounts.models import User
from programmes.models import Programme
from retrofits.services.tasks import open_tasks


class Command(ByCommand):
    help = "Open a task for each dwelling of an approved list that has none; safe to repeat."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--area", default="", help="code of the place (default: everywhere the person may)")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        codes = [asked_area(options["area"]).code] if options["area"] else None
        opened = open_tasks(programme=programme, area_codes=codes, by=by)
        return _("%(created)d tasks opened, %(skipped)d were there already") % {
            "created": opened.created,
            "skipped": opened.skipped,
        }
