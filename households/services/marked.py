"""The clerk's own file with its faulty cells marked: written anew for each download, and each download is logged."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from accounts.acting import actor
from accounts.models import AccessLog, User
from core.refusals import Refused
from core.workbooks.guard import Limits
from core.workbooks.read import read_workbook
from core.workbooks.refusals import WorkbookRefused
from households.importing.marking import write_marked
from households.importing.reading import opened_copy
from households.models import RosterImport
from households.queries import faulty_rows


def write_marked_file(roster_import: RosterImport, target: Path) -> int:
    """Write it to `target`; returns the number of marked cells. Raises Refused FILE_GONE."""
    try:
        with opened_copy(roster_import.file.stored_name) as path:
            book = read_workbook(path, limits=Limits(allow_macros=True))
    except (FileNotFoundError, WorkbookRefused):
        raise Refused(
            "FILE_GONE", _("The uploaded file can't be read any more; correct the rows on the page."), conflict=True
        ) from None
    return write_marked(book, roster_import, faulty_rows(roster_import).order_by("pk"), target)


def log_marked_file(roster_import: RosterImport, *, by: User, reason: str) -> None:
    """The file holds full numbers: who took it stands in the access log before it leaves."""
    AccessLog.objects.create(
        user=by, kind="download", object_table=RosterImport._meta.db_table, object_pk=str(roster_import.pk),
        reason=reason, area=roster_import.area, request_id=actor().get("request_id", ""),
        row_count=roster_import.counts.get("rows"), content_sha256=roster_import.file_sha256,
    )  # fmt: skip
