"""The breakdown as a page edits it: one input per cell, each with what it held when the page was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from accounts.models import Area
from programmes.models import Measure, Programme, SubProgramme, Target, Technology, Unit
from programmes.queries import TargetGroup, TargetLine, TargetTable, target_tables
from programmes.services import Change
from programmes.whole import rows_of

LIMIT = Decimal(10) ** 12
CELL, SHOWN = "c", "s"
Key = tuple[str, int, int, str, int, str]


@dataclass(frozen=True)
class EditCell:
    """`name` of the input, its text, and `shown`: version and text as drawn, sent back to notice others' changes."""

    name: str
    text: str
    version: int
    label: str
    stored: str = ""

    @property
    def shown_name(self) -> str:
        return SHOWN + self.name[1:]

    @property
    def shown(self) -> str:
        return f"{self.version}:{self.stored}"


@dataclass(frozen=True)
class EditGroup:
    """A branch of the tree. `is_open` while it is drawn: a branch somebody typed into never hides it."""

    group: TargetGroup
    rows: list[tuple[TargetLine, list[EditCell]]]
    is_open: bool


@dataclass(frozen=True)
class EditTable:
    table: TargetTable
    groups: list[EditGroup]


FEW = 3


def edit_tables(programme: Programme, posted: Mapping[str, str] | None = None) -> list[EditTable]:
    """Every table of the breakdown as a tree; with `posted` the texts the person typed stay in the inputs."""
    known = {_key_of(row): row for row in rows_of(programme, "targets")}
    tables = target_tables(programme)
    few = sum(len(table.groups) for table in tables) <= FEW
    return [EditTable(table, [_group(table, one, known, posted or {}, few) for one in table.groups])
            for table in tables]  # fmt: skip


def _group(
    table: TargetTable, group: TargetGroup, known: Mapping[Key, Target], posted: Mapping[str, str], few: bool
) -> EditGroup:
    rows = [(line, _cells(table, line, known, posted)) for line in group.lines]
    typed = any(cell.text.strip() != cell.stored for _line, cells in rows for cell in cells)
    return EditGroup(group, rows, few or typed)


def _cells(
    table: TargetTable, line: TargetLine, known: Mapping[Key, Target], posted: Mapping[str, str]
) -> list[EditCell]:
    if line.is_sum or line.area is None:
        return []
    columns = [(route.pk, route.name) for route in table.routes] + ([(0, "")] if table.plain else [])
    cells = []
    for route, heading in columns:
        part = table.part.pk if table.part else 0
        key = (line.area.code, route, part, table.measure, table.year or 0, table.unit)
        row = known.get(key)
        name = "-".join([CELL, *map(str, key)])
        text = f"{row.quantity.normalize():f}" if row else ""
        label = f"{line.area.name} {heading}".strip()
        cells.append(EditCell(name, posted.get(name, text), row.version if row else 0, label, text))
    return cells


def _key_of(row: Target) -> Key:
    return (row.area_id, row.technology_id or 0, row.part_id or 0, row.measure, row.year or 0, row.unit)


def changes_of(programme: Programme, posted: Mapping[str, str]) -> tuple[list[Change], list[str]]:
    """Cells whose text differs from what was shown, and sentences about those that can't be read."""
    known = {_key_of(row): row for row in programme.targets.select_related("area")}
    changes, problems = [], []
    for name, text in posted.items():
        if not name.startswith(f"{CELL}-"):
            continue
        version, _sep, shown = posted.get(SHOWN + name[1:], "0:").partition(":")
        if text.strip() == shown:
            continue
        target = _target(programme, name, known)
        quantity, fault = number_of(text)
        if target is None or not version.isdecimal():
            problems.append(_("“%(name)s” is no cell of this table.") % {"name": name[:60]})
        elif fault:
            problems.append(f"{target.area.name}: {fault}")
        else:
            changes.append(Change(target, quantity, int(version)))
    return changes, problems


def _target(programme: Programme, name: str, known: Mapping[Key, Target]) -> Target | None:
    """The row behind a cell, or a new one of the same place, technology, part, measure, year and unit."""
    parts = name.split("-")
    if len(parts) != 7 or not all(one.isdecimal() and len(one) < 16 for one in (parts[2], parts[3], parts[5])):
        return None
    key = (parts[1], int(parts[2]), int(parts[3]), parts[4], int(parts[5]), parts[6])
    return known.get(key) or new_target(programme, *key)


def new_target(
    programme: Programme, area: str, technology: int, part: int, measure: str, year: int, unit: str
) -> Target | None:
    """An unsaved row; None when one of the names isn't the programme's."""
    place = Area.objects.within(programme.area_id).filter(code=area[:15]).first()
    route = programme.technologies.filter(pk=technology).first() if technology else None
    piece = programme.parts.filter(pk=part).first() if part else None
    if place is None or (technology and not route) or (part and not piece):
        return None
    if measure not in Measure.values or unit not in Unit.values or not _is_year(programme, year):
        return None
    return _made(programme, place, route, piece, measure, year, unit)


def _made(
    programme: Programme, place: Area, route: Technology | None, piece: SubProgramme | None, measure: str, year: int,
    unit: str,
) -> Target:  # fmt: skip
    return Target(
        programme=programme, area=place, technology=route, part=piece, measure=measure, year=year or None, unit=unit
    )


def _is_year(programme: Programme, year: int) -> bool:
    return year == 0 or programme.year_from <= year <= programme.year_to


def number_of(text: str) -> tuple[Decimal | None, str]:
    """A quantity as typed (commas and spaces allowed, empty is None) and what is wrong with it."""
    plain = text.strip().replace(",", "").replace("，", "")
    if not plain:
        return None, ""
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None, _("“%(value)s” is no number") % {"value": text[:40]}
    if not number.is_finite() or not 0 <= number < LIMIT or number != round(number, 2):
        return None, _("“%(value)s” is not a quantity of at most two decimals, from 0") % {"value": text[:40]}
    return number, ""
