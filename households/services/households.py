"""One household by hand: entered and corrected through the same checks as a roster's rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from households import register_queries
from households.importing.checked import CheckedRow
from households.importing.reading import check_rows
from households.indexes import door_index
from households.models import Dwelling, Household
from households.problem_wording import sentence_of
from households.provenance import OF_FAMILY
from households.roster.columns import FIELDS
from households.roster.rows import RawRow
from households.services import class_periods
from households.services.applying import lock_register
from households.services.hand_edits import note_hand_edit
from households.services.storing import RegisterWriter, set_derived
from programmes.models import Programme

_ACCOUNT = ("bank_name", "account_holder", "holder_relation")
_FAMILY = ("household_book_no", "residents", "income_class", "beneficiary_classes", "remark")
_HOUSEHOLD = ("head_name", "id_number", "phone", "bank_card", *_ACCOUNT, *_FAMILY)
_DWELLING = (
    "door_no", "heated_area_m2", "floor_area_m2", "dwelling_type", "old_heating", "meter_no", "exclusion",
    "exclusion_note",
)  # fmt: skip
EDITABLE = (*_HOUSEHOLD, *_DWELLING)


class RowFaults(Refused):
    """The values don't pass the checks; `faults` maps a field to its sentences, all of them at once.

    `to_confirm` are (code, sentence) of those a person may set aside.
    """

    def __init__(self, faults: Mapping[str, list[str]], to_confirm: list[tuple[str, str]]) -> None:
        self.faults, self.to_confirm = dict(faults), to_confirm
        count = sum(map(len, self.faults.values()))
        super().__init__("FAULTS", _("%(count)s values need a change."), count=count)


def check_values(values: Mapping[str, str], programme: Programme, area: Area) -> CheckedRow:
    """A form's texts as one roster row, with all its problems."""
    texts = {name: str(values.get(name, "") or "") for name in FIELDS}
    return check_rows([RawRow("", 0, texts)], programme, area, on=clock.today())[0]


def faults_of(row: CheckedRow, confirmed: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Field -> sentences of everything that stands against storing the row."""
    faults: dict[str, list[str]] = {}
    for problem in row.problems:
        if problem.blocks(confirmed):
            faults.setdefault(problem.column, []).append(sentence_of(problem))
    return faults


@transaction.atomic
def register_household(
    *, programme: Programme, area: Area, values: Mapping[str, str], by: User, confirmed: frozenset[str] = frozenset()
) -> Dwelling:
    """Enter one household of a village. `values` are texts by roster field. Raises RowFaults."""
    lock_register()
    row = check_values({**values, "village": area.name}, programme, area)
    faults = faults_of(row, confirmed)
    if faults:
        raise RowFaults(faults, [(one.code, sentence_of(one)) for one in row.problems if one.can_be_confirmed])
    stored = RegisterWriter(programme, [row], by).write([sorted(confirmed)])[0]
    _note_typed(stored.dwelling, set(stored.before) - {"technology"})
    return stored.dwelling


def _note_typed(home: Dwelling, fields: set[str]) -> None:
    note_hand_edit(home.household, fields & OF_FAMILY)
    note_hand_edit(home, fields - OF_FAMILY)


@transaction.atomic
def edit_household(
    *,
    dwelling: Dwelling,
    version: int,
    changes: Mapping[str, Any],
    reason: str,
    by: User,
    classes_since: dt.date | None = None,
) -> Dwelling:
    """Correct a household and one of its dwellings, with a reason. `changes` are cleaned values of EDITABLE fields.

    Beneficiary classes begin and end on `classes_since` (default: today). Values an approved list states change by
    request only (`services.changes`).
    Raises Refused: REASON_NEEDED, HOUSEHOLD_CHANGED (conflict), ON_APPROVED_LIST, NUMBER_TAKEN, BEFORE_IT_BEGAN.
    """
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why it is changed."))
    lock_register()
    household = Household.objects.select_for_update().get(pk=dwelling.household_id)
    home = Dwelling.objects.select_for_update().get(pk=dwelling.pk)
    if household.version + home.version != version:
        raise Refused(
            "HOUSEHOLD_CHANGED",
            _("%(household)s was changed meanwhile by somebody else. Look at both values and save again."),
            conflict=True,
            household=household.household_no,
        )
    refuse_listed(household, home, changes)
    before = list(household.beneficiary_classes)
    with acting(by, reason=reason.strip()[:300]):
        change_values(household, home, changes)
        class_periods.follow(household, before, since=classes_since or clock.today())
    return Dwelling.objects.select_related("household", "area").get(pk=home.pk)


def version_of(dwelling: Dwelling) -> int:
    """One figure for household and dwelling together: it grows with every change of either."""
    return dwelling.household.version + dwelling.version


def change_values(household: Household, home: Dwelling, changes: Mapping[str, Any]) -> None:
    """Set EDITABLE values of both rows, with what follows from them. For services that have checked and locked."""
    _change(household, {name: changes[name] for name in _HOUSEHOLD if name in changes})
    _change(home, {name: changes[name] for name in _DWELLING if name in changes})


def refuse_listed(household: Household, home: Dwelling, changes: Mapping[str, Any]) -> None:
    """Raises Refused ON_APPROVED_LIST where `changes` touch what an approved list states."""
    owners = dict.fromkeys(_HOUSEHOLD, household) | dict.fromkeys(_DWELLING, home)
    touched = {name for name, value in changes.items() if _differs(getattr(owners[name], name), value)}
    if touched & register_queries.LISTED_VALUES & register_queries.locked_values(home):
        raise Refused(
            "ON_APPROVED_LIST",
            _("%(dwelling)s stands on an approved list. Ask for the change; the office decides it."),
            dwelling=home.dwelling_no,
        )


def _change(row: Household | Dwelling, values: Mapping[str, Any]) -> None:
    changed = [name for name, value in values.items() if _differs(getattr(row, name), value)]
    if not changed:
        return
    for name in changed:
        setattr(row, name, values[name])
    note_hand_edit(row, changed)
    if isinstance(row, Household):
        changed += set_derived(row, changed)
    elif "door_no" in changed:
        row.door_no_index = door_index(row.area_id, row.door_no)
        changed.append("door_no_index")
    _refuse_taken(row, changed)
    row.version += 1
    row.save(update_fields=[*changed, "version"])


def _differs(kept: Any, given: Any) -> bool:
    return (kept or None) != (given or None)


def _refuse_taken(row: Household | Dwelling, changed: list[str]) -> None:
    """A number that another row already has, said before the database does."""
    columns = {"id_number_index", "bank_card_index"} if isinstance(row, Household) else {"door_no_index", "meter_no"}
    for column in columns & set(changed):
        value = getattr(row, column)
        twin = type(row).objects.filter(**{column: value}).exclude(pk=row.pk) if value else None
        if twin is not None and twin.exists():
            raise Refused("NUMBER_TAKEN", _("This number or door belongs to another household already."), field=column)
