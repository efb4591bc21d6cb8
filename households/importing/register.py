"""Compare checked rows with the register: who is known, what differs, which numbers belong to somebody else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, F, Lookup
from django.db.models.expressions import RawSQL

from accounts.models import Area
from households.importing.checked import HAND_KEPT, CheckedRow, index_rows
from households.indexes import full_door
from households.models import Dwelling, Household
from households.provenance import typed_by_hand
from households.register_queries import LISTED_DWELLING, LISTED_HOUSEHOLD, listed_dwellings
from households.services.bulk import by_key

#: Of a dwelling's household only who it is and where is asked; opening its numbers takes longer than all else.
_UNSEEN = tuple(f"household__{name}" for name in ("id_number", "phone", "bank_card", "household_book_no"))


class AnyOf(Lookup):  # type: ignore[type-arg]
    """`column = ANY(list)`: one parameter however long the list is. `IN` takes longer to write than to answer."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        texts = [one for one in self.rhs if type(one) is str and _BETWEEN not in one]
        if texts and len(texts) == len(self.rhs):  # one text is written in a tenth of the time of a list
            return f"{column} = ANY(string_to_array(%s, '{_BETWEEN}'))", [*params, _BETWEEN.join(texts)]
        return f"{column} = ANY(%s)", [*params, list(self.rhs)]


_BETWEEN = "|"


class Register:
    """What the register holds about a set of rows, fetched in a few queries by blind index."""

    def __init__(self, rows: Sequence[CheckedRow]) -> None:
        with by_key():
            self._fetch_all(rows)

    def _fetch_all(self, rows: Sequence[CheckedRow]) -> None:
        self.by_id = _fetch(Household, "id_number_index", (row.indexes.get("id_number") for row in rows))
        self.by_card = _fetch(Household, "bank_card_index", (row.indexes.get("bank_card") for row in rows))
        doors = {row.indexes["door_no"]: str(row.values["village"]) for row in rows if row.indexes.get("door_no")}
        self.by_door = {home.door_no_index: home for home in _at_doors(doors)}
        self.by_meter = _fetch(Dwelling, "meter_no", (_text(row.values, "meter_no") for row in rows))
        self.homes: dict[int, list[Dwelling]] = defaultdict(list)
        for home in _all(Dwelling, "household_id", (household.pk for household in self.by_id.values())):
            self.homes[home.household_id].append(home)
        self.typed = typed_by_hand(frozenset(self.homes))
        self.listed = listed_dwellings([home.pk for homes in self.homes.values() for home in homes])

    def household(self, row: CheckedRow) -> Household | None:
        """The registered household of the row's identity number."""
        return self.by_id.get(row.indexes.get("id_number", ""))

    def dwelling(self, household: Household | None, row: CheckedRow) -> Dwelling | None:
        """The registered dwelling a row speaks of: that door; or the only home, where one side names no door."""
        if household is None:
            return None
        at_door = self.by_door.get(row.indexes.get("door_no", ""))
        if at_door is not None and at_door.household_id == household.pk:
            return at_door
        homes = self.homes.get(household.pk, [])
        if len(homes) == 1 and homes[0].area_id == row.values.get("village"):
            only = homes[0]
            return only if not full_door(row.values) or not only.door_no_index else None
        return None

    def is_typed(self, household: Household, home: Dwelling | None, field: str) -> bool:
        """Whether a person typed the field's present value."""
        typed = self.typed.get(household.pk, ())
        return (None, field) in typed or (home is not None and (home.pk, field) in typed)

    def held(self, household: Household, home: Dwelling | None) -> frozenset[str]:
        """Fields an approved list states: they change by request only."""
        listed = {one.pk for one in self.homes.get(household.pk, ())} & self.listed
        own = LISTED_DWELLING if home is not None and home.pk in listed else frozenset[str]()
        return own | (LISTED_HOUSEHOLD if listed else frozenset())


def check_against_register(rows: Sequence[CheckedRow], area: Area) -> Register:
    """Add the register's problems to each row, and meters named twice in the file. Returns what it compared with."""
    index_rows(rows)
    register = Register(rows)
    meters: dict[str, CheckedRow] = {}
    for row in rows:
        household = register.household(row)
        if household is not None:
            _check_known(row, household, register, area)
        _check_foreign(row, household, register, area)
        _check_meter(row, meters)
    return register


def _check_known(row: CheckedRow, household: Household, register: Register, area: Area) -> None:
    if not household.area_id.startswith(area.code):
        row.add("E_ID_ELSEWHERE", "id_number")
        return
    row.add("I_REGISTERED", "id_number")
    home = register.dwelling(household, row)
    name = _text(row.values, "head_name")
    if home is None and name and name != household.head_name:
        row.add("E_ID_OTHER_NAME", "id_number", household_no=household.household_no)
        return
    if home is None and register.homes.get(household.pk):
        row.add("W_SECOND_HOME", "id_number", household_no=household.household_no)
    changed = differing_fields(household, home, row.values)
    locked = register.held(household, home)
    held = [name for name in changed if name in locked]
    if "exclusion" in locked and home and not home.exclusion and any(one.code[:2] == "X_" for one in row.problems):
        held.append("note")
    kept = [name for name in changed if name not in held and register.is_typed(household, home, name)]
    taken = [name for name in changed if name not in held and name not in kept]
    for code, names in (("E_ON_APPROVED_LIST", held), (HAND_KEPT, kept), ("W_REGISTER_DIFFERS", taken)):
        if names:
            row.add(code, names[0], household_no=household.household_no, fields=",".join(names))


def _check_foreign(row: CheckedRow, household: Household | None, register: Register, area: Area) -> None:
    """Numbers that belong to another household; who it is stays unsaid outside the clerk's own area."""
    if not (register.by_card or register.by_door or register.by_meter):
        return
    own = household.pk if household else None
    card = register.by_card.get(row.indexes.get("bank_card", ""))
    if card is not None and card.pk != own:
        row.add("E_CARD_TAKEN", "bank_card", household_no=_named(card, area))
    door = register.by_door.get(row.indexes.get("door_no", ""))
    if door is not None and door.household_id != own:
        row.add("W_DOOR_TAKEN", "door_no", household_no=_named(door.household, area))
    meter = register.by_meter.get(_text(row.values, "meter_no"))
    home = register.dwelling(household, row) if meter is not None else None
    if meter is not None and (home is None or meter.pk != home.pk):
        row.add("E_METER_TAKEN", "meter_no", household_no=_named(meter.household, area))


def _check_meter(row: CheckedRow, seen: dict[str, CheckedRow]) -> None:
    meter = _text(row.values, "meter_no")
    if not meter or any(problem.code == "S_DUPLICATE_ROW" for problem in row.problems):
        return
    first = seen.setdefault(meter, row)
    if first is not row:
        on_sheet = {} if first.parsed.sheet == row.parsed.sheet else {"other_sheet": first.parsed.sheet}
        row.add("E_SAME_METER", "meter_no", other_row=first.parsed.row_no, **on_sheet)


def differing_fields(household: Household, home: Dwelling | None, values: dict[str, Any]) -> list[str]:
    """Fields that both the row and the register state, and state differently."""
    pairs: list[tuple[str, Any, Any]] = [
        ("head_name", household.head_name, values.get("head_name")),
        ("phone", str(household.phone), values.get("phone")),
        ("bank_card", str(household.bank_card), values.get("bank_card")),
        ("residents", household.residents, values.get("residents")),
        ("account_holder", _payee(household), values.get("account_holder")),
        ("beneficiary_classes", ",".join(sorted(household.beneficiary_classes)), values.get("beneficiary_classes")),
    ]
    if home is not None:
        area = values.get("heated_area_m2")
        pairs += [
            ("heated_area_m2", home.heated_area_m2, Decimal(str(area)) if area else None),
            ("dwelling_type", home.dwelling_type, values.get("dwelling_type")),
            ("meter_no", home.meter_no, values.get("meter_no")),
            ("old_heating", home.old_heating, values.get("old_heating")),
        ]
    return [name for name, kept, given in pairs if kept and given and kept != given]


def _payee(household: Household) -> str:
    """Whose account the register knows; nobody's where it knows none."""
    return household.payee_name if household.bank_card_index else household.account_holder


def _named(household: Household, area: Area) -> str:
    return household.household_no if household.area_id.startswith(area.code) else ""


def _text(values: dict[str, Any], name: str) -> str:
    return str(values.get(name) or "")


def _fetch(model: Any, column: str, wanted: Iterable[str | None]) -> dict[str, Any]:
    keys = sorted({key for key in wanted if key})
    # The index leaves empty texts out, and of a long list PostgreSQL can't see that it holds none.
    found = _rows_of(model).exclude(**{column: ""}).filter(AnyOf(F(column), keys)) if keys else ()
    return {getattr(row, column): row for row in found}


#: A door is known inside its village, and so stands the index. Both lists come as one text each.
_AT_DOORS = """(households_dwelling.area_id, households_dwelling.door_no_index) IN
    (SELECT * FROM unnest(string_to_array(%s, '|'), string_to_array(%s, '|')))"""


def _at_doors(village_of: Mapping[str, str]) -> Iterable[Dwelling]:
    """Dwellings at these doors (index of the door -> village)."""
    if not village_of:
        return ()
    places = [_BETWEEN.join(village_of.values()), _BETWEEN.join(village_of)]
    wanted = RawSQL(_AT_DOORS, places, output_field=BooleanField())  # noqa: S611 - a constant
    return _rows_of(Dwelling).exclude(door_no_index="").filter(wanted)  # type: ignore[no-any-return]


def _rows_of(model: Any) -> Any:
    return model.objects.select_related("household").defer(*_UNSEEN) if model is Dwelling else model.objects


def _all(model: Any, column: str, wanted: Iterable[Any]) -> Iterator[Any]:
    keys = sorted({key for key in wanted if key})
    return iter(_rows_of(model).filter(AnyOf(F(column), keys)) if keys else ())
