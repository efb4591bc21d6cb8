"""What a company's file would do now: its rows matched to dwellings and judged beside everything that is known."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Q

from core.blind_index import normal_form
from core.files import open_file
from core.workbooks.guard import MIB, Limits
from core.workbooks.read import read_workbook
from households.models import Dwelling, MeterSupply
from subsidies.metering.sheets import Problem, Stated, StatedRow, read_stated
from subsidies.models import ReadingImport
from subsidies.reading_reach import SOURCES, customers_of
from subsidies.services.readings import (
    Entry,
    Judged,
    judge_all,
    on_every_dwelling,
    surroundings,
)

FILE_LIMITS = Limits(file_bytes=30 * MIB, unpacked_bytes=300 * MIB, cells=3_000_000, cpu_s=60, wall_s=120)


@dataclass
class Plan:
    """What a file would do now: lines judged, and problems of the rows that are not taken."""

    judged: list[Judged] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0

    @property
    def digest(self) -> str:
        """Of every line's fate: a plan that was shown and the plan that is applied must be the same."""
        lines = [
            [one.entry.dwelling.pk, str(one.entry.span), str(one.verdict.quantity), one.verdict.state, one.codes]
            for one in self.judged
        ]
        text = json.dumps([lines, [[p.where, p.code] for p in self.problems]], default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def counts(self) -> dict[str, int]:
        states = Counter(one.verdict.state for one in self.judged)
        taken = {"rows": self.rows, "lines": len(self.judged), "problems": len(self.problems)}
        return {**taken, **{name: states[name] for name in ("counted", "confirms", "held", "same")}}


def plan_of(made: ReadingImport, today: dt.date) -> Plan:
    """Read, match and judge the file against what is known now. Raises `WorkbookRefused`."""
    stated = _read(made)
    finder = _Finder(made, stated.rows)
    plan = Plan(problems=list(stated.problems), rows=stated.seen)
    entries: list[Entry] = []
    seen: dict[tuple[Any, ...], StatedRow] = {}
    for row in stated.rows:
        found = finder.entries(row, today)
        if isinstance(found, Problem):
            plan.problems.append(found)
        elif (twin := _twin(seen, found[0], row)) is None:
            entries += found
        elif not _alike(twin, row):
            plan.problems.append(Problem(row.at("last", "month"), "TWICE_IN_FILE", f"{twin.sheet}!{twin.row_no}"))
    entries = on_every_dwelling(entries)
    around = surroundings(sorted({entry.dwelling.pk for entry in entries}))
    plan.judged = judge_all(made.programme, entries, around)
    return plan


def _twin(seen: dict[tuple[Any, ...], StatedRow], entry: Entry, row: StatedRow) -> StatedRow | None:
    """An earlier row of the file about the same meter and days; the first one is remembered."""
    key = (entry.dwelling.pk, entry.meter, entry.tariff, entry.span)
    if key in seen:
        return seen[key]
    seen[key] = row
    return None


def _alike(one: StatedRow, other: StatedRow) -> bool:
    return (one.start, one.end, one.quantity, one.factor) == (other.start, other.end, other.quantity, other.factor)


@dataclass
class _Finder:
    """Whose a row is: by dwelling number, household number or meter number, inside the import's place only, and of a
    company's file among its customers only."""

    made: ReadingImport
    rows: Sequence[StatedRow]

    def __post_init__(self) -> None:
        self.customers = customers_of(self.made.uploaded_by, self.made.carrier)
        self.homes: dict[int, Dwelling] = {}
        self.by_number: dict[str, list[int]] = defaultdict(list)
        self.by_meter: dict[str, list[int]] = defaultdict(list)
        numbers = {text for row in self.rows for text in (row.dwelling, row.account) if text}
        meters = {normal_form(row.meter) for row in self.rows if row.meter}
        for part in _pieces(sorted(numbers)):
            self._learn(Q(dwelling_no__in=part) | Q(household__household_no__in=part))
        for part in _pieces(sorted(meters)):
            self._learn(Q(meter_no__in=part) if self.made.carrier == "electricity" else Q(pk__in=[]))
            self._learn_supplies(part)

    def _learn(self, which: Q) -> None:
        for home in self._reach().filter(which).select_related("household"):
            self.homes[home.pk] = home
            for key in {home.dwelling_no, home.household.household_no}:
                if home.pk not in self.by_number[key]:
                    self.by_number[key].append(home.pk)
            number = home.meter_no if self.made.carrier == "electricity" else ""
            if number and home.pk not in self.by_meter[number]:
                self.by_meter[number].append(home.pk)

    def _learn_supplies(self, numbers: Sequence[str]) -> None:
        supplies = MeterSupply.objects.filter(meter__number__in=numbers, carrier=self.made.carrier)
        pairs = list(supplies.values_list("meter__number", "dwelling_id").order_by("dwelling_id"))
        homes = {
            home.pk: home
            for home in self._reach().filter(pk__in=[pk for _number, pk in pairs]).select_related("household")
        }
        self.homes.update(homes)
        for number, pk in pairs:
            if pk in homes and pk not in self.by_meter[number]:
                self.by_meter[number].append(pk)

    def _reach(self) -> Any:
        rows = Dwelling.objects.within(self.made.area_id).filter(folded_into__isnull=True)
        return rows & self.customers if self.customers is not None else rows

    def entries(self, row: StatedRow, today: dt.date) -> list[Entry] | Problem:
        """The row's lines (several for a shared meter), or why it is not taken."""
        if row.span.last_day > today:
            return Problem(row.at("last", "month"), "FUTURE", row.span.last_day.isoformat())
        found = self._homes_of(row)
        if isinstance(found, Problem):
            return found
        by_meter = bool(row.meter) and bool(self.by_meter.get(normal_form(row.meter)))
        wrong = None if by_meter else self._other_name(row, found)
        return wrong or [self._entry(self.homes[pk], row) for pk in found]

    def _homes_of(self, row: StatedRow) -> list[int] | Problem:
        """The number of the register is asked first, then the meter; where both are known they must agree."""
        numbered = next((self.by_number[text] for text in (row.dwelling, row.account) if self.by_number.get(text)), [])
        hanging = self.by_meter.get(normal_form(row.meter), []) if row.meter else []
        if numbered and hanging and not set(numbered) & set(hanging):
            return Problem(row.at("meter"), "OTHER_HOME", row.meter)
        if hanging:
            return hanging if not numbered or len(hanging) > 1 else [pk for pk in hanging if pk in numbered]
        if len(numbered) > 1:
            return Problem(row.at("dwelling", "account"), "SEVERAL_HOMES", row.dwelling or row.account)
        said = row.dwelling or row.account or row.meter
        return numbered or Problem(row.at("dwelling", "account", "meter"), "UNKNOWN_HOME", said)

    def _other_name(self, row: StatedRow, found: Sequence[int]) -> Problem | None:
        if not row.name:
            return None
        families = [self.homes[pk].household for pk in found]
        known = {name for family in families for name in (family.head_name, family.account_holder) if name}
        return None if row.name in known or not known else Problem(row.at("name"), "NAME_DIFFERS", row.name)

    def _entry(self, home: Dwelling, row: StatedRow) -> Entry:
        return Entry(
            home, self.made.carrier, row.span, SOURCES[self.made.carrier], row.start, row.end, row.quantity,
            row.factor, normal_form(row.meter), row.tariff, row.at("end", "quantity"),
        )  # fmt: skip


def _pieces(values: Sequence[str], size: int = 2_000) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _read(made: ReadingImport) -> Stated:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _safe_name(made.file.file_name)
        with open_file(made.file.stored_name) as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        return read_stated(read_workbook(path, limits=FILE_LIMITS))


def _safe_name(file_name: str) -> str:
    """The file's own name without what could lead elsewhere: a CSV's sheet is called by it."""
    path = Path(file_name)
    return re.sub(r"[^\w-]", "_", path.stem)[:60] + re.sub(r"[^.\w]", "", path.suffix.lower())[:6]
