"""The shapes a roster takes on its way in: mapped rows, problems, skipped rows, sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from households.roster.codes import FINDING_CODES, IF_ELSEWHERE, ROW_CODES

READY, CONFIRM, EXCLUDED, REFUSED, MERGED = "ready", "confirm", "excluded", "refused", "merged"
STATES = (READY, CONFIRM, EXCLUDED, REFUSED, MERGED)
"""READY may be applied; CONFIRM after a person agreed; EXCLUDED is kept in the survey but not in the programme;
REFUSED waits for a correction; MERGED repeats an earlier row exactly and adds nothing."""
FROM_HEADING = "FROM_HEADING"
"""Note on a village that stands in no cell of the row but in a heading or the sheet's name."""
FROM_EITHER = "FROM_EITHER:"
"""Note on a village that a line between rows names, where such lines may stand below their rows; its name follows."""
FROM_ABOVE = "FROM_ABOVE:"
"""Note on a village whose own cell is blank or says 同上; what the row above, a heading or the sheet says follows."""
REQUIRED = ("village", "head_name", "id_number", "heated_area_m2", "technology")
"""Fields every row must have, where the programme says nothing."""
Value = str | int | Decimal
Params = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class RowIssue:
    """One problem of one cell. ``column`` is a field name, ``cell`` its address, ``value`` the text as found.

    ``proposal`` is a value the clerk may take over with one key; nothing applies it unseen.
    """

    code: str
    sheet: str
    row: int
    column: str
    cell: str
    value: str
    params: Params = field(default_factory=dict)
    proposal: str = ""

    def __post_init__(self) -> None:
        if set(self.params) - IF_ELSEWHERE != set(ROW_CODES[self.code]):
            raise TypeError(f"{self.code} takes {ROW_CODES[self.code]}, got {tuple(self.params)}")

    @property
    def family(self) -> str:
        """I, W, X, E or S."""
        return self.code[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a sheet as a whole, worth a sentence on the result page."""

    code: str
    sheet: str
    row: int = 0
    cell: str = ""
    params: Params = field(default_factory=dict)

    def __post_init__(self) -> None:
        if set(self.params) != set(FINDING_CODES[self.code]):
            raise TypeError(f"{self.code} takes {FINDING_CODES[self.code]}, got {tuple(self.params)}")


class Cells(Mapping[str, str]):
    """Addresses of the cells of one row by field, written when asked for: most rows are never asked.

    ``letters`` (field -> C) is shared by all rows of a table, ``others`` are addresses that do not follow from it.
    """

    __slots__ = ("_letters", "_others", "_row_no")

    def __init__(self, letters: Mapping[str, str], row_no: int, others: Mapping[str, str]) -> None:
        self._letters, self._row_no, self._others = letters, row_no, others

    def __getitem__(self, name: str) -> str:
        return self._others[name] if name in self._others else f"{self._letters[name]}{self._row_no}"

    def __iter__(self) -> Iterator[str]:
        yield from self._letters
        yield from (name for name in self._others if name not in self._letters)

    def __len__(self) -> int:
        return sum(1 for _name in self)

    @property
    def letters(self) -> Mapping[str, str] | None:
        """The letters that all rows of the table share, where every address follows from them."""
        return None if self._others else self._letters

    def written(self) -> dict[str, str]:
        """All addresses at once."""
        return {**{name: f"{letters}{self._row_no}" for name, letters in self._letters.items()}, **self._others}


@dataclass(frozen=True, slots=True)
class RawRow:
    """A household row after the columns are known: field -> text exactly as in the file.

    ``cells`` are the addresses, ``notes`` what the reader noticed (NUMERIC_ID …), ``extra`` the columns nobody
    knows, by heading; ``table`` counts the tables of a sheet, where several stand side by side or below each other.
    This is what is stored as "raw row"; ``corrected`` gives the row after a repair.
    """

    sheet: str
    row_no: int
    raw: Mapping[str, str]
    cells: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    table: int = 1

    def corrected(self, changes: Mapping[str, str]) -> RawRow:
        """The row with some texts replaced by what a person typed."""
        notes = {name: note for name, note in self.notes.items() if name not in changes}
        return replace(self, raw={**self.raw, **changes}, notes=notes)


@dataclass(slots=True)
class ParsedRow:
    """A household row, normalised and checked. ``values`` holds only fields that could be understood.

    ``values["village"]`` is the village's area code and ``values["technology"]`` a technology code.
    """

    sheet: str
    row_no: int
    raw: Mapping[str, str]
    cells: Mapping[str, str]
    values: dict[str, Value] = field(default_factory=dict)
    issues: list[RowIssue] = field(default_factory=list)
    extra: Mapping[str, str] = field(default_factory=dict)
    table: int = 1

    @property
    def state(self) -> str:
        """One of STATES, by the gravest issue."""
        codes = {issue.code for issue in self.issues}
        families = {code[0] for code in codes}
        if "S_DUPLICATE_ROW" in codes:
            return MERGED
        return next(
            (state for key, state in (("E", REFUSED), ("X", EXCLUDED), ("W", CONFIRM)) if key in families), READY
        )

    def add(self, code: str, column: str, params: Params | None = None, proposal: str = "") -> None:
        """Record a problem of one field."""
        cell, value = self.cells.get(column, ""), self.raw.get(column, "")
        self.issues.append(RowIssue(code, self.sheet, self.row_no, column, cell, value, params or {}, proposal))


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that is no household: its kind (``classify.KINDS``) and what it says."""

    sheet: str
    row_no: int
    kind: str
    text: str
    table: int = 1


@dataclass(frozen=True, slots=True)
class ParsedSheet:
    """One sheet mapped: which column means what, household rows, and every other row with its kind.

    ``columns`` maps a 1-based column to its field; every row of the sheet is in ``rows`` or in ``skipped``.
    ``titles`` are the headings of all columns and ``samples`` a few of their values, for a person to look at.
    """

    name: str
    columns: dict[int, str]
    header_row: int | None
    rows: tuple[RawRow, ...]
    skipped: tuple[SkippedRow, ...]
    findings: tuple[Finding, ...]
    titles: Mapping[int, str] = field(default_factory=dict)
    samples: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Village:
    """A village a row may name. ``technologies`` are those of its targets; empty means no target is set."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    town_name: str = ""
    technologies: tuple[str, ...] = ()
    inside: bool = True
    """False for a village of the county outside the area this roster is for: known, but not allowed."""


def _no_key(kind: str, value: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class RosterContext:
    """What the checks need to know about programme, area and register.

    ``key_of(kind, value)`` turns an ID number, card, meter or door number (kind is the field name; a door number
    comes as "village code/door") into the opaque key of the register, and ``registered_keys`` are the keys
    that exist: plain values never travel. ``technologies`` maps allowed codes to names shown to people. A listing for
    demolition counts for ``demolition_years`` (T-15: 近三年内列入拆迁计划); an older one has to be confirmed.
    """

    villages: tuple[Village, ...]
    technologies: Mapping[str, str]
    today: date
    required: tuple[str, ...] = REQUIRED
    area_low_m2: int = 10
    area_high_m2: int = 500
    exclusions: frozenset[str] = frozenset({"VOLUNTARY_GIVE_UP", "DEMOLITION_PLAN", "LONG_VACANT"})
    demolition_years: int = 3
    registered_keys: frozenset[str] = frozenset()
    key_of: Callable[[str, str], str] = _no_key
