"""Installations from a workbook: twelve columns, supplier, line, and any number of cost columns.

A cost column is headed with the kind of cost ("device", "wiring behind the meter" or the code itself) and holds yuan.
The order of columns is free; a heading nobody knows is told, not ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _

from core.workbooks.read import Sheet, SheetRow, cell_address, read_workbook
from core.workbooks.refusals import WorkbookRefused
from retrofits.costs import COST_KINDS
from retrofits.faults import Fault, Faulty
from retrofits.records import LABELS, CostEntry, InstallationEntry, tidy

DWELLING = "dwelling_no"
HEAD_ROWS = 12
HEAD_MATCHES = 5
HEADINGS = {
    "镇名": "town_name", "镇": "town_name", "镇（街道）": "town_name", "村名": "village_name", "村": "village_name",
    "村（社区）": "village_name", "门牌号": "door_no", "住户名字": "occupant_name", "住户姓名": "occupant_name",
    "户主姓名": "occupant_name", "联系电话": "occupant_phone", "取暖面积": "heated_area_m2", "经度": "longitude",
    "纬度": "latitude", "厂商名称": "manufacturer", "设备名称": "device_name", "型号": "model_no",
    "出厂地址编号": "factory_address_code", "无线传输设备地址编号": "wireless_address_code",
    "无线设备编号": "wireless_address_code",
    "供应商": "supplier", "安装单位": "supplier", "安装日期": "installed_on", "从机地址": "unit", "总线": "line",
    "住宅编号": DWELLING, "户号": DWELLING,
}  # fmt: skip


@dataclass(frozen=True)
class SheetEntry:
    """One row of the workbook. `cells` says where each value stood, for the words about faults."""

    sheet: str
    row_no: int
    dwelling_no: str
    entry: InstallationEntry
    cells: dict[str, str] = field(default_factory=dict)

    def where(self, name: str) -> str:
        """Sheet and cell of a value, or the row when the value has no column."""
        return f"{self.sheet}!{self.cells[name]}" if name in self.cells else f"{self.sheet}!{self.row_no}"


def read_entries(path: Path) -> list[SheetEntry]:
    """Rows of every sheet that has a heading row. Raises `Faulty` (WORKBOOK_FAULTY) when there is nothing to read."""
    try:
        book = read_workbook(path)
    except WorkbookRefused as refusal:
        raise _unreadable(str(refusal)) from refusal
    entries, faults = [], []
    for sheet in book.sheets:
        if sheet.hidden:
            continue
        found, unknown = _entries(sheet)
        entries += found
        faults += unknown
    if faults:
        raise Faulty("WORKBOOK_FAULTY", _("%(count)d things of the workbook need a change."), faults)
    if not entries:
        raise _unreadable(_("no sheet has a heading row with the columns of the installation record"))
    return entries


def _unreadable(why: str) -> Faulty:
    return Faulty("WORKBOOK_FAULTY", _("The workbook can't be read."), [Fault("file", "UNREADABLE", why)])


def _entries(sheet: Sheet) -> tuple[list[SheetEntry], list[Fault]]:
    head = next((row for row in sheet.rows[:HEAD_ROWS] if _matches(row) >= HEAD_MATCHES), None)
    if head is None:
        return [], []
    columns = {number: _column(text) for number, text in enumerate(head.texts, 1) if tidy(text)}
    words = _("the column “%(name)s” is unknown; remove or rename it")
    unknown = [
        Fault(_address(sheet, head, number), "HEADING", words % {"name": tidy(head.texts[number - 1])[:40]})
        for number, name in columns.items()
        if not name
    ]
    rows = [row for row in sheet.rows if row.row_no > head.row_no and any(tidy(text) for text in row.texts)]
    return [_entry(sheet.name, row, columns) for row in rows], unknown


def _address(sheet: Sheet, row: SheetRow, column: int) -> str:
    return f"{sheet.name}!{cell_address(row.row_no, column)}"


def _matches(row: SheetRow) -> int:
    return sum(bool(_column(text)) for text in row.texts)


def _column(text: str) -> str:
    """Name of the field a heading means, "cost:KIND" for a cost, "" for none."""
    words = "".join(tidy(text).split())
    bare = words.split("(")[0].split("/")[0]
    for known in (words, bare):
        if known in _tidy_headings():
            return _tidy_headings()[known]
    return ""


def _tidy_headings() -> dict[str, str]:
    found = {"".join(tidy(word).split()): name for word, name in HEADINGS.items()}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            found.update({"".join(str(label).split()): name for name, label in LABELS.items() if name != "costs"})
            found.update({"".join(str(label).split()): f"cost:{kind}" for kind, label in COST_KINDS.items()})
    return {**found, **{kind: f"cost:{kind}" for kind in COST_KINDS}}


def _entry(sheet: str, row: SheetRow, columns: dict[int, str]) -> SheetEntry:
    values, costs, cells = {}, [], {}
    for number, name, text in _cells(row, columns):
        cells[name] = cell_address(row.row_no, number)
        if name.startswith("cost:"):
            costs += [CostEntry(name.removeprefix("cost:"), text)] if text else []
            cells.setdefault("costs", cells[name])
        else:
            values[name] = text
    dwelling_no = values.pop(DWELLING, "")
    return SheetEntry(sheet, row.row_no, dwelling_no, InstallationEntry(**values, costs=tuple(costs)), cells)


def _cells(row: SheetRow, columns: dict[int, str]) -> Iterator[tuple[int, str, str]]:
    for number, text in enumerate(row.texts, 1):
        if columns.get(number):
            yield number, columns[number], tidy(text)
