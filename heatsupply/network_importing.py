"""Segments of a network from a workbook: every problem of the file at once, nothing stored while there is one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.refusals import Refused
from core.workbooks.guard import Limits
from core.workbooks.read import read_workbook
from core.workbooks.refusals import WorkbookRefused
from heatsupply.models import HeatNetwork
from heatsupply.rules.pipe_rows import Problem, read_pipes
from heatsupply.services.networks import add_segments
from retrofits.faults import Fault, Faulty

MAX_BYTES = 2 * 2**20
LIMITS = Limits(file_bytes=MAX_BYTES, unpacked_bytes=100 * 2**20, cells=200_000, cpu_s=20, wall_s=40)
WORDS = {
    "NO_HEADER": gettext_lazy("no heading row with segment number and length was found"),
    "TOO_MANY_ROWS": gettext_lazy("more rows than are taken at once"),
    "CODE_MISSING": gettext_lazy("the number of the segment is missing or too long"),
    "CODE_TWICE": gettext_lazy("this number stands in the file twice"),
    "LEVEL": gettext_lazy("no such level; write 一级, 二级 or 共用"),
    "LENGTH_M": gettext_lazy("a length in metres above zero is wanted"),
    "DIAMETER_MM": gettext_lazy("a diameter in millimetres is wanted"),
    "YEAR_LAID": gettext_lazy("a year from 1950 up to this one is wanted"),
    "CONDITIONS": gettext_lazy("no such condition; write 泄漏, 热损失大 or 腐蚀"),
    "LINE": gettext_lazy("points are written like 104.1736,36.5448 104.1800,36.5450"),
}


@transaction.atomic
def import_segments(*, network: HeatNetwork, name: str, content: bytes, this_year: int, by: User) -> int:
    """New segments of a file; how many. Raises FILE_UNUSABLE, ROWS_FAULTY with every problem, SEGMENT_KNOWN."""
    table = read_pipes(_lines(name, content), this_year)
    if table.problems or not table.rows:
        faults = [Fault("file", one.code, _sentence(one)) for one in table.problems[:50]]
        raise Faulty("ROWS_FAULTY", gettext_lazy("Nothing was stored: correct the file and send it again."), faults)
    return add_segments(network=network, rows=table.rows, by=by)


def _lines(name: str, content: bytes) -> list[tuple[int, list[str]]]:
    """(row number, cells) of the first sheet."""
    if not content or len(content) > MAX_BYTES:
        raise Refused("FILE_UNUSABLE", gettext_lazy("Send a workbook of at most 2 MB."))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"segments{Path(name).suffix[:6]}"
        path.write_bytes(content)
        try:
            sheets: list[Any] = list(read_workbook(path, limits=LIMITS).sheets)
        except WorkbookRefused as error:
            said = gettext_lazy("The file can't be read (%(why)s). Save it as .xlsx and send it again.")
            raise Refused("FILE_UNUSABLE", said, why=error.code) from error
    shown = next((sheet for sheet in sheets if not sheet.hidden), None)
    return [(row.row_no, list(row.texts)) for row in shown.rows] if shown else []


def _sentence(problem: Problem) -> str:
    place = _("row %(row)d") % {"row": problem.row_no}
    said = f"“{problem.text}”: " if problem.text else ""
    return f"{place}: {said}{WORDS[problem.code]}"
