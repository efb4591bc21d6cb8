"""The bank's payment file, in the layout of the programme (`subsidies.layouts`), with its control totals.

In a workbook every cell is text: no program may round a card or read an amount its own way. In text files a cell that
begins like a formula gets an apostrophe, and what would break the columns or has no letter in the encoding is refused.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.money import plain_yuan
from core.workbooks.write import Column, Labels, LedgerWriter, csv_text
from subsidies.layouts import Layout, layout_of
from subsidies.models import PayoutBatch, PayoutLine

Cells = Mapping[str, str]


class RowsUnfit(ValueError):
    """Texts that can't stand in this layout: (line number, text) of each."""

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        self.rows = list(rows)
        super().__init__(", ".join(f"{number}: {text}" for number, text in rows))


@dataclass(frozen=True)
class PaymentFile:
    """The file's bytes with what the portal records of it. `rows_sha256` is printed in the file."""

    content: bytes
    name: str
    content_type: str
    total_fen: int
    line_count: int
    rows_sha256: str


def line_ref(batch_number: str, line_no: int) -> str:
    """What comes back with the bank's answer: PB-2021-014-0007."""
    return f"{batch_number}-{line_no:04d}"


def payment_file(batch: PayoutBatch, lines: Sequence[PayoutLine]) -> PaymentFile:
    """Write the file of a released batch. `lines` in order, with areas and households.

    Raises `LayoutError`, `RowsUnfit`.
    """
    layout = layout_of(batch.programme.settings)
    rows = [{what: _cell(batch, line, layout, what) for what, _heading in layout.columns} for line in lines]
    total = sum(line.amount_fen for line in lines)
    digest = hashlib.sha256("\n".join("\x1f".join(row.values()) for row in rows).encode()).hexdigest()
    sums = {"batch": batch.number, "count": str(len(lines)), "total": plain_yuan(total), "total_fen": str(total),
            "digest": digest, "year": str(batch.programme.year_from), "purpose": layout.purpose}  # fmt: skip
    write = _xlsx if layout.file_format == "xlsx" else _text
    content = write(layout, rows, sums)
    name = f"{batch.number}-{batch.round_no}.{layout.file_format}"
    return PaymentFile(content, name, layout.content_type, total, len(lines), digest)


def _xlsx(layout: Layout, rows: Iterable[Cells], sums: Cells) -> bytes:
    columns = [Column(what, heading, width=24.0) for what, heading in layout.columns]
    titles = [f"{sums['batch']} 代发清单　笔数 {sums['count']}　合计 {sums['total']} 元"]
    query = {"批次": sums["batch"], "笔数": sums["count"], "合计（元）": sums["total"], "明细 SHA-256": sums["digest"]}
    labels = Labels(total="合计", query_sheet="校验", rows="行数", sha256="行校验")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "payments.xlsx"
        LedgerWriter(path, columns, titles=titles, query=query, sheet_name="代发", labels=labels).write(rows)
        return path.read_bytes()


def _text(layout: Layout, rows: Sequence[Cells], sums: Cells) -> bytes:
    _refuse_unfit(layout, rows)
    lines: list[list[str]] = [[heading for _what, heading in layout.columns]] if layout.header else []
    control = [[what[1:] if what.startswith("=") else sums[what] for what in layout.control]]
    lines = control + lines if layout.control_at == "first" else lines
    lines += [[csv_text(value) if layout.file_format == "csv" else value for value in row.values()] for row in rows]
    lines += control if layout.control_at == "last" else []
    return _joined(layout, lines).encode(layout.encoding)


def _joined(layout: Layout, lines: Iterable[Sequence[str]]) -> str:
    if layout.file_format == "txt":
        return "".join(layout.delimiter.join(cells) + "\r\n" for cells in lines)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=layout.delimiter).writerows(lines)
    return out.getvalue()


def _refuse_unfit(layout: Layout, rows: Sequence[Cells]) -> None:
    breaking = ("\r", "\n", *([layout.delimiter] if layout.file_format == "txt" else []))
    unfit = [
        (number, value)
        for number, row in enumerate(rows, 1)
        for value in row.values()
        if any(sign in value for sign in breaking) or not _has_letters(value, layout.encoding)
    ]
    if unfit:
        raise RowsUnfit(unfit)


def _has_letters(value: str, encoding: str) -> bool:
    try:
        value.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _cell(batch: PayoutBatch, line: PayoutLine, layout: Layout, what: str) -> str:
    return what[1:] if what.startswith("=") else _WHAT[what](batch, line, layout)


_WHAT: dict[str, Callable[[PayoutBatch, PayoutLine, Layout], str]] = {
    "line_no": lambda batch, line, layout: str(line.line_no),
    "payee": lambda batch, line, layout: line.payee_name,
    "card": lambda batch, line, layout: line.bank_card,
    "amount": lambda batch, line, layout: plain_yuan(line.amount_fen),
    "amount_fen": lambda batch, line, layout: str(line.amount_fen),
    "line_ref": lambda batch, line, layout: line_ref(batch.number, line.line_no),
    "area": lambda batch, line, layout: line.area.name,
    "area_code": lambda batch, line, layout: line.area_id,
    "household_no": lambda batch, line, layout: line.entitlement.household.household_no,
    "id_number": lambda batch, line, layout: line.entitlement.household.id_number,
    "year": lambda batch, line, layout: str(batch.programme.year_from),
    "purpose": lambda batch, line, layout: layout.purpose,
}
