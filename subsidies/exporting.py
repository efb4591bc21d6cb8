"""The bank's payment file. Every cell is text: no program may round a card or read an amount its own way.

What the columns are called and whether it is xlsx or csv is data of the programme (`bank_template` in its settings:
{"format": "csv", "columns": [["line_ref", "附言"], …]}); the default suits the common 代发 upload.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.money import plain_yuan
from core.workbooks.write import Column, Labels, LedgerWriter, csv_text
from subsidies.models import PayoutBatch, PayoutLine

DEFAULT_COLUMNS = (
    ("line_no", "序号"),
    ("payee", "户名"),
    ("card", "账号"),
    ("amount", "金额（元）"),
    ("line_ref", "附言"),
)
CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


class TemplateError(ValueError):
    """A programme's `bank_template` that can't be used; the text says why."""


@dataclass(frozen=True)
class Template:
    """`columns` are (what, heading) with `what` of line_no, payee, card, amount, line_ref, area, purpose."""

    file_format: str
    columns: tuple[tuple[str, str], ...]
    purpose: str


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


def template_of(settings: Mapping[str, Any]) -> Template:
    """The programme's template; raises `TemplateError`."""
    given = settings.get("bank_template") or {}
    columns = tuple((what, heading) for what, heading in given.get("columns") or DEFAULT_COLUMNS)
    unknown = {what for what, _heading in columns} - _WHAT.keys()
    lacking = {"payee", "card", "amount", "line_ref"} - {what for what, _heading in columns}
    if unknown or lacking or given.get("format", "xlsx") not in CONTENT_TYPES:
        raise TemplateError(f"bank_template: unknown {sorted(unknown)}, missing {sorted(lacking)}")
    return Template(given.get("format", "xlsx"), columns, given.get("purpose", "清洁取暖补贴"))


def payment_file(batch: PayoutBatch, lines: Sequence[PayoutLine]) -> PaymentFile:
    """Write the file of a released batch. `lines` in order, with their areas."""
    template = template_of(batch.programme.settings)
    rows = [{what: _WHAT[what](batch, line, template) for what, _heading in template.columns} for line in lines]
    total = sum(line.amount_fen for line in lines)
    digest = hashlib.sha256("\n".join("\x1f".join(row.values()) for row in rows).encode()).hexdigest()
    write = _xlsx if template.file_format == "xlsx" else _csv
    content = write(batch, template, rows, [str(len(lines)), plain_yuan(total), digest])
    name = f"{batch.number}-{batch.round_no}.{template.file_format}"
    return PaymentFile(content, name, CONTENT_TYPES[template.file_format], total, len(lines), digest)


def _xlsx(batch: PayoutBatch, template: Template, rows: Iterable[Mapping[str, str]], sums: list[str]) -> bytes:
    count, total, digest = sums
    columns = [Column(what, heading, width=24.0) for what, heading in template.columns]
    titles = [f"{batch.number} 代发清单　笔数 {count}　合计 {total} 元"]
    query = {"批次": batch.number, "笔数": count, "合计（元）": total, "明细 SHA-256": digest}
    labels = Labels(total="合计", query_sheet="校验", rows="行数", sha256="行校验")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "payments.xlsx"
        LedgerWriter(path, columns, titles=titles, query=query, sheet_name="代发", labels=labels).write(rows)
        return path.read_bytes()


def _csv(batch: PayoutBatch, template: Template, rows: Iterable[Mapping[str, str]], sums: list[str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([heading for _what, heading in template.columns])
    for row in rows:
        writer.writerow([csv_text(value) for value in row.values()])
    writer.writerow(["合计", *sums])
    return out.getvalue().encode("utf-8-sig")


_WHAT: dict[str, Any] = {
    "line_no": lambda batch, line, template: str(line.line_no),
    "payee": lambda batch, line, template: line.payee_name,
    "card": lambda batch, line, template: line.bank_card,
    "amount": lambda batch, line, template: plain_yuan(line.amount_fen),
    "line_ref": lambda batch, line, template: line_ref(batch.number, line.line_no),
    "area": lambda batch, line, template: line.area.name,
    "purpose": lambda batch, line, template: template.purpose,
}
