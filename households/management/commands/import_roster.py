"""`import_roster FILE --area CODE --programme P [--dry-run] [--json]`: the same importer as in the browser.

What `--dry-run --json` prints is documented in docs/importing.md.
"""

import json
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.models import Area, User
from core.refusals import Refused
from core.workbooks.read import column_letters
from households.importing.checked import problems_of
from households.importing.reading import RosterRefused
from households.importing.report import in_the_register, report
from households.models import ImportRow, RosterImport
from households.problem_wording import reasons, sentence_of
from households.queries import row_counts
from households.services.imports import request_apply, start_import
from households.services.parsing import dry_run
from jobs.models import Job
from jobs.running import run_job
from programmes.models import Programme

_CHUNK = 1 << 20
_WAIT_S = 600
_ACCOUNT = {"person_name": "命令行", "person_no": "command-line", "unit": ""}


class Command(BaseCommand):
    help = "Import a roster: ready rows are stored, faulty rows wait in the browser."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--area", required=True, help="code of the town or village the roster is for")
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--by", default="", help="account in whose name it is done (default: the command line's)")
        parser.add_argument("--dry-run", action="store_true", help="read and check, keep nothing")
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        parser.add_argument("--leave-faulty", action="store_true", help="store the good rows, keep the rest for later")
        parser.add_argument(
            "--header-row", action="append", default=[], metavar="SHEET:N", help="row N holds the headings of the sheet"
        )
        parser.add_argument("--show-personal", action="store_true", help="with --dry-run: values without masks")

    def handle(self, *args: Any, **options: Any) -> None:
        programme, area, file = self._asked(options)
        picked = _header_rows(options["header_row"])
        try:
            if options["dry_run"]:
                answer = _dry_answer(file, programme, area, picked, show_personal=options["show_personal"])
            else:
                with acting("import_roster"):
                    by = _person(options["by"])
                with acting(by, reason=f"import_roster {file.name}"):
                    made, job = _start(file, programme, area, by, picked)
                    answer = _import(made, job, by, leave_faulty=options["leave_faulty"])
        except Refused as refusal:
            answer = {"refused": [{"code": refusal.code, "message": refusal.sentence}]}
        except RosterRefused as refusal:
            answer = _refused_answer(refusal.reasons)
        self._say(answer, as_json=options["json"])
        if "refused" in answer:
            raise SystemExit(1)

    def _asked(self, options: dict[str, Any]) -> tuple[Programme, Area, Path]:
        programme = Programme.objects.filter(code__in=_spellings(options["programme"])).first()
        area = Area.objects.filter(pk=options["area"]).first()
        problems = [
            None if options["file"].is_file() else f"There is no file {options['file']}.",
            None if area else f"There is no area with the code {options['area']}; load it with load_areas.",
            None if programme else f"There is no programme {options['programme']}; load it with load_programme.",
        ]
        if any(problems):
            raise CommandError(" ".join(filter(None, problems)))
        assert programme and area
        return programme, area, options["file"]

    def _say(self, answer: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
            return
        for reason in answer.get("refused", []):
            self.stderr.write(reason["message"])
        for issue in answer.get("issues", []):
            self.stdout.write(f"{issue['sheet']}!{issue['cell'] or issue['row']}: {issue['message']}")
        self.stdout.write(", ".join(f"{key} {value}" for key, value in answer.items() if isinstance(value, int)))


def _spellings(code: str) -> list[str]:
    """Presets are named jincheng_2020, their programmes jincheng-2020; both are understood."""
    return [code, code.replace("_", "-")]


def _person(username: str) -> User:
    if username:
        found = User.objects.filter(username=username, is_active=True).first()
        if found is None:
            raise CommandError(f"There is no active account {username}.")
        return found
    found, _made = User.objects.get_or_create(username="command-line", defaults={**_ACCOUNT, "password": "!"})
    return found


def _header_rows(said: list[str]) -> dict[str, int]:
    """["名单:3"] -> {"名单": 3}."""
    found = {}
    for text in said:
        name, _colon, number = text.rpartition(":")
        if not name or not (number.isascii() and number.isdigit()) or not 0 < int(number) <= 1_048_576:
            raise CommandError(f"--header-row {text}: give the sheet's name and a row, such as 名单:3.")
        found[name] = int(number)
    return found


def _dry_answer(
    file: Path, programme: Programme, area: Area, picked: dict[str, int], *, show_personal: bool
) -> dict[str, Any]:
    roster = dry_run(file, programme, area, header_rows=picked)
    states = Counter(row.state() for row in roster.rows)
    waiting = [(row.parsed, row.problems) for row in roster.rows if row.state() == ImportRow.State.FAULTY]
    return {
        "dry_run": True,
        "file": file.name,
        "row_count": roster.row_count,
        "ready": states[ImportRow.State.READY],
        "faulty": states[ImportRow.State.FAULTY],
        "merged": states[ImportRow.State.MERGED],
        "skipped": roster.row_count - len(roster.rows),
        **report(roster, show_personal=show_personal),
        **in_the_register(roster, programme, area),
        "issues": [issue for row, problems in waiting for issue in _issues(row.sheet, row.row_no, problems, ())],
    }


def _start(file: Path, programme: Programme, area: Area, by: User, picked: dict[str, int]) -> tuple[RosterImport, Job]:
    with file.open("rb") as stream:
        chunks = iter(lambda: stream.read(_CHUNK), b"")
        return start_import(
            programme=programme, area=area, content=chunks, file_name=file.name, by=by, header_rows=picked
        )


def _import(made: RosterImport, job: Job, by: User, *, leave_faulty: bool) -> dict[str, Any]:
    _finish(job)
    made = RosterImport.objects.get(pk=made.pk)
    if made.state == RosterImport.State.REFUSED:
        return _refused_answer(made.refusal)
    if made.state == RosterImport.State.MAPPING:
        return _columns_answer(made)
    before = row_counts(made)
    if before.ready and (leave_faulty or not before.faulty):
        _finish(request_apply(roster_import=made, by=by, leave_faulty=leave_faulty))
    counts = row_counts(RosterImport.objects.get(pk=made.pk))
    outcomes = list(made.rows.exclude(outcome="").values_list("outcome", flat=True))
    return {
        "import": made.pk,
        "row_count": counts.rows,
        "ready": counts.ready,
        "faulty": counts.faulty,
        "merged": counts.merged,
        "skipped": counts.skipped,
        "applied": counts.applied,
        **{outcome.value: outcomes.count(outcome.value) for outcome in ImportRow.Outcome},
        "issues": list(_stored_issues(made)),
    }


def _columns_answer(made: RosterImport) -> dict[str, Any]:
    """A person has to say what some columns mean before the file can be read."""
    doubts = [doubt for sheet in made.mapping["sheets"] for doubt in sheet["doubts"]]
    titles = [doubt["title"] for doubt in doubts]
    words = _("Say what these columns mean, on the page of import %(number)s: %(titles)s.")
    message = words % {"number": made.pk, "titles": "、".join(titles)}
    asked = [{**doubt, "column": column_letters(doubt["column"])} for doubt in doubts]
    return {"import": made.pk, "refused": [{"code": "COLUMNS_UNCLEAR", "message": message}], "doubts": asked}


def _finish(job: Job) -> None:
    """Do the work here, unless a worker has taken it already; then wait for its end."""
    run_job(job.pk)
    deadline, pause = time.monotonic() + _WAIT_S, threading.Event()
    while True:
        job.refresh_from_db()
        if not job.is_open:
            break
        if time.monotonic() > deadline:
            raise CommandError(f"Job {job.pk} has not finished within {_WAIT_S} s.")
        pause.wait(0.2)
    if job.state != Job.State.DONE:
        raise CommandError(job.error or f"Job {job.pk} is {job.state}.")


def _stored_issues(made: RosterImport) -> Iterator[dict[str, Any]]:
    for row in made.rows.filter(state=ImportRow.State.FAULTY).order_by("pk"):
        yield from _issues(row.sheet, row.row_no, problems_of(row), row.confirmed)


def _issues(sheet: str, row_no: int, problems: Any, confirmed: Any) -> Iterator[dict[str, Any]]:
    """What stands against a row. The found value itself stays out of logs: it may be a person's number."""
    for problem in problems:
        if problem.blocks(confirmed):
            shown = {"sheet": sheet, "row": row_no, "cell": problem.cell, "code": problem.code}
            yield {**shown, "column": problem.column, "message": sentence_of(problem), "proposal": problem.proposal}


def _refused_answer(stored: list[dict[str, Any]]) -> dict[str, Any]:
    words = reasons(stored)
    refused = [{"code": one["code"], "message": text} for one, text in zip(stored, words, strict=True)]
    return {"refused": refused, "rows": [], "findings": []}
