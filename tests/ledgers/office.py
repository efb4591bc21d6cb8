"""LibreOffice without windows: works out the formulas of workbooks anew, all of them in one start."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

USUAL = Path("/usr/lib/libreoffice/program/soffice")
# A start and thirty small books take five seconds on a quiet machine; this only ends a program that hangs.
LONGEST_S = 600
FEN = Decimal("0.01")
# Left to itself it believes the values stored in files that call themselves Excel's, and would agree with anything.
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
</item>
</oor:items>
"""


@dataclass(frozen=True)
class Recalculated:
    """Cells with a formula: what stood beside it in the file, and what LibreOffice says, both to the fen."""

    stored: dict[str, Decimal]
    sums: dict[str, Decimal]


def program() -> str | None:
    return shutil.which("soffice") or shutil.which("libreoffice") or (str(USUAL) if USUAL.exists() else None)


def needed() -> None:
    """Skip the test, in the large letters of every skip, where LibreOffice is not installed."""
    if program() is None:
        pytest.skip("LibreOffice is not installed (soffice): formulas were recalculated by the tests alone")


def recalculated(paths: Sequence[Path], folder: Path) -> dict[str, Recalculated]:
    """Every workbook's formulas on its first sheet, by the file's name without ending; home and profile in `folder`."""
    profile, made = folder / "profile", folder / "recalculated"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS)
    command = [
        str(program()), f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to",
        "xlsx:Calc MS Excel 2007 XML", "--outdir", str(made), *map(str, paths),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    lost = [path.name for path in paths if not (made / path.name).exists()]
    assert not done.returncode and not lost, (lost, done.stdout, done.stderr)
    return {path.stem: _compared(path, made / path.name) for path in paths}


def _compared(ours: Path, theirs: Path) -> Recalculated:
    formulas, stored, said = (
        openpyxl.load_workbook(path, data_only=values).worksheets[0]
        for path, values in ((ours, False), (ours, True), (theirs, True))
    )
    cells = [cell.coordinate for row in formulas.iter_rows() for cell in row if cell.data_type == "f"]
    return Recalculated(
        *({cell: Decimal(str(sheet[cell].value)).quantize(FEN) for cell in cells} for sheet in (stored, said))
    )


def wrongly_summed(path: Path, right: Decimal) -> Path:
    """A book of two numbers that add up to `right` in A3, beside whose formula another value is stored."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_number("A1", float(right) / 3)
        sheet.write_number("A2", float(right) * 2 / 3)
        sheet.write_formula("A3", "=SUBTOTAL(9,A1:A2)", None, float(right) + 99)
    return path
