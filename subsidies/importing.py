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

TAKEN_AS = "return"  # a file of plain text has no sheet and is named by this; nobody is shown it
PAID, FAILED, PARTIAL, BOUNCED = "paid", "failed", "partial", "bounced"
Parts = Mapping[int, Sequence[tuple[str, int]]]
"""Line id -> (bank's reference, fen) of the parts booked so far."""
LIMITS = Limits(file_bytes=10 * MIB, unpacked_bytes=200 * MIB, cells=1_000_000, cpu_s=30, wall_s=60)
HEADINGS = {
    "ref": ("附言", "摘要", "备注号", "业务编号", "流水附言"),
    "card": ("账号", "卡号", "收款账号", "收款人账号", "帐号"),
    "amount": ("金额", "交易金额", "发生额", "代发金额"),
    "result": ("结果", "状态", "处理结果", "处理状态", "交易结果", "交易状态"),
    "message": ("失败原因", "原因", "说明", "错误信息"),
    "reference": ("流水号", "交易流水", "银行流水号", "回单编号"),
}
GOOD = ("成功", "已入账", "已付", "SUCCESS", "PAID")
BAD = ("失败", "退汇", "退票", "退回", "未成功", "不成功", "拒绝", "FAILED", "RETURNED", "REJECTED", "UNSUCCESSFUL",
       "UNPAID")  # fmt: skip
DOUBTFUL = re.compile(r"[未不非没待]|冲正|撤销|退款|\bNOT\b|\bUN")
"""What turns a good word round, outside brackets: such a result is told, never booked."""
GRAND_TOTALS, TOTALS, PART_SUMS = ("总计", "总合计"), ("合计", "合计金额", "TOTAL"), ("小计", "本页合计", "本页小计")
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
    is_total: bool = False

    @property
    def cell(self) -> str:
        address = cell_address(self.row_no, 1)
        return address if self.sheet == TAKEN_AS else f"{self.sheet}!{address}"


@dataclass
class Matched:
    """Every row of the file is in exactly one of the two lists. Sums in fen over the rows of the file.

    `stated_fen` and `stated_rows` are the file's own control totals, None where it has none.
    """

    results: list[list[object]] = field(default_factory=list)
    """[line id, paid|failed|partial|bounced, bank's reference, bank's words, fen of the row]"""
    unknown: list[dict[str, object]] = field(default_factory=list)
    """Row, amount and why it could not be taken; the card masked."""
    sum_fen: int = 0
    stated_fen: int | None = None
    stated_rows: int | None = None

    @property
    def named(self) -> set[int]:
        """Line numbers that rows name which could not be taken: the file does speak of them."""
        return {int(str(one["line_no"])) for one in self.unknown if "line_no" in one}

    def count(self, result: str) -> int:
        return sum(1 for one in self.results if one[1] == result)


def read_rows(content: bytes, suffix: str = "") -> list[BankRow]:
    """Rows below the header of every sheet, and the file's line of sums as a row of its own (`is_total`).

    Raises `WorkbookRefused`, `NoHeader`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{TAKEN_AS}{suffix}"
        path.write_bytes(_with_tabs(content))
        sheets = read_workbook(path, limits=LIMITS).sheets
    headers = [(sheet, header) for sheet in sheets if (header := _header(sheet)) is not None]
    if not headers:
        raise NoHeader(["金额", "处理结果", "附言 / 账号"])
    return [row for sheet, header in headers for row in _rows(sheet, *header)]


def match_rows(
    batch: PayoutBatch, lines: Iterable[PayoutLine], rows: Iterable[BankRow], parts: Parts | None = None
) -> Matched:
    """Find each row's payment by its reference, else by card and amount where nothing hangs on which it is.

    `lines` are all that went to the bank. A row is taken only if card and amount are those of the line, its line is
    still open, and no other row claimed it (where another one says the opposite, neither is); an amount below what is
    open is a part and leaves the line open for the next part, which has another reference of the bank. `parts` were
    booked from earlier files. A line that is paid, in part or whole, is bounced where the file says only that the whole
    was not.
    """
    rows = list(rows)
    known = _Known(batch, lines)
    known.hear(rows)
    taken: dict[int, list[BankRow]] = {}
    listed_again: set[int] = set()
    matched = Matched()
    for row in rows:
        fen = _fen(row)
        if row.is_total:
            _note_total(matched, row, fen)
            continue
        matched.sum_fen += fen or 0
        line = known.line_of(row, fen)
        before = taken.get(line.pk, []) if line is not None else []
        why = _why_not(row, line, fen, before, parts or {})
        if line is not None and why == "PART_KNOWN":
            listed_again.add(line.pk)
        elif line is not None and not why and _bounces(row, line) and line.pk in listed_again:
            why = "ROWS_CONTRADICT"  # the file still says that a part arrived
        if line is not None and why == "SECOND_ROW" and _says(row) != _says(before[0]):
            why = "ROWS_CONTRADICT"
            _withdraw(matched, line, before)
        if why or line is None:
            matched.unknown.append(_unknown(row, fen, why or "NO_LINE", line))
        else:
            matched.results.append(_result(row, line, fen or 0, _heard(before)))
        if line is not None and why in ("", "SETTLED_BEFORE"):
            taken.setdefault(line.pk, []).append(row)
    return matched


def _heard(rows: Iterable[BankRow]) -> int:
    """Fen of a payment that rows above in the same file say has arrived."""
    return sum(_fen(row) or 0 for row in rows)


def _says(row: BankRow) -> str:
    """What a row says became of its payment; money that went back (an amount below 0) is none that was paid."""
    return _outcome(row) if (_fen(row) or 0) > 0 else ""


def _withdraw(matched: Matched, line: PayoutLine, rows: Iterable[BankRow]) -> None:
    """Nothing is booked of a payment that the file calls paid and not paid; all its rows are told."""
    if any(result[0] == line.pk for result in matched.results):
        matched.results = [result for result in matched.results if result[0] != line.pk]
        matched.unknown += [_unknown(row, _fen(row), "ROWS_CONTRADICT", line) for row in rows]


class _Known:
    """The batch's payments by reference, and by card and open amount."""

    def __init__(self, batch: PayoutBatch, lines: Iterable[PayoutLine]) -> None:
        self.by_ref: dict[str, PayoutLine] = {}
        self.by_card: dict[tuple[bool, str, int], list[PayoutLine]] = {}
        self.in_turn: dict[tuple[str, int], Iterator[PayoutLine]] = {}
        for line in lines:
            self.by_ref[line_ref(batch.number, line.line_no)] = line
            is_open = line.state == PayoutLine.State.SENT
            self.by_card.setdefault((is_open, line.bank_card, _open_fen(line)), []).append(line)

    def hear(self, rows: Iterable[BankRow]) -> None:
        """Equal payments to one card (two seasons at the cap) are taken in turn where the file has as many rows without
        a reference as there are payments, and says the same of all: then it is no matter which row is whose."""
        said: dict[tuple[str, int], list[str]] = {}
        for row in rows:
            fen = _fen(row)
            if fen is not None and not row.is_total and self._named(row) is None:
                said.setdefault((_digits(row.values.get("card", "")), fen), []).append(_outcome(row))
        for (card, fen), outcomes in said.items():
            twins = self.by_card.get((True, card, fen), [])
            if len(outcomes) == len(twins) > 1 and len(set(outcomes)) == 1:
                self.in_turn[card, fen] = iter(twins)

    def line_of(self, row: BankRow, fen: int | None) -> PayoutLine | None:
        """By its reference, else the one open payment with this card and amount, else the one that is settled."""
        named = self._named(row)
        if named is not None or fen is None:
            return named
        card = _digits(row.values.get("card", ""))
        if (card, fen) in self.in_turn:
            return next(self.in_turn[card, fen])
        twins = self.by_card.get((True, card, fen)) or self.by_card.get((False, card, fen), [])
        return twins[0] if len(twins) == 1 else None

    def _named(self, row: BankRow) -> PayoutLine | None:
        return self.by_ref.get(row.values.get("ref", "").strip())


def _open_fen(line: PayoutLine) -> int:
    """What the bank still owes on this line."""
    return line.amount_fen - line.partial_fen


def _note_total(matched: Matched, row: BankRow, fen: int | None) -> None:
    """The file's own sums: the amount column's, and a count where the line of sums holds one."""
    if fen is not None:
        matched.stated_fen = (matched.stated_fen or 0) + fen
    count = row.values.get("count", "")
    if count.isdigit():
        matched.stated_rows = (matched.stated_rows or 0) + int(count)


def is_known_part(parts: Sequence[tuple[str, int]], reference: str, fen: int) -> bool:
    """Whether one of the parts is this one: by the bank's reference, where the row has none by its amount."""
    return any(known == reference if reference else part == fen for known, part in parts)


def _why_not(row: BankRow, line: PayoutLine | None, fen: int | None, before: Sequence[BankRow], parts: Parts) -> str:
    """Code of what stands against taking the row, "" where nothing does; `before` are the payment's rows above it."""
    if fen is None:
        return "AMOUNT_UNREADABLE"
    if line is None:
        return "CARD_AS_NUMBER" if row.numeric_card else "NO_LINE"
    if before and not _is_next_part(row, fen, line, before):
        return "SECOND_ROW"
    if line.state != PayoutLine.State.SENT and not _bounces(row, line):
        return "SETTLED_BEFORE"
    card = _digits(row.values.get("card", ""))
    if card and card != line.bank_card:
        return "CARD_AS_NUMBER" if row.numeric_card else "CARD_DIFFERS"
    outcome, reference = _outcome(row), row.values.get("reference", "")[:60]
    if line.partial_fen and outcome != FAILED and is_known_part(parts.get(line.pk, ()), reference, fen):
        return "PART_KNOWN"
    return _amount_problem(line, fen, outcome) if outcome else "RESULT_UNREADABLE"


def _is_next_part(row: BankRow, fen: int, line: PayoutLine, before: Sequence[BankRow]) -> bool:
    """One more part of a payment that the rows above leave open, with a reference of its own: without one it may as
    well be the same part told twice."""
    references = {one.values.get("reference", "") for one in (row, *before)}
    is_own = "" not in references and len(references) == len(before) + 1
    says_paid = all(_outcome(one) == PAID for one in (row, *before))
    return is_own and says_paid and 0 < fen <= _open_fen(line) - _heard(before)


def _bounces(row: BankRow, line: PayoutLine) -> bool:
    """Whether the row says that a payment confirmed before, in part or whole, was not made or came back as a whole."""
    said_paid = line.state == PayoutLine.State.PAID or bool(line.partial_fen and _fen(row) == line.amount_fen)
    return said_paid and _outcome(row) == FAILED


def _amount_problem(line: PayoutLine, fen: int, outcome: str) -> str:
    if outcome == FAILED and line.partial_fen and fen == line.amount_fen:
        return ""
    if fen > _open_fen(line):
        return "OVERPAID" if outcome == PAID else "AMOUNT_DIFFERS"
    if outcome == FAILED and (fen != line.amount_fen or line.partial_fen):
        return "PART_FAILED" if line.partial_fen else "AMOUNT_DIFFERS"
    return "AMOUNT_DIFFERS" if fen <= 0 else ""


def _result(row: BankRow, line: PayoutLine, fen: int, heard_fen: int) -> list[object]:
    outcome = PARTIAL if _outcome(row) == PAID and fen < _open_fen(line) - heard_fen else _outcome(row)
    outcome = BOUNCED if _bounces(row, line) else outcome
    words = [row.values.get("reference", "")[:60], row.values.get("message", "")[:200]]
    return [line.pk, outcome, *words, fen]


def _unknown(row: BankRow, fen: int | None, why: str, line: PayoutLine | None = None) -> dict[str, object]:
    found = {"cell": row.cell, "card": mask_card(_digits(row.values.get("card", ""))), "amount_fen": fen, "why": why}
    return found | ({"line_no": line.line_no, "due_fen": _open_fen(line)} if line else {})


def _outcome(row: BankRow) -> str:
    """Failure is looked for first: 未成功 holds 成功; and 未支付成功, which is neither list's, is not read at all."""
    words = unicodedata.normalize("NFKC", row.values.get("result", "")).upper()
    if any(word in words for word in BAD):
        return FAILED
    is_good = any(word in words for word in GOOD) and not DOUBTFUL.search(_UNIT.sub("", words))
    return PAID if is_good else ""


def _header(sheet: Sheet) -> tuple[int, dict[int, str]] | None:
    """Number of the header row and what each column holds; amount, result and one of reference or card are needed."""
    for row in sheet.rows[:30]:
        columns = {position: what for position, text in enumerate(row.texts) if (what := _what(text))}
        found = set(columns.values())
        if {"amount", "result"} <= found and found & {"ref", "card"}:
            return row.row_no, columns
    return None


def _what(text: str) -> str:
    title = _bare(text)
    return next((what for what, words in HEADINGS.items() if title in words), "")


def _bare(text: str) -> str:
    return _UNIT.sub("", unicodedata.normalize("NFKC", text)).replace(" ", "").strip()


def _rows(sheet: Sheet, header_row: int, columns: dict[int, str]) -> Iterator[BankRow]:
    below = [row for row in sheet.rows if row.row_no > header_row and any(text.strip() for text in row.texts)]
    sums = _sum_labels(below)
    for row in below:
        title = _label(row)
        if title in sums:
            yield BankRow(sheet.name, row.row_no, _sums(row, columns), is_total=True)
        elif title not in (*TOTALS, *PART_SUMS):
            values = {what: row.texts[at].strip() for at, what in columns.items() if at < len(row.texts)}
            numeric = any(row.notes.get(at + 1) == NUMERIC_ID for at, what in columns.items() if what == "card")
            yield BankRow(sheet.name, row.row_no, values, numeric)


def _sum_labels(rows: Iterable[SheetRow]) -> tuple[str, ...]:
    """How the sheet names its sum over everything: beside a grand total its other totals are over parts of it and say
    nothing new."""
    return GRAND_TOTALS if any(_label(row) in GRAND_TOTALS for row in rows) else TOTALS


def _label(row: SheetRow) -> str:
    """The first text of the row, bare of blanks, of what stands in brackets and of a colon: 合 计（元）： is 合计."""
    first = next(text for text in row.texts if text.strip())
    return _bare(first).rstrip(":").upper()


def _sums(row: SheetRow, columns: Mapping[int, str]) -> dict[str, str]:
    """The sum under the amounts, and the first whole number elsewhere in the line, which is the count."""
    amount = next((row.texts[at] for at, what in columns.items() if what == "amount" and at < len(row.texts)), "")
    others = [text.strip() for at, text in enumerate(row.texts) if columns.get(at) != "amount"]
    count = next((text.rstrip("笔") for text in others if text.rstrip("笔").isdigit()), "")
    return {"amount": amount.strip(), "count": count}


def _with_tabs(content: bytes) -> bytes:
    """Text files whose columns stand between | are read like those between tabs; anything else as it is."""
    if b"|" not in content[:4096] or content[:2] in (b"PK", b"\xd0\xcf"):
        return content
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.replace("|", "\t").encode() if text.count("|") > text.count(",") else content
    return content


def _fen(row: BankRow) -> int | None:
    try:
        return parse_yuan(row.values.get("amount", ""))
    except MoneyError:
        return None


def _digits(text: str) -> str:
    return re.sub(r"[\s'-]", "", unicodedata.normalize("NFKC", text))
