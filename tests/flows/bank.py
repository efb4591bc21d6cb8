"""A bank: reads the payment file it was handed, and answers every row with paid or returned."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass

import xlsxwriter
from python_calamine import CalamineWorkbook

HEADINGS = ("户名", "账号", "金额（元）", "附言")
ANSWER = ("附言", "账号", "金额", "处理结果", "失败原因", "流水号")


@dataclass(frozen=True)
class Order:
    """One payment as the file says it."""

    payee: str
    card: str
    amount: str
    ref: str


def read_orders(content: bytes) -> list[Order]:
    """The payments of a file; every cell must be text, or a program in between could have changed it."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    header = next(number for number, row in enumerate(rows) if set(HEADINGS) <= set(row))
    places = [rows[header].index(heading) for heading in HEADINGS]
    found = [[row[place] for place in places] for row in rows[header + 1 :]]
    orders = [Order(*cells) for cells in found if cells[3]]
    assert all(isinstance(cell, str) for order in found for cell in order), found
    return orders


def answer(orders: list[Order], failed: Collection[str] = ()) -> bytes:
    """The bank's return: `failed` are the references that came back."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("回单")
        sheet.write_row(0, 0, ANSWER)
        for number, order in enumerate(orders, 1):
            bad = order.ref in failed
            words = ("失败", "户名不符") if bad else ("成功", "")
            for column, text in enumerate((order.ref, order.card, order.amount, *words, f"YH{number:06d}")):
                sheet.write_string(number, column, text)
    return out.getvalue()
