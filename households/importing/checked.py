"""A checked row as it is stored: raw texts, understood values, problems, and whether it may enter the register."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from households.indexes import indexers, indexes_of
from households.models import ImportRow
from households.roster.rows import Cells, ParsedRow, RawRow, RowIssue

#: Warnings a person may set aside after looking. A shared card is none of them: the register keeps one card per
#: household, so that no subsidy goes to somebody else's account unseen.
CONFIRMABLE = frozenset(
    {
        "W_ID_15_DIGITS",
        "W_PHONE_LANDLINE",
        "W_TOWN_DIFFERS",
        "W_SECOND_DWELLING",
        "W_SECOND_HOME",
        "W_SAME_DOOR",
        "W_DOOR_TAKEN",
        "W_REGISTER_DIFFERS",
        "W_MAYBE_ROUNDED",
        "W_NAME_UNUSUAL",
        "W_OLD_HEATING_UNKNOWN",
        "W_CLASS_UNKNOWN",
        "W_NOTE_UNCLEAR",
        "W_DEMOLITION_LONG_AGO",
    }
)
DUPLICATE = "S_DUPLICATE_ROW"
HAND_KEPT = "I_HAND_KEPT"
#: What the register says about a row; said anew whenever the register is asked.
REGISTER_CODES = frozenset(
    {
        "I_REGISTERED", "W_REGISTER_DIFFERS", "W_SECOND_HOME", "W_DOOR_TAKEN", "E_ID_ELSEWHERE", "E_CARD_TAKEN",
        "E_ID_OTHER_NAME", "E_METER_TAKEN", "E_ON_APPROVED_LIST", HAND_KEPT,
    }
)  # fmt: skip

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of one cell in a form that can be stored; codes of the roster and of the register alike."""

    code: str
    column: str
    cell: str = ""
    value: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    proposal: str = ""

    @classmethod
    def of(cls, issue: RowIssue) -> Problem:
        return cls(issue.code, issue.column, issue.cell, issue.value, dict(issue.params), issue.proposal)

    @property
    def can_be_confirmed(self) -> bool:
        return self.code in CONFIRMABLE

    def blocks(self, confirmed: Collection[str]) -> bool:
        """Whether the row has to wait for a person because of this."""
        if self.code.startswith("E_"):
            return True
        return self.code.startswith("W_") and not (self.can_be_confirmed and self.code in confirmed)

    def stored(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "column": self.column,
            "cell": self.cell,
            "value": self.value,
            "params": self.params,
            "proposal": self.proposal,
        }


@dataclass(slots=True)
class CheckedRow:
    """A parsed row with the register's findings added to the roster's."""

    parsed: ParsedRow
    problems: list[Problem]
    _indexes: dict[str, str] | None = None

    @property
    def indexes(self) -> dict[str, str]:
        """Blind indexes by kind, calculated once: values don't change after the checks."""
        if self._indexes is None:
            self._indexes = indexes_of(self.values)
        return self._indexes

    @property
    def hand_kept(self) -> frozenset[str]:
        """Fields the register keeps because a person typed them."""
        if not self.problems:
            return _NONE
        found = (one.params["fields"] for one in self.problems if one.code == HAND_KEPT)
        return frozenset(name for fields in found for name in str(fields).split(","))

    @property
    def values(self) -> dict[str, Any]:
        return self.parsed.values  # type: ignore[return-value]

    def add(self, code: str, column: str, **params: Any) -> None:
        """Record what the register says about one field."""
        cell, value = self.parsed.cells.get(column, ""), self.parsed.raw.get(column, "")
        self.problems.append(Problem(code, column, cell, value, params))

    def state(self, confirmed: Collection[str] = ()) -> str:
        """READY, FAULTY or MERGED."""
        if not self.problems:
            return ImportRow.State.READY
        if any(problem.code == DUPLICATE for problem in self.problems):
            return ImportRow.State.MERGED
        blocked = any(problem.blocks(confirmed) for problem in self.problems)
        return ImportRow.State.FAULTY if blocked else ImportRow.State.READY


def index_rows(rows: Iterable[CheckedRow]) -> None:
    """Calculate the blind indexes of many rows: quicker than each row by itself."""
    by_kind = indexers()
    for row in rows:
        if row._indexes is None:
            row._indexes = indexes_of(row.values, by_kind)


def fill(row: ImportRow, checked: CheckedRow) -> ImportRow:
    """Write what the checks found into a stored row (not saved here)."""
    values, problems = checked.values, checked.problems
    # Into the row's own values, not through Django's descriptors: there are a hundred thousand.
    row.__dict__.update(
        values={name: str(value) if type(value) is Decimal else value for name, value in values.items()},
        issues=[problem.stored() for problem in problems],
        issue_codes=sorted({problem.code for problem in problems}),
        keys_index=[f"{kind}:{index}" for kind, index in checked.indexes.items() if index],
        technology=str(values.get("technology") or ""),
        state=checked.state(row.confirmed),
    )
    row.village_id = str(values.get("village") or "") or None
    return row


def refilled(row: ImportRow) -> CheckedRow:
    """The stored row as the checks of the file left it, without what the register said then."""
    parsed = ParsedRow(row.sheet, row.row_no, {}, {}, dict(row.values))
    made = CheckedRow(parsed, [one for one in problems_of(row) if one.code not in REGISTER_CODES])
    made._indexes = dict(key.split(":", 1) for key in row.keys_index)
    return made


def problems_of(row: ImportRow) -> list[Problem]:
    """The stored problems of a row."""
    return [Problem(**stored) for stored in row.issues]


def stored_raw(raw: RawRow, known: dict[tuple[Any, ...], str] | None = None) -> dict[str, Any]:
    """A raw row as JSON, never changed afterwards. It shares most of the row's own mappings.

    Nearly every row's cells stand in the columns of its table: their letters are kept, in the order of the fields'
    names, and nothing else (`cells_of` reads them). `known` are those of the rows before.
    """
    return {"texts": raw.raw, "cells": _stored_cells(raw, known), "notes": raw.notes, "extra": raw.extra}


def _stored_cells(raw: RawRow, known: dict[tuple[Any, ...], str] | None) -> dict[str, str] | str:
    cells = raw.cells
    if not isinstance(cells, Cells):
        return dict(cells)
    letters = cells.letters
    if letters is None or known is None or letters.keys() != raw.raw.keys():
        return cells.written()
    table = (id(letters), *raw.raw)
    if table not in known:
        known[table] = " ".join(letters[name] for name in sorted(raw.raw))
    return known[table]


def cells_of(row: ImportRow) -> dict[str, str]:
    """Field -> address of its cell, as the file had it."""
    raw: Mapping[str, Any] = row.raw
    cells = raw.get("cells") or {}
    if isinstance(cells, str):
        letters = zip(sorted(raw["texts"]), cells.split(), strict=True)
        return {name: f"{column}{row.row_no}" for name, column in letters}
    return dict(cells)


def raw_row(row: ImportRow) -> RawRow:
    """The stored raw row with the corrections people typed."""
    raw: Mapping[str, Any] = row.raw
    found = RawRow(row.sheet, row.row_no, raw["texts"], cells_of(row), raw["notes"], raw["extra"], row.table_no)
    return found.corrected(row.corrections) if row.corrections else found
