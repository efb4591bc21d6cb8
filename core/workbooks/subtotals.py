"""Sums of rows as they stream past: of the whole ledger and of runs of rows that share the value of one column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Sums = dict[str, int | Decimal]


@dataclass(frozen=True, slots=True)
class Run:
    """Rows next to each other with the same `name`: how many, and what their columns add up to."""

    name: str
    rows: int
    totals: Sums


@dataclass(slots=True)
class Runs:
    """Cuts a stream of rows into runs by the column `key`; without a key all rows are one run.

    A name that comes back later begins another run: `by_name()` adds such runs up.
    """

    key: str
    summed: Sequence[str]
    closed: list[Run] = field(default_factory=list)
    _name: str | None = None
    _rows: int = 0
    _totals: Sums = field(default_factory=dict)

    def take(self, row: Mapping[str, Any]) -> Run | None:
        """Count a row in; the run it ends, if it begins another."""
        name = str(row.get(self.key) or "")
        ended = self.end() if self._name is not None and name != self._name else None
        self.add(name, 1, {key: [row.get(key)] for key in self.summed})
        return ended

    def add(self, name: str, rows: int, values: Mapping[str, list[Any]]) -> None:
        """Count rows into the open run of that name, with the values of its summed columns."""
        self._name, self._rows = name, self._rows + rows
        for key, found in values.items():
            self._totals[key] = _sum(found, self._totals.get(key, 0))

    def end(self) -> Run | None:
        """Close the run that is open."""
        if self._name is None:
            return None
        run = Run(self._name, self._rows, {key: self._totals.get(key, 0) for key in self.summed})
        self.closed.append(run)
        self._name, self._rows, self._totals = None, 0, {}
        return run

    def whole(self) -> Sums:
        """What all closed runs add up to."""
        return {key: sum(run.totals[key] for run in self.closed) for key in self.summed}

    def by_name(self) -> list[Run]:
        """Closed runs added up by name, in the order in which the names first came."""
        found: dict[str, Run] = {}
        for run in self.closed:
            before = found.get(run.name, Run(run.name, 0, dict.fromkeys(self.summed, 0)))
            totals = {key: before.totals[key] + run.totals[key] for key in self.summed}
            found[run.name] = Run(run.name, before.rows + run.rows, totals)
        return list(found.values())


def _sum(values: list[Any], start: int | Decimal) -> int | Decimal:
    """What the values add up to, those that are unknown left out."""
    try:
        return sum(values, start)
    except TypeError:
        return sum((value for value in values if value is not None), start)
