"""Check what subtotal and total rows state against the household rows above them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from core.workbooks.read import SheetRow, cell_address
from households.roster.classify import SUBTOTAL
from households.roster.columns import SERIAL
from households.roster.header import Header
from households.roster.normalise import normalise_area, tidy_compact
from households.roster.rows import Finding

_HOUSEHOLDS = re.compile(r"[^0-9]*([0-9]{1,6})户")
_COUNT_COLUMNS = frozenset({SERIAL, "village", "group", "head_name", "id_number"})


@dataclass(slots=True)
class _Sum:
    """Household rows and their areas, added up where a total row asks and each row once, however many ask."""

    households: int = 0
    _area_m2: Decimal = Decimal(0)
    _known: bool = True
    _waiting: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Count a row whose cell says this about the area."""
        self.households += 1
        self._waiting.append(text)

    @property
    def area_m2(self) -> Decimal:
        """Sum of the areas that can be read."""
        self._add_up()
        return self._area_m2

    @property
    def area_known(self) -> bool:
        """Whether every row's area can be read."""
        self._add_up()
        return self._known

    def _add_up(self) -> None:
        for text in self._waiting:
            area = _area_of(text)
            self._known &= area is not None
            self._area_m2 += area or 0
        self._waiting.clear()


@lru_cache(maxsize=4096)
def _area_of(text: str) -> Decimal | None:
    value = normalise_area(text).value
    return value if isinstance(value, Decimal) else None


@dataclass(slots=True)
class TotalsCheck:
    """Adds households as they come and compares when a total row comes.

    A subtotal speaks of the rows since the last total row of any kind, a total of all rows. Lists are untidy, so what
    agrees with the other reading is right too: a village's 合计 over its groups' 小计, a 小计 that runs on, a total
    below several tables (``beside`` holds the checks of all tables of the sheet).
    """

    sheet: str
    header: Header
    findings: list[Finding] = field(default_factory=list)
    beside: Sequence[TotalsCheck] = ()
    _column: int = field(init=False, default=0)
    _since_any: _Sum = field(default_factory=_Sum)
    _since_total: _Sum = field(default_factory=_Sum)
    _all: _Sum = field(default_factory=_Sum)

    def __post_init__(self) -> None:
        self._column = next((c for c, name in self.header.columns.items() if name == "heated_area_m2"), 0)

    def add_household(self, row: SheetRow) -> None:
        """Count one household row."""
        text = self._area_text(row)
        for tally in (self._since_any, self._since_total, self._all):
            tally.add(text)

    def begin_section(self) -> None:
        """A heading begins the rows of another village: the next subtotal speaks of them."""
        self._since_any = _Sum()

    def check(self, row: SheetRow, kind: str) -> None:
        """Compare one subtotal or total row; a sum over an unreadable area is not judged."""
        tallies = [self._since_any, self._since_total, self._all]
        if kind != SUBTOTAL or not self._since_any.households:
            tallies = [self._all, self._since_total, *self._together()]
        for column, text in enumerate(row.texts, 1):
            stated = self._stated_households(column, tidy_compact(text))
            if stated is not None and stated not in [tally.households for tally in tallies]:
                self._report("F_SUBTOTAL_COUNT", row.row_no, column, str(stated), str(tallies[0].households))
        self._check_area(row, tallies)
        self._since_any = _Sum()
        if kind != SUBTOTAL:
            self._since_total = _Sum()

    def _together(self) -> list[_Sum]:
        """The rows of all tables of the sheet, where a total stands below them."""
        if len(self.beside) < 2:
            return []
        sums = [table._all for table in self.beside]
        known = all(one.area_known for one in sums)
        return [_Sum(sum(one.households for one in sums), sum((one.area_m2 for one in sums), Decimal(0)), known)]

    def _check_area(self, row: SheetRow, tallies: Sequence[_Sum]) -> None:
        area = self._area(row)
        if area is None or not all(tally.area_known for tally in tallies[:1]):
            return
        if area not in [tally.area_m2 for tally in tallies]:
            counted = f"{tallies[0].area_m2:f}"
            self._report("F_SUBTOTAL_AREA", row.row_no, self._column, f"{area:f}", counted)

    def _stated_households(self, column: int, text: str) -> int | None:
        counted = _HOUSEHOLDS.fullmatch(text)
        if counted:
            return int(counted[1])
        plain = text.isascii() and text.isdigit() and len(text) <= 6
        return int(text) if plain and self.header.columns.get(column) in _COUNT_COLUMNS else None

    def _area(self, row: SheetRow) -> Decimal | None:
        return _area_of(self._area_text(row))

    def _area_text(self, row: SheetRow) -> str:
        """What the row says about the area; "" is as good as no column, and no area."""
        return row.texts[self._column - 1] if 0 < self._column <= len(row.texts) else ""

    def _report(self, code: str, row_no: int, column: int, stated: str, counted: str) -> None:
        params: dict[str, str | int] = {"stated": stated, "counted": counted}
        self.findings.append(Finding(code, self.sheet, row_no, cell_address(row_no, column), params))
