"""From one checked row to the register: the only place that creates or changes households from a roster's values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.models import Area, User
from core import names
from core.blind_index import blind_index
from households.importing.checked import CheckedRow
from households.importing.register import Register
from households.indexes import door_index, full_door
from households.models import Dwelling, Enrolment, Household, ImportRow, RosterImport
from households.services.numbers import take_numbers
from programmes.models import Programme, Technology

_EXCLUSIONS = tuple(f"X_{reason}" for reason in Dwelling.Exclusion.values)
_SHARED_DOOR = frozenset({"W_SAME_DOOR", "W_DOOR_TAKEN"})
Outcome = ImportRow.Outcome


@dataclass(slots=True)
class Stored:
    """What became of one row."""

    dwelling: Dwelling
    outcome: str


@dataclass
class RegisterWriter:
    """Writes rows into the register inside the caller's transaction. New rows are gathered and inserted in bulk.

    `entered_by` and `source` are kept with each enrolment: who put a household forward may not approve it.
    """

    programme: Programme
    rows: Sequence[CheckedRow]
    entered_by: User
    source: RosterImport | None = None
    step: Callable[[int], None] = lambda _done: None
    _new_households: list[Household] = field(default_factory=list)
    _new_dwellings: list[Dwelling] = field(default_factory=list)
    _people: dict[str, Household] = field(default_factory=dict)
    _numbers: dict[str, list[str]] = field(default_factory=dict)

    def write(self, confirmed: Sequence[Sequence[str]] = ()) -> list[Stored]:
        """Store every row in order; `confirmed` are the warnings set aside, row by row."""
        self.register = Register(self.rows)
        self._reserve_numbers()
        setaside = confirmed or [()] * len(self.rows)
        stored = [self._place(row, set(codes)) for row, codes in zip(self.rows, setaside, strict=True)]
        Household.objects.bulk_create(self._new_households, batch_size=1_000)
        Dwelling.objects.bulk_create(self._new_dwellings, batch_size=1_000)
        self._enrol(stored)
        return stored

    def _reserve_numbers(self) -> None:
        """One lock per village and import, in order of code, so that two imports never wait for each other."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for position, row in enumerate(self.rows):
            if self.register.household(row.values) is None:
                wanted[str(row.values["village"])].add(str(row.values.get("id_number") or f"row {position}"))
        villages = Area.objects.in_bulk(sorted(wanted))
        for code in sorted(wanted):
            self._numbers[code] = take_numbers(villages[code], len(wanted[code]))[::-1]

    def _place(self, row: CheckedRow, confirmed: set[str]) -> Stored:
        household = self.register.household(row.values)
        if household is None:
            return self._place_new(row, confirmed)
        changed = _update_household(household, row.values)
        home = self.register.dwelling(household, row.values)
        if home is None:
            dwelling = self._add_dwelling(household, row, confirmed)
            return Stored(dwelling, Outcome.SECOND_HOME if dwelling.is_second_home else Outcome.UPDATED)
        changed |= _update_dwelling(home, row, confirmed)
        return Stored(home, Outcome.UPDATED if changed else Outcome.UNCHANGED)

    def _place_new(self, row: CheckedRow, confirmed: set[str]) -> Stored:
        id_number = str(row.values.get("id_number") or "")
        known = self._people.get(id_number) if id_number else None
        household = known or self._add_household(row.values)
        if id_number:
            self._people[id_number] = household
        dwelling = self._add_dwelling(household, row, confirmed)
        return Stored(dwelling, Outcome.SECOND_HOME if known else Outcome.CREATED)

    def _add_household(self, values: dict[str, Any]) -> Household:
        village = str(values["village"])
        household = Household(area_id=village, household_no=self._numbers[village].pop())
        _fill_household(household, values)
        household.homes_so_far = 0  # type: ignore[attr-defined]
        self._new_households.append(household)
        return household

    def _add_dwelling(self, household: Household, row: CheckedRow, confirmed: set[str]) -> Dwelling:
        if not hasattr(household, "homes_so_far"):
            household.homes_so_far = len(self.register.homes.get(household.pk, []))  # type: ignore[attr-defined]
        household.homes_so_far += 1
        number = household.homes_so_far
        dwelling = Dwelling(
            household=household,
            area_id=str(row.values["village"]),
            dwelling_no=f"{household.household_no}-{number}",
            is_second_home=number > 1,
        )
        _fill_dwelling(dwelling, row, confirmed)
        self._new_dwellings.append(dwelling)
        return dwelling

    def _enrol(self, stored: Sequence[Stored]) -> None:
        routes = {route.code: route for route in Technology.objects.filter(programme=self.programme)}
        pairs = [
            (item.dwelling, routes.get(str(row.values.get("technology"))))
            for item, row in zip(stored, self.rows, strict=True)
        ]
        known = {
            enrolment.dwelling_id: enrolment
            for enrolment in Enrolment.objects.filter(programme=self.programme, dwelling__in=[d.pk for d, _ in pairs])
        }
        fresh: dict[int, Enrolment] = {}
        for dwelling, route in pairs:
            if route is not None:
                self._enrol_one(dwelling, route, known.get(dwelling.pk), fresh)
        Enrolment.objects.bulk_create(fresh.values(), batch_size=1_000)

    def _enrol_one(
        self, dwelling: Dwelling, route: Technology, known: Enrolment | None, fresh: dict[int, Enrolment]
    ) -> None:
        if known is None:
            fresh[dwelling.pk] = Enrolment(
                programme=self.programme, dwelling=dwelling, area_id=dwelling.area_id, technology=route,
                source_import=self.source, entered_by=self.entered_by,
            )  # fmt: skip
        elif known.technology_id != route.pk:
            known.technology, known.entered_by, known.source_import = route, self.entered_by, self.source
            known.save(update_fields=["technology", "entered_by", "source_import"])


def _fill_household(household: Household, values: dict[str, Any]) -> list[str]:
    """Set what the row states; what it leaves out stays. Returns the names of changed fields."""
    changed: list[str] = []
    for name in ("head_name", "id_number", "phone", "bank_card", "residents"):
        given = values.get(name)
        if given not in (None, "") and str(given) != str(getattr(household, name) or ""):
            setattr(household, name, given)
            changed.append(name)
    if values.get("note") and not household.remark:
        household.remark = str(values["note"])[:300]
        changed.append("remark")
    return [*changed, *set_derived(household, changed)]


def set_derived(household: Household, changed: Sequence[str]) -> list[str]:
    """Columns that follow from others: pinyin, initials, blind indexes, last four characters."""
    derived: dict[str, Any] = {}
    if "head_name" in changed:
        derived["head_pinyin"] = names.pinyin(household.head_name)[:120]
        derived["head_initials"] = names.initials(household.head_name)[:12]
    if "id_number" in changed:
        derived["id_number_tail"] = str(household.id_number)[-4:]
    for name in ("id_number", "phone", "bank_card"):
        if name in changed:
            derived[f"{name}_index"] = blind_index(str(getattr(household, name)), name)
    for name, value in derived.items():
        setattr(household, name, value)
    return list(derived)


def _update_household(household: Household, values: dict[str, Any]) -> bool:
    changed = _fill_household(household, values)
    if changed:
        household.version += 1
        household.save(update_fields=[*changed, "version"])
    return bool(changed)


def _fill_dwelling(dwelling: Dwelling, row: CheckedRow, confirmed: set[str]) -> list[str]:
    changed = [name for name, value in _dwelling_values(dwelling, row, confirmed) if getattr(dwelling, name) != value]
    for name, value in _dwelling_values(dwelling, row, confirmed):
        setattr(dwelling, name, value)
    return changed


def _dwelling_values(dwelling: Dwelling, row: CheckedRow, confirmed: set[str]) -> list[tuple[str, Any]]:
    """What the row states about the dwelling. A door that two households share carries no index: it is not unique."""
    values = row.values
    found: list[tuple[str, Any]] = []
    door = full_door(values)
    if door:
        index = "" if confirmed & _SHARED_DOOR else door_index(dwelling.area_id, door)
        found += [("door_no", door), ("door_no_index", index)]
    if values.get("heated_area_m2") is not None:
        found.append(("heated_area_m2", Decimal(str(values["heated_area_m2"]))))
    found += [(name, str(values[name])) for name in ("dwelling_type", "meter_no") if values.get(name)]
    codes = {problem.code for problem in row.problems}
    exclusion = next((code for code in _EXCLUSIONS if code in codes), "")
    if exclusion:
        found += [("exclusion", exclusion[2:]), ("exclusion_note", str(values.get("note") or "")[:200])]
    return found


def _update_dwelling(dwelling: Dwelling, row: CheckedRow, confirmed: set[str]) -> bool:
    changed = _fill_dwelling(dwelling, row, confirmed)
    if changed:
        dwelling.version += 1
        dwelling.save(update_fields=[*changed, "version"])
    return bool(changed)
