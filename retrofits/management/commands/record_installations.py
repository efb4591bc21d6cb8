"""`record_installations FILE.xlsx --programme P --area CODE --by U`: the firms' workbook, all of it or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, asked_area
from accounts.models import User
from jobs.running import run_job
from programmes.models import Programme
from retrofits.models import InstallationImport
from retrofits.services.workbooks import start_workbook

_CHUNK = 1 << 20
State = InstallationImport.State


class Command(ByCommand):
    help = "Record the installations of a workbook; every fault is named with its cell and then nothing is recorded."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--area", required=True, help="code of the place whose dwellings the workbook is about")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        area, file = asked_area(options["area"]), options["file"]
        if not file.is_file():
            raise CommandError(_("There is no file %(file)s.") % {"file": file})
        with file.open("rb") as stream:
            content = iter(lambda: stream.read(_CHUNK), b"")
            made = start_workbook(programme=programme, area_code=area.code, content=content, file_name=file.name, by=by)
        assert made.job
        run_job(made.job.pk)
        return _said(InstallationImport.objects.select_related("job").get(pk=made.pk))


def _said(made: InstallationImport) -> str:
    faults = [f"{fault['where']}: {fault['sentence']}" for fault in made.faults.get("rows", [])]
    if faults:
        raise CommandError("\n".join(faults))
    if made.state != State.RECORDED:  # a worker was quicker and is still at it, or the job failed
        raise CommandError(_("Job %(job)s is not done yet; look at it in the portal.") % {"job": made.job_id})
    return _("%(count)d installations recorded") % {"count": made.recorded_count}
