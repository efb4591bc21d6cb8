"""Reads about a plan: its money, rates, limits, who leads where, and what its calendar says today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from core.areas import ancestors
from programmes.calendar import Standing, occurrences, reminder_due
from programmes.models import (
    Deadline,
    Indicator,
    LeadUnit,
    Panel,
    Principle,
    Programme,
    SubProgramme,
    Target,
    Threshold,
)
from programmes.plan_targets import cell_of
from programmes.sums import Cell, sum_of
from programmes.whole import rows_of

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def planned_funds(programme: Programme, parts: Sequence[str] = ()) -> dict[str, int]:
    """Planned fen by source over the parts named (none: all), with "total"; a source nobody names is absent."""
    sums: dict[str, int] = defaultdict(int)
    for part in rows_of(programme, "parts"):
        if parts and part.code not in parts:
            continue
        for one in part.funds.all():
            sums[one.source] += one.amount_fen
        if part.total_fen is not None:
            sums["total"] += part.total_fen
    return dict(sums)


def shares_of_funds(funds: dict[str, int]) -> dict[str, Decimal]:
    """Percent of the total per source, two decimals; nothing where there is no total."""
    total = funds.get("total")
    if not total:
        return {}
    return {
        source: (HUNDRED * amount / total).quantize(CENT, ROUND_HALF_UP)
        for source, amount in funds.items()
        if source != "total"
    }


def threshold(programme: Programme, code: str) -> Threshold | None:
    """The limit the programme's document sets, None where it sets none."""
    return programme.thresholds.filter(code=code).first()


def principle(programme: Programme, code: str) -> Principle | None:
    """What the programme's document says under one of `Principle.Code`; None where it says nothing."""
    return programme.principles.filter(code=code).first()


def acceptance_panel(programme: Programme, year: int | None = None) -> Panel | None:
    """The departments that accept together in `year`: that year's panel, otherwise the one for every year."""
    used = [one for one in programme.panels.all() if one.in_use and one.year in (None, year)]
    return max(used, key=lambda one: one.year or 0, default=None)


def panel_years(programme: Programme, years: Iterable[int]) -> list[int]:
    """Those of the years in which departments accept together."""
    used = {one.year for one in programme.panels.all() if one.in_use}
    return [year for year in years if None in used or year in used]


def rate_with(indicator: Indicator, added: Decimal = Decimal(0)) -> Decimal | None:
    """Percent of the denominator that baseline and `added` make; None where the document leaves one of them out."""
    if indicator.baseline_quantity is None or not indicator.denominator:
        return None
    return HUNDRED * (indicator.baseline_quantity + added) / indicator.denominator


def value_due(indicator: Indicator, earlier: Decimal) -> Decimal:
    """What is to be reached when the indicator is a growth over an earlier year's *actual* value."""
    return earlier * (HUNDRED + indicator.value) / HUNDRED


def lead_units(programme: Programme, area_id: str, part: SubProgramme | None = None) -> list[LeadUnit]:
    """Who leads at a place: what is said of the place itself goes before what is said of a place above it.

    More than one row means that the document names several and a person decides.
    """
    places = [*ancestors(area_id), area_id]
    rows = list(programme.leads.filter(area_id__in=places).select_related("part"))
    fitting = [row for row in rows if part is None or row.part_id in (None, part.pk)]
    nearest = max((row.area_id for row in fitting), key=len, default="")
    return [row for row in fitting if row.area_id == nearest]


def leads_of(programme: Programme) -> Callable[[str], list[str]]:
    """For many places with one query: the departments that lead at a place, each with its part where it has one."""
    said: dict[str, list[str]] = defaultdict(list)
    for row in programme.leads.select_related("part"):
        said[row.area_id].append(f"{row.unit}（{row.part.name}）" if row.part else row.unit)

    def leads(area_id: str) -> list[str]:
        nearest = next((code for code in (area_id, *reversed(ancestors(area_id))) if code in said), "")
        return said[nearest] if nearest else [programme.lead_unit] if programme.lead_unit else []

    return leads


def rollout_order(programme: Programme) -> list[str]:
    """Kinds of places in the order the document wants them done; empty where it names none."""
    named = {one.code: one.area_classes for one in programme.principles.all() if one.area_classes}
    return next((list(named[code]) for code in ("BY_VILLAGE", "TERRAIN", "NETWORK_FIRST") if code in named), [])


def target_cells(programme: Programme) -> list[Cell]:
    """The breakdown's rows as plain cells, ready to be added up."""
    return [target_cell(row) for row in rows_of(programme, "targets")]


def target_cell(row: Target) -> Cell:
    return cell_of({
        "area": row.area_id, "technology": row.technology.code if row.technology else "", "year": row.year,
        "unit": row.unit, "quantity": row.quantity, "part": row.part.code if row.part else "", "measure": row.measure,
    })  # fmt: skip


@dataclass(frozen=True)
class StatedLine:
    """A printed number beside what the rows break it down to."""

    code: str
    name: str
    cell: Cell
    area_name: str
    technology: str
    part: str
    written: str
    clause: str
    found: Decimal
    has_rows: bool

    @property
    def rest(self) -> Decimal:
        """Still without a place (negative: the rows exceed the document)."""
        return self.cell.quantity - self.found

    @property
    def state(self) -> str:
        """agrees, open (rest without a place) or differs."""
        if self.found == self.cell.quantity:
            return "agrees"
        return "open" if self.cell.is_open and self.rest > 0 else "differs"


def stated_lines(programme: Programme) -> list[StatedLine]:
    """The document's numbers in its order, each with the sum of the rows that belong to it."""
    rows, lines = target_cells(programme), []
    for one in rows_of(programme, "stated_sums"):
        cell = cell_of({
            "area": one.area_id, "technology": one.technology.code if one.technology else "", "year": one.year,
            "unit": one.unit, "quantity": one.quantity, "part": one.part.code if one.part else "",
            "measure": one.measure, "open": one.is_open,
        })  # fmt: skip
        found = sum_of(rows, cell)
        lines.append(StatedLine(
            one.code, one.name, cell, one.area.name, one.technology.name if one.technology else "",
            one.part.name if one.part else "", one.written, one.clause, found, found > 0,
        ))  # fmt: skip
    return lines


# --- Calendar -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CalendarLine:
    """One occurrence of a deadline and how it stands."""

    deadline: Deadline
    standing: Standing
    note: str
    remind: int | None


def calendar_of(
    programme: Programme, today: date, *, behind: int = 92, ahead: int = 92, limit: int = 60
) -> list[CalendarLine]:
    """Occurrences around `today`: what comes once always, what comes in a rhythm within the days given.

    A rhythm runs only in the programme's years; of its passed occurrences only the last is shown.
    """
    lines: list[CalendarLine] = []
    for deadline in rows_of(programme, "deadlines"):
        lines += _lines_of(deadline, programme, today, behind, ahead)
    return sorted(lines, key=lambda line: (line.standing.due_on, line.deadline.code))[:limit]


def _lines_of(deadline: Deadline, programme: Programme, today: date, behind: int, ahead: int) -> list[CalendarLine]:
    met = {one.due_on: one for one in deadline.met.all()}
    lines = []
    for day in _days_of(deadline, programme, today, behind, ahead):
        record = met.get(day)
        standing = Standing(day, record.met_on if record else None, today)
        note = record.note if record else ""
        lines.append(CalendarLine(deadline, standing, note, reminder_due(standing, deadline.remind_days)))
    return lines


def _days_of(deadline: Deadline, programme: Programme, today: date, behind: int, ahead: int) -> list[date]:
    if deadline.rhythm == Deadline.Rhythm.ONCE:
        return [deadline.due_on] if deadline.due_on else []
    first = max(date(programme.year_from, 1, 1), today - timedelta(days=behind))
    last = min(date(programme.year_to, 12, 31), today + timedelta(days=ahead))
    days = list(occurrences(deadline.rhythm, first, last, day=deadline.day))
    passed, coming = [day for day in days if day < today], [day for day in days if day >= today]
    if not days and today > date(programme.year_to, 12, 31):
        return _last_of(deadline, programme)
    return [*passed[-1:], *coming[:2]]


def _last_of(deadline: Deadline, programme: Programme) -> list[date]:
    whole = occurrences(
        deadline.rhythm, date(programme.year_from, 1, 1), date(programme.year_to, 12, 31), day=deadline.day
    )
    return list(whole)[-1:]


def is_occurrence(deadline: Deadline, day: date) -> bool:
    """Whether the deadline falls on `day` in the programme's years."""
    if deadline.rhythm == Deadline.Rhythm.ONCE:
        return deadline.due_on == day
    years = deadline.programme.year_from, deadline.programme.year_to
    return years[0] <= day.year <= years[1] and day in set(occurrences(deadline.rhythm, day, day, day=deadline.day))
