"""Reads about programmes that more than one room asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from accounts.models import Area
from core.areas import parent_of
from programmes.models import Checklist, Measure, Programme, SubProgramme, Target, Technology, Unit
from programmes.whole import rows_of


@dataclass
class TargetLine:
    """One line of the task table: a place (or a town's subtotal, or the total) and its number per route."""

    area: Area | None
    row_no: int | None = None
    is_sum: bool = False
    by_route: dict[int | None, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def total(self) -> Decimal:
        return sum(self.by_route.values(), Decimal(0))


@dataclass(frozen=True)
class TargetGroup:
    """A branch of the tree: a town with its villages (or a county with its towns) and what they add up to."""

    area: Area | None
    lines: list[TargetLine]

    @property
    def total(self) -> TargetLine:
        return _sum(self.lines, self.area)


@dataclass(frozen=True)
class TargetTable:
    """Targets of one part, measure, year and unit: routes as columns, places as lines, a subtotal for each town.

    Rows without a technology stand in a column of their own (`plain`). `year` is None where the document names none.
    """

    year: int | None
    unit: str
    routes: list[Technology]
    groups: list[TargetGroup]
    part: SubProgramme | None = None
    measure: str = Measure.CONVERSION
    plain: bool = False

    @property
    def lines(self) -> list[TargetLine]:
        """As the document prints it: places, a subtotal after each town of several, the total at the end."""
        printed = [line for one in self.groups for line in [*one.lines, *([one.total] if len(one.lines) > 1 else [])]]
        return [*printed, self.total]

    @property
    def total(self) -> TargetLine:
        return _sum([line for one in self.groups for line in one.lines], None)

    @property
    def headings(self) -> list[str]:
        """Of the columns with numbers; the last, nameless one holds what stands without a technology."""
        return [route.name for route in self.routes] + ([""] if self.plain else [])

    @property
    def rows(self) -> list[tuple[TargetLine, list[Decimal | None]]]:
        """Each line with its numbers in the order of the routes; None where the document leaves the cell empty."""
        keys = [*(route.pk for route in self.routes), *([None] if self.plain else [])]
        return [(line, [line.by_route.get(key) for key in keys]) for line in self.lines]

    @property
    def unit_name(self) -> str:
        return str(Unit(self.unit).label) if self.unit in Unit.values else self.unit

    @property
    def measure_name(self) -> str:
        return str(Measure(self.measure).label)


def target_tables(programme: Programme) -> list[TargetTable]:
    """The programme's breakdown as the document prints it: one table per part, measure, year and unit."""
    routes = {route.pk: route for route in programme.technologies.all()}
    groups: dict[tuple[int, str, int, str], list[Target]] = defaultdict(list)
    for target in _in_order(rows_of(programme, "targets")):
        groups[target.part_id or 0, target.measure, target.year or 0, target.unit].append(target)
    return [
        TargetTable(
            year or None, unit, _used(routes, targets), _groups(targets), targets[0].part, measure,
            any(target.technology_id is None for target in targets),
        )
        for (_part, measure, year, unit), targets in sorted(groups.items())
    ]  # fmt: skip


def _in_order(targets: Iterable[Target]) -> list[Target]:
    """By the document's row numbers, rows without one last."""
    return sorted(targets, key=lambda one: (one.row_no is None, one.row_no or 0, one.area_id))


def checklist_for(programme: Programme, kind: str = "acceptance") -> Checklist | None:
    """The newest version of the programme's checklist."""
    return programme.checklists.filter(kind=kind).order_by("-version").first()


def _used(routes: dict[int, Technology], targets: list[Target]) -> list[Technology]:
    used = {target.technology_id for target in targets}
    return [route for key, route in routes.items() if key in used]


def _groups(targets: list[Target]) -> list[TargetGroup]:
    by_place: dict[str, TargetLine] = {}
    for target in targets:
        line = by_place.setdefault(target.area_id, TargetLine(target.area, target.row_no))
        line.by_route[target.technology_id] += target.quantity
    towns = _by_town(by_place)
    names = {line.area.parent_id: line.area.parent for line in by_place.values() if line.area}
    return [TargetGroup(names.get(town), members) for town, members in towns.items()]


def _by_town(by_place: dict[str, TargetLine]) -> dict[str, list[TargetLine]]:
    towns: dict[str, list[TargetLine]] = defaultdict(list)
    for code, line in by_place.items():
        towns[parent_of(code) or ""].append(line)
    return towns


def _sum(lines: list[TargetLine], area: Area | None) -> TargetLine:
    total = TargetLine(area, is_sum=True)
    for line in lines:
        for route, quantity in line.by_route.items():
            total.by_route[route] += quantity
    return total
