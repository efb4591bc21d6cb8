"""An empty workbook of installations, with the headings its reader (`retrofits.importing`) knows."""

from __future__ import annotations

import io

import xlsxwriter
from django.utils import translation

from retrofits.costs import COST_KINDS
from retrofits.importing import DWELLING, HEADINGS

USUAL_COSTS = ("DEVICE", "INSTALLATION", "OTHER")  # more may be added, one column for each kind
WIDTH_CHARACTERS = 16


def headings() -> list[str]:
    """The dwelling number first, every other column by the first of its names, then the usual costs in yuan."""
    names = {field: word for word, field in reversed(HEADINGS.items())}
    fields = [DWELLING, *(field for field in dict.fromkeys(HEADINGS.values()) if field != DWELLING)]
    with translation.override("zh-hans"):
        return [*(names[field] for field in fields), *(f"{COST_KINDS[kind]}/元" for kind in USUAL_COSTS)]


def empty_workbook() -> bytes:
    """An .xlsx whose cells are text: long numbers keep their digits and days stay as they were typed."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet, heads = book.add_worksheet("安装记录"), headings()
        sheet.set_column(0, len(heads) - 1, WIDTH_CHARACTERS, book.add_format({"num_format": "@"}))
        sheet.write_row(0, 0, heads, book.add_format({"bold": True, "num_format": "@"}))
        sheet.freeze_panes(1, 1)
    return content.getvalue()
