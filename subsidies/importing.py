"""The bank's answer (回单): rows of a workbook to results of payout lines, every row accounted for."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.masks import mask_card
from core.money import MoneyError, parse_yuan
from core.workbooks.guard import MIB, Limits
from core.workbooks.read import NUMERIC_ID, Sheet, SheetRow, cell_address, read_workbook
from subsidies.exporting import line_ref
from subsidies.models import PayoutBatch, PayoutLine

PAID, FAILED = "paid", "failed"
LIMITS = Limits(file_bytes=10 * MIB, unpacked_bytes=200 * MIB, cells=1_000_000, cpu_s=30, wall_s=60)
HEADINGS = {
    "ref": ("附言", "摘要", "备注号", "业务编号", "流水附言"),
    "card": ("账号", "卡号", "收款账号", "收款人账号", "帐号"),
    "amount": ("金额", "交易金额", "发生额", "代发金额"),
    "result": ("结果", "状态", "处理结果", "交易状态", "处理状态"),
    "message": ("失败原因", "原因", "说明", "错误信息"),
    "reference": ("流水号", "交易流水", "银行流水号", "回单编号"),
}
GOOD = ("成功", "已入账", "已付", "SUCCESS", "PAID")
BAD = ("失败", "退汇", "退票", "未成功", "拒绝", "FAILED", "RETURNED")
_UNIT = re.compile(r"[（(].*?[）)]")


class NoHeader(ValueError):
    """No row of the file holds the columns that are needed; `missing` names them."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = list(missing)
        super().__init__(f"No header row with {', '.join(missing)}")


@dataclass(frozen=True)
class BankRow:
    """One row of the file as text, with its place."""

    sheet: str
    row_no: int
    values: Mapping[str, str]
    numeric_card: bool = False

    @property
    def cell(self) -> str:
        return f"{self.sheet}!{cell_address(self.row_no, 1)}"


@dataclass
class Matched:
    """Every row of the file is in exactly one of the two lists. Sums in fen over the rows of the file."""

    results: list[list[object]] = field(default_factory=list)
    """[line id, paid|failed, bank's reference, bank's words]"""
    unknown: list[dict[str, object]] = field(default_factory=list)
    """Row, amount and why it could not be taken; the card masked."""
    sum_fen: int = 0

    def count(self, result: str) -> int:
        return sum(1 for one in self.results if one[1] == result)


def read_rows(content: bytes, suffix: str = "") -> list[BankRow]:
    """Rows below the header of every sheet. Raises `WorkbookRefused`, `NoHeader`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"return{suffix}"
        path.write_bytes(content)
        sheets = read_workbook(path, limits=LIMITS).sheets
    headers = [(sheet, header) for sheet in sheets if (header := _header(sheet)) is not None]
    if not headers:
        raise NoHeader(["金额", "处理结果", "附言 / 账号"])
    return [row for sheet, header in headers for row in _rows(sheet, *header)]


def match_rows(batch: PayoutBatch, lines: Iterable[PayoutLine], rows: Iterable[BankRow]) -> Matched:
    """Find each row's payment by its reference, else by card and amount where that is unambiguous.

    A row is taken only if card and amount are those of the line, its line is still open, and no other row claimed it.
    """
    by_ref, by_card, taken = {}, {}, set()
    for line in lines:
        by_ref[line_ref(batch.number, line.line_no)] = line
        by_card.setdefault((line.bank_card, line.amount_fen), []).append(line)
    matched = Matched()
    for row in rows:
        fen = _fen(row)
        matched.sum_fen += fen or 0
        twins = by_card.get((_digits(row.values.get("card", "")), fen), [])
        line = by_ref.get(row.values.get("ref", "").strip()) or (twins[0] if len(twins) == 1 else None)
        why = _why_not(row, line, fen, taken)
        if why or line is None:
            matched.unknown.append(_unknown(row, fen, why or "NO_LINE"))
        else:
            taken.add(line.pk)
            matched.results.append(_result(row, line))
    return matched


def _why_not(row: BankRow, line: PayoutLine | None, fen: int | None, taken: set[int]) -> str:
    """Code of what stands against taking the row, "" where nothing does."""
    if fen is None:
        return "AMOUNT_UNREADABLE"
    if line is None:
        return "CARD_AS_NUMBER" if row.numeric_card else "NO_LINE"
    if line.pk in taken:
        return "SECOND_ROW"
    if line.amount_fen != fen:
        return "AMOUNT_DIFFERS"
    card = _digits(row.values.get("card", ""))
    if card and card != line.bank_card:
        return "CARD_AS_NUMBER" if row.numeric_card else "CARD_DIFFERS"
    return "" if _outcome(row) else "RESULT_UNREADABLE"


def _result(row: BankRow, line: PayoutLine) -> list[object]:
    return [line.pk, _outcome(row), row.values.get("reference", "")[:60], row.values.get("message", "")[:200]]


def _unknown(row: BankRow, fen: int | None, why: str) -> dict[str, object]:
    return {"cell": row.cell, "card": mask_card(_digits(row.values.get("card", ""))), "amount_fen": fen, "why": why}


def _outcome(row: BankRow) -> str:
    """Failure is looked for first: 未成功 holds 成功."""
    words = row.values.get("result", "").upper()
    if any(word in words for word in BAD):
        return FAILED
    return PAID if any(word in words for word in GOOD) else ""


def _header(sheet: Sheet) -> tuple[int, dict[int, str]] | None:
    """Number of the header row and what each column holds; amount, result and one of reference or card are needed."""
    for row in sheet.rows[:30]:
        columns = {position: what for position, text in enumerate(row.texts) if (what := _what(text))}
        found = set(columns.values())
        if {"amount", "result"} <= found and found & {"ref", "card"}:
            return row.row_no, columns
    return None


def _what(text: str) -> str:
    title = _UNIT.sub("", unicodedata.normalize("NFKC", text)).replace(" ", "").strip()
    return next((what for what, words in HEADINGS.items() if title in words), "")


def _rows(sheet: Sheet, header_row: int, columns: dict[int, str]) -> Iterator[BankRow]:
    for row in sheet.rows:
        if row.row_no > header_row and not _is_blank_or_total(row):
            values = {what: row.texts[at].strip() for at, what in columns.items() if at < len(row.texts)}
            numeric = any(row.notes.get(at + 1) == NUMERIC_ID for at, what in columns.items() if what == "card")
            yield BankRow(sheet.name, row.row_no, values, numeric)


def _is_blank_or_total(row: SheetRow) -> bool:
    filled = [text.strip() for text in row.texts if text.strip()]
    return not filled or filled[0].replace(" ", "") in ("合计", "总计", "小计", "Total")


def _fen(row: BankRow) -> int | None:
    try:
        return parse_yuan(row.values.get("amount", ""))
    except MoneyError:
        return None


def _digits(text: str) -> str:
    return re.sub(r"[\s'-]", "", unicodedata.normalize("NFKC", text))
