"""From one checked row to the register: the only place that creates or changes households from a roster's values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.models import User
from core import clock, names
from core.blind_index import blind_index
from households.importing.checked import CheckedRow
from households.importing.register import Register
from households.indexes import full_door
from households.models import Dwelling, Enrolment, Household, ImportRow, RosterImport
from households.services import class_periods
from households.services.belt import Belt, belt
from households.services.bulk import TOGETHER, number_rows, reserve_ids, send_rows, stamped
from households.services.numbers import take_numbers_of
from programmes.models import Programme, Technology

_EXCLUSIONS = tuple(f"X_{reason}" for reason in Dwelling.Exclusion.values)
_SHARED_DOOR = frozenset({"W_SAME_DOOR", "W_DOOR_TAKEN"})
#: Columns that follow from others: not values of their own.
_DERIVED = frozenset({"door_no_index", "head_pinyin", "head_initials", "id_number_tail"})
Outcome = ImportRow.Outcome


@dataclass(slots=True)
class Stored:
    """What became of one row: `before` holds by field what it replaced, `None` for what is new."""

    dwelling: Dwelling
    outcome: str
    before: dict[str, Any]


@dataclass
class RegisterWriter:
    """Writes rows into the register inside the caller's transaction. New rows go in bulk.

    `entered_by` and `source` are kept with each enrolment: who put a household forward may not approve it.
    """

    programme: Programme
    rows: Sequence[CheckedRow]
    entered_by: User
    source: RosterImport | None = None
    register: Register | None = None
    """What the rows were compared with a moment ago, under the same lock."""
    _new_households: list[Household] = field(default_factory=list)
    _new_dwellings: list[Dwelling] = field(default_factory=list)
    _people: dict[str, Household] = field(default_factory=dict)
    _numbers: dict[str, list[str]] = field(default_factory=dict)
    _setaside: list[frozenset[str]] = field(default_factory=list)
    _routes: list[Technology | None] = field(default_factory=list)
    _unknown: list[int] = field(default_factory=list)
    _stored: dict[int, Stored] = field(default_factory=dict)
    _enrolled: list[Enrolment] = field(default_factory=list)
    _household_keys: Iterator[int] = field(default_factory=lambda: iter(()))
    _dwelling_keys: Iterator[int] = field(default_factory=lambda: iter(()))
    _enrolment_keys: Iterator[int] = field(default_factory=lambda: iter(()))
    _blank_household: Callable[[], Household] = field(default_factory=lambda: stamped(Household))
    _blank_dwelling: Callable[[], Dwelling] = field(default_factory=lambda: stamped(Dwelling))
    _blank_enrolment: Callable[[], Enrolment] = field(init=False)

    def __post_init__(self) -> None:
        entered = {"entered_by_id": self.entered_by.pk, "source_import_id": self.source.pk if self.source else None}
        self._blank_enrolment = stamped(Enrolment, programme_id=self.programme.pk, **entered)

    def write(self, confirmed: Sequence[Sequence[str]] = ()) -> list[Stored]:
        """Store every row; `confirmed` are the warnings set aside, row by row."""
        self.write_known(confirmed)
        with belt() as running:
            return self.write_new(running)

    def write_known(self, confirmed: Sequence[Sequence[str]] = ()) -> None:
        """The first half: rows of households the register knows, in order, their changes one by one.

        Reserves what the others will need, for which nothing is asked any more.
        """
        register = self.register or Register(self.rows)
        self._setaside = [frozenset(codes) for codes in confirmed or [()] * len(self.rows)]
        self._routes = self._routes_named()
        known, self._unknown = self._sorted_out(register)
        for at in known:
            self._stored[at] = self._place(register, self.rows[at], self._setaside[at])
        number_rows(Dwelling, self._new_dwellings)
        self._enrolled = self._enrol([(self._stored[at], route) for at in known if (route := self._routes[at])])
        number_rows(Enrolment, self._enrolled)
        self._dwelling_keys, self._enrolment_keys = (
            iter(reserve_ids(model, len(self._unknown))) for model in (Dwelling, Enrolment)
        )

    def write_new(self, running: Belt) -> list[Stored]:
        """The second half: all others are new and are put on the belt, some at a time; returns both halves."""
        self._send(running, self._enrolled)
        for begin in range(0, len(self._unknown), TOGETHER):
            part = self._unknown[begin : begin + TOGETHER]
            self._stored |= {at: self._place_new(self.rows[at], self._setaside[at]) for at in part}
            pairs = [(self._stored[at], route) for at in part if (route := self._routes[at])]
            self._send(running, [self._enrolment(item, route, next(self._enrolment_keys)) for item, route in pairs])
        return [self._stored[at] for at in range(len(self.rows))]

    def _send(self, running: Belt, enrolments: Sequence[Enrolment]) -> None:
        """What was made since the last time."""
        for model, made in (
            (Household, self._new_households), (Dwelling, self._new_dwellings), (Enrolment, enrolments),
        ):  # fmt: skip
            send_rows(running, model, made)
        self._new_households, self._new_dwellings = [], []

    def _sorted_out(self, register: Register) -> tuple[list[int], list[int]]:
        """Positions of the rows of known households, and of the others, for which numbers and keys are reserved.

        One lock per village and import.
        """
        known: list[int] = []
        unknown: list[int] = []
        wanted: dict[str, set[str]] = defaultdict(set)
        for position, row in enumerate(self.rows):
            if register.household(row) is None:
                unknown.append(position)
                wanted[str(row.values["village"])].add(str(row.values.get("id_number") or f"row {position}"))
            else:
                known.append(position)
        people = {code: len(named) for code, named in wanted.items()}
        self._numbers = {code: numbers[::-1] for code, numbers in take_numbers_of(people).items()}
        self._household_keys = iter(reserve_ids(Household, sum(people.values())))
        return known, unknown

    def _place(self, register: Register, row: CheckedRow, confirmed: frozenset[str]) -> Stored:
        household = register.household(row)
        assert household is not None
        before = _update(household, _household_values(household, row))
        home = register.dwelling(household, row)
        if home is None:
            dwelling = self._add_dwelling(household, row, confirmed, len(register.homes.get(household.pk, [])))
            return Stored(dwelling, Outcome.SECOND_HOME, before | dict.fromkeys(_stated_of_dwelling(dwelling)))
        before |= _update(home, _dwelling_values(home, row, confirmed))
        return Stored(home, Outcome.UPDATED if before else Outcome.UNCHANGED, before)

    def _place_new(self, row: CheckedRow, confirmed: frozenset[str]) -> Stored:
        id_number = str(row.values.get("id_number") or "")
        known = self._people.get(id_number) if id_number else None
        household = known or self._add_household(row)
        if id_number:
            self._people[id_number] = household
        dwelling = self._add_dwelling(household, row, confirmed, 0)
        stated = [] if known else _stated_of_household(household)
        before = dict.fromkeys([*stated, *_stated_of_dwelling(dwelling)])
        return Stored(dwelling, Outcome.SECOND_HOME if known else Outcome.CREATED, before)

    def _add_household(self, row: CheckedRow) -> Household:
        village = str(row.values["village"])
        household = self._blank_household()
        values = _household_values(household, row)
        # Into the new row's own values: the way through Django's descriptors takes longer than all the rest.
        household.__dict__.update(
            values, id=next(self._household_keys), area_id=village, household_no=self._numbers[village].pop()
        )
        set_derived(household, values, row.indexes)
        self._new_households.append(household)
        return household

    def _add_dwelling(
        self, household: Household, row: CheckedRow, confirmed: frozenset[str], registered: int
    ) -> Dwelling:
        """`registered` is how many homes the register knows; those of this file are counted on the way."""
        number = household.__dict__["homes_so_far"] = household.__dict__.get("homes_so_far", registered) + 1
        dwelling = self._blank_dwelling()
        dwelling.__dict__.update(
            _dwelling_values(dwelling, row, confirmed), id=next(self._dwelling_keys, None), household_id=household.pk,
            area_id=str(row.values["village"]), dwelling_no=f"{household.household_no}-{number}",
            is_second_home=number > 1,
        )  # fmt: skip
        self._new_dwellings.append(dwelling)
        return dwelling

    def _routes_named(self) -> list[Technology | None]:
        """Row by row the technology it names."""
        routes = {route.code: route for route in Technology.objects.filter(programme=self.programme)}
        return [routes.get(str(row.values.get("technology"))) for row in self.rows]

    def _enrol(self, placed: Sequence[tuple[Stored, Technology]]) -> list[Enrolment]:
        """Enrolments of homes that have none yet; the routes of the others are changed here."""
        homes = [item.dwelling.pk for item, _route in placed]
        enrolments = Enrolment.objects.filter(programme=self.programme, dwelling__in=homes) if homes else ()
        known = {enrolment.dwelling_id: enrolment for enrolment in enrolments}
        fresh: dict[int, Enrolment] = {}
        for item, route in placed:
            if item.dwelling.pk in known:
                self._change_route(item, route, known[item.dwelling.pk])
            else:
                fresh[item.dwelling.pk] = self._enrolment(item, route)
        return list(fresh.values())

    def _enrolment(self, item: Stored, route: Technology, key: int | None = None) -> Enrolment:
        item.before["technology"] = None
        home, made = item.dwelling, self._blank_enrolment()
        made.__dict__.update(id=key, dwelling_id=home.pk, area_id=home.area_id, technology_id=route.pk)
        return made

    def _change_route(self, item: Stored, route: Technology, known: Enrolment) -> None:
        if known.technology_id != route.pk:
            item.before["technology"] = [known.technology_id, known.entered_by_id, known.source_import_id]
            known.technology, known.entered_by, known.source_import = route, self.entered_by, self.source
            known.save(update_fields=["technology", "entered_by", "source_import"])
            if item.outcome == Outcome.UNCHANGED:
                item.outcome = Outcome.UPDATED


def _household_values(household: Household, row: CheckedRow) -> dict[str, Any]:
    """What the row states and the register does not say yet; what it leaves out or a person typed stays."""
    values, kept = row.values, row.hand_kept
    found: dict[str, Any] = {}
    for name in ("head_name", "id_number", "phone", "bank_card", "residents"):
        given = values.get(name)
        if given not in (None, "") and name not in kept and str(given) != str(getattr(household, name) or ""):
            found[name] = given
    if values.get("note") and not household.remark:
        found["remark"] = str(values["note"])[:300]
    if values.get("account_holder") and "account_holder" not in kept:
        found |= _holder(household, str(values["account_holder"]), str(values.get("head_name") or household.head_name))
    if values.get("beneficiary_classes") and "beneficiary_classes" not in kept:
        classes = str(values["beneficiary_classes"]).split(",")
        found |= {"beneficiary_classes": classes} if sorted(household.beneficiary_classes) != classes else {}
    return found


def _holder(household: Household, holder: str, head: str) -> dict[str, str]:
    """Empty where the account is the head's own."""
    stated = "" if holder == head else holder
    return {"account_holder": stated} if stated != household.account_holder else {}


def set_derived(household: Household, changed: Collection[str], indexes: Mapping[str, str] | None = None) -> list[str]:
    """Columns that follow from others: pinyin, initials, blind indexes, last four characters.

    `indexes` are those known already, by field.
    """
    derived: dict[str, Any] = {}
    if "head_name" in changed:
        derived["head_pinyin"] = names.pinyin(household.head_name)[:120]
        derived["head_initials"] = names.initials(household.head_name)[:12]
    if "id_number" in changed:
        derived["id_number_tail"] = str(household.id_number)[-4:]
    for name in ("id_number", "phone", "bank_card"):
        if name in changed:
            known = (indexes or {}).get(name)
            derived[f"{name}_index"] = known or blind_index(str(getattr(household, name)), name)
    household.__dict__.update(derived)
    return list(derived)


def _dwelling_values(dwelling: Dwelling, row: CheckedRow, confirmed: frozenset[str]) -> dict[str, Any]:
    """What the row states anew about the dwelling. A door two households share carries no index: it is not unique."""
    values, kept = row.values, row.hand_kept
    found: dict[str, Any] = {}
    door = full_door(values)
    if door:
        found["door_no"] = door
        found["door_no_index"] = "" if confirmed & _SHARED_DOOR else row.indexes.get("door_no", "")
    if values.get("heated_area_m2") is not None:
        found["heated_area_m2"] = Decimal(str(values["heated_area_m2"]))
    found |= {name: str(values[name]) for name in ("dwelling_type", "meter_no", "old_heating") if values.get(name)}
    codes = {problem.code for problem in row.problems}
    exclusion = next((code for code in _EXCLUSIONS if code in codes), "")
    if exclusion:
        found |= {"exclusion": exclusion[2:], "exclusion_note": str(values.get("note") or "")[:200]}
    return {name: value for name, value in found.items() if name not in kept and getattr(dwelling, name) != value}


def _stated_of_household(household: Household) -> list[str]:
    names_ = (
        "head_name", "id_number", "phone", "bank_card", "account_holder", "residents", "beneficiary_classes", "remark",
    )  # fmt: skip
    return [name for name in names_ if getattr(household, name) not in (None, "", [])]


def _stated_of_dwelling(dwelling: Dwelling) -> list[str]:
    names_ = ("door_no", "heated_area_m2", "dwelling_type", "meter_no", "old_heating", "exclusion", "exclusion_note")
    return [name for name in names_ if getattr(dwelling, name) not in (None, "")]


def _update(row: Household | Dwelling, values: Mapping[str, Any]) -> dict[str, Any]:
    """Save changed values; returns what they replaced."""
    if not values:
        return {}
    before = {name: getattr(row, name) for name in values if name not in _DERIVED}
    for name, value in values.items():
        setattr(row, name, value)
    changed = [*values, *(set_derived(row, list(values)) if isinstance(row, Household) else ())]
    row.version += 1
    row.save(update_fields=[*changed, "version"])
    if isinstance(row, Household) and "beneficiary_classes" in values:
        class_periods.follow(row, before["beneficiary_classes"], since=clock.today())
    return before
