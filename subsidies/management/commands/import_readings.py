"""`import_readings FILE --area CODE --programme P --carrier C --by U`: a company's file, as in the browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, asked_area
from accounts.models import User
from programmes.models import Programme
from subsidies.models import ReadingImport
from subsidies.reading_reach import SOURCES
from subsidies.reading_words import code_words, problem_words
from subsidies.services import reading_imports


class Command(ByCommand):
    help = "Read a power or gas company's file of readings on trial, say all that is wrong, and store it with --apply."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help=".xlsx, .xls, .ods or .csv")
        parser.add_argument("--area", required=True, help="code of the place the file speaks of")
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--carrier", choices=sorted(SOURCES), default="electricity")
        parser.add_argument("--apply", action="store_true", help="store the lines; without it nothing is stored")
        parser.add_argument("--json", action="store_true", help="the answer as JSON")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(_("There is no file %(file)s.") % {"file": file})
        programme = asked(Programme.objects.visible_to(by), "code", options["programme"], _("programme"))
        made, _fresh = reading_imports.start_import(
            programme=programme, area=asked_area(options["area"]), carrier=options["carrier"],
            content=[file.read_bytes()], file_name=file.name, by=by,
        )  # fmt: skip
        made = reading_imports.check_import(made.pk)
        if options["apply"] and made.state == ReadingImport.State.CHECKED:
            made = reading_imports.apply_import(made.pk, digest=made.plan_digest, by=by)
        return _as_json(made) if options["json"] else _as_text(made)


def _as_json(made: ReadingImport) -> str:
    said = {"import": made.pk, "state": made.state, "counts": made.counts, "problems": made.problems, "held": made.held}
    return json.dumps(said, ensure_ascii=False, indent=1)


def _as_text(made: ReadingImport) -> str:
    counts = ", ".join(f"{name} {count}" for name, count in made.counts.items())
    lines = [f"{made.pk}: {made.get_state_display()} {counts}"]
    lines += [f"  {row['where']} {row['value']}: {problem_words(row)}" for row in made.problems]
    lines += [f"  {row['where']} {row['dwelling']}: {' '.join(code_words(row['codes']))}" for row in made.held]
    return "\n".join(lines)
