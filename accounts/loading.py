"""Places from a file: JSON, CSV or a workbook with code, level, name, parent, aliases, area class.

The whole file is checked before anything is written, and every problem is told with its row. Loading twice changes
nothing; loading a longer or corrected file adds and corrects, but never what a person corrected or an energy company
confirmed since: that stays, and is told. A place is never removed by a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.models import Area, AuditEntry
from core.areas import level_of, parent_of
from core.refusals import Refused
from core.workbooks.read import Workbook, read_workbook
from core.workbooks.refusals import WorkbookRefused

JSON_MAX_BYTES = 20 * 2**20
NAME_MAX = 60
HEADINGS = {
    "代码": "code", "区划代码": "code", "级别": "level", "层级": "level", "名称": "name", "上级": "parent",
    "上级代码": "parent", "别名": "aliases", "地区类别": "area_class", "区域类别": "area_class", "散户": "is_scattered",
    "热网覆盖": "in_heat_network", "禁煤区": "in_no_coal_zone", "通气": "gas_available", "电网容量": "grid_capacity_ok",
}  # fmt: skip
LEVEL_WORDS = {
    "省": "province", "市": "city", "区县": "county", "县": "county", "乡镇": "town", "镇": "town", "街道": "town",
    "村": "village", "社区": "village", "组": "group",
}  # fmt: skip
FLAGS = ("is_scattered", "in_heat_network", "in_no_coal_zone", "gas_available", "grid_capacity_ok")
COLUMNS = ("code", "level", "name", "parent", "aliases", "area_class", *FLAGS)
LOADING = "load_areas"
"""The reason that stands in the history for what a file wrote."""
FLAG_WORDS = {"": None, "1": True, "0": False, "true": True, "false": False, "是": True, "否": False}


class AreasRefused(Refused):
    """A file of places that can't be loaded; `problems` are sentences, one per fault, in the order of the file."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "AREAS_FAULTY", _("%(count)d problems in the file of places; nothing was loaded."), count=len(problems)
        )


@dataclass(frozen=True)
class AreaRow:
    """One place as written in row `row_no` of the file."""

    row_no: int
    code: str
    level: str
    name: str
    parent: str
    aliases: tuple[str, ...] = ()
    area_class: str = ""
    flags: dict[str, bool | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """How many places; `kept` are the columns (`code column`) a person set and the file says otherwise."""

    created: int
    changed: int
    same: int
    kept: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = f"{self.created} created, {self.changed} changed, {self.same} unchanged"
        kept = f"; kept as a person set it, the file says otherwise: {', '.join(self.kept)}"
        return words + (kept if self.kept else "")


def load_areas(*, path: Path, by: Any) -> Loaded:
    """Read, check and store a file of places. Raises `AreasRefused` with every problem."""
    rows, problems = read_areas(path)
    problems += list(_tree_problems(rows))
    if problems:
        raise AreasRefused(problems)
    with acting(by, LOADING), transaction.atomic():
        return _store(rows)


def read_areas(path: Path) -> tuple[list[AreaRow], list[str]]:
    """Rows of the file and what is wrong with single rows."""
    if not path.is_file():
        return [], [_("There is no file %(path)s.") % {"path": path}]
    records = _json_records(path) if path.suffix.lower() == ".json" else _sheet_records(path)
    rows, problems = [], []
    try:
        for row_no, record in records:
            row, faults = _row(row_no, record)
            rows.append(row)
            problems += [_("Row %(row)d: %(fault)s") % {"row": row_no, "fault": fault} for fault in faults]
    except (ValueError, WorkbookRefused) as error:
        return [], [_("%(file)s can't be read: %(why)s") % {"file": path.name, "why": error}]
    return rows, problems or ([] if rows else [_("%(file)s holds no places.") % {"file": path.name}])


def _json_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if path.stat().st_size > JSON_MAX_BYTES:
        raise ValueError(_("larger than %(mb)d MB") % {"mb": JSON_MAX_BYTES >> 20})
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    records = content.get("areas") if isinstance(content, dict) else content
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ValueError(_("a list of places is expected"))
    yield from enumerate(records, 1)


def _sheet_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    book: Workbook = read_workbook(path)
    lines = [line for sheet in book.sheets[:1] for line in sheet.rows if any(text.strip() for text in line.texts)]
    if not lines:
        return
    heads = [_heading(text) for text in lines[0].texts]
    missing = [name for name in ("code", "name") if name not in heads]
    if missing:
        raise ValueError(_("the first row needs the columns %(names)s") % {"names": "、".join(missing)})
    for line in lines[1:]:
        yield line.row_no, {head: text for head, text in zip(heads, line.texts, strict=False) if head}


def _heading(text: str) -> str:
    name = text.strip().lower()
    return HEADINGS.get(name, name.replace(" ", "_"))


def _row(row_no: int, record: dict[str, Any]) -> tuple[AreaRow, list[str]]:
    """The row, and every fault that it shows by itself."""
    faults = [_("there is no column “%(name)s”") % {"name": name} for name in record if name not in COLUMNS]
    text = {name: str(record.get(name) or "").strip() for name in ("code", "level", "name", "parent", "area_class")}
    code_level = _level(text["code"])
    if not code_level:
        faults.append(_("the code “%(code)s” must have 2, 4, 6, 9, 12 or 15 digits") % text)
    level = LEVEL_WORDS.get(text["level"], text["level"]) or code_level
    if code_level and level != code_level:
        faults.append(_("the level “%(level)s” does not fit the code %(code)s") % text)
    if not text["name"] or len(text["name"]) > NAME_MAX:
        faults.append(_("the name of %(code)s is missing or longer than 60 characters") % text)
    expected = (parent_of(text["code"]) or "") if code_level else ""
    if code_level and text["parent"] not in ("", expected):
        faults.append(_("the parent of %(code)s must be %(expected)s, not %(parent)s") % {**text, "expected": expected})
    flags = {name: _flag(record.get(name)) for name in FLAGS}
    faults += [_("%(name)s must be 1, 0 or empty") % {"name": name} for name, value in flags.items() if value == "?"]
    aliases = tuple(_aliases(record.get("aliases")))
    return AreaRow(row_no, text["code"], level, text["name"], expected, aliases, text["area_class"], flags), faults  # type: ignore[arg-type]


def _level(code: str) -> str:
    try:
        return level_of(code) if code.isascii() and code.isdigit() else ""
    except ValueError:
        return ""


def _flag(value: Any) -> bool | str | None:
    if isinstance(value, bool) or value is None:
        return value
    return FLAG_WORDS.get(str(value).strip().lower(), "?")


def _aliases(value: Any) -> Iterable[str]:
    parts = value if isinstance(value, list) else str(value or "").replace("、", "|").replace(";", "|").split("|")
    return [str(part).strip()[:NAME_MAX] for part in parts if str(part).strip()]


def _tree_problems(rows: list[AreaRow]) -> Iterator[str]:
    """Codes twice in the file, and parents that are neither in the file nor in the database."""
    first: dict[str, int] = {}
    for row in rows:
        if row.code in first:
            yield _("Row %(row)d: the code %(code)s already stands in row %(first)d") % {
                "row": row.row_no, "code": row.code, "first": first[row.code],
            }  # fmt: skip
        first.setdefault(row.code, row.row_no)
    wanted = {row.parent for row in rows if row.parent} - set(first)
    absent = wanted - set(Area.objects.filter(code__in=wanted).values_list("code", flat=True))
    for row in rows:
        if row.parent in absent:
            yield _("Row %(row)d: the place %(parent)s above %(code)s is unknown; put it into the file") % {
                "row": row.row_no, "parent": row.parent, "code": row.code,
            }  # fmt: skip


def _store(rows: list[AreaRow]) -> Loaded:
    known = Area.objects.select_for_update().in_bulk([row.code for row in rows])
    new = [row for row in sorted(rows, key=lambda row: len(row.code)) if row.code not in known]
    Area.objects.bulk_create([Area(code=row.code, **_values(row)) for row in new])
    wishes = {row.code: _different(known[row.code], _values(row)) for row in rows if row.code in known}
    set_by_people = _set_by_people([code for code, wish in wishes.items() if wish])
    kept = [(code, name) for code, wish in wishes.items() for name in wish if (code, name) in set_by_people]
    for code, name in kept:
        del wishes[code][name]
    changed = sum(_correct(known[code], wish) for code, wish in wishes.items())
    return Loaded(len(new), changed, len(rows) - len(new) - changed, tuple(f"{code} {name}" for code, name in kept))


def _values(row: AreaRow) -> dict[str, Any]:
    values = {"level": row.level, "name": row.name, "parent_id": row.parent or None, "aliases": list(row.aliases)}
    return {**values, "area_class": row.area_class, **row.flags, "is_scattered": bool(row.flags["is_scattered"])}


def _different(area: Area, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if getattr(area, name) != value}


def _set_by_people(codes: list[str]) -> set[tuple[str, str]]:
    """(code, column) whose last change the history tells of a person, not of a file."""
    rows = AuditEntry.objects.filter(table=Area._meta.db_table, row_pk__in=codes, operation="U").order_by("id")
    by_person: dict[tuple[str, str], bool] = {}
    for code, after, actor, reason in rows.values_list("row_pk", "after", "actor_id", "reason"):
        by_person |= {(code, name): actor is not None and reason != LOADING for name in after or {}}
    return {place for place, is_persons in by_person.items() if is_persons}


def _correct(area: Area, values: dict[str, Any]) -> bool:
    for name, value in values.items():
        setattr(area, name, value)
    if values:
        area.save(update_fields=[name.removesuffix("_id") for name in values])
    return bool(values)
