"""What an approved change does to the register. Called inside the deciding transaction, under the register's lock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from households import change_rules as rules
from households.indexes import door_index
from households.models import ChangeRequest, Dwelling, Enrolment, Household
from households.services.duplicates.merging import merge_entries
from households.services.households import change_values
from households.services.numbers import take_numbers
from households.services.storing import set_derived

_PERSON = ("head_name", "id_number", "phone", "bank_card")


def value_of(home: Dwelling, name: str) -> Any:
    """What the register says now for a field of a request; None where it is no field of the register."""
    if hasattr(home.household, name):
        return getattr(home.household, name)
    return getattr(home, name, None)


def apply(change: ChangeRequest, home: Dwelling, by: User) -> Dwelling | None:
    """Do what was asked for; returns a dwelling that came of it (split), else None."""
    return _EFFECTS[change.kind](change, home, by)


def _correct(change: ChangeRequest, home: Dwelling, by: User) -> None:
    change_values(home.household, home, _typed(change.wanted))


def _exclude(change: ChangeRequest, home: Dwelling, by: User) -> None:
    note = str(change.wanted["exclusion_note"])
    reason = change.wanted.get("exclusion", Dwelling.Exclusion.VOLUNTARY_GIVE_UP.value)
    change_values(home.household, home, {"exclusion": reason, "exclusion_note": note})


def _come_back(change: ChangeRequest, home: Dwelling, by: User) -> None:
    change_values(home.household, home, {"exclusion": "", "exclusion_note": ""})


def _merge(change: ChangeRequest, home: Dwelling, by: User) -> None:
    if change.other is None:
        raise Refused("OTHER_NEEDED", _("Name the dwelling of another household that stays."))
    kept = Dwelling.objects.select_related("household").get(pk=change.other.pk)
    same = bool(change.wanted["same_house"])
    merge_entries(kept=kept, gone=home, same_house=same, reason=change.reason, by=by, by_request=True)


def _split(change: ChangeRequest, home: Dwelling, by: User) -> Dwelling:
    """The new household takes this dwelling where the family has others, and a part of it where it has none."""
    family = home.household
    made = _new_household(change, home)
    if family.dwellings.filter(folded_into__isnull=True).exclude(pk=home.pk).exists():
        home.household, home.is_second_home = made, False
        home.version += 1
        home.save(update_fields=["household", "is_second_home", "version"])
        return home
    return _part_of(change, home, made)


def _new_household(change: ChangeRequest, home: Dwelling) -> Household:
    values = {name: change.wanted[name] for name in _PERSON if change.wanted.get(name)}
    made = Household(area_id=home.area_id, household_no=take_numbers(home.area, 1)[0], **values)
    set_derived(made, list(values))
    for column in ("id_number_index", "bank_card_index"):
        value = getattr(made, column)
        if value and Household.objects.filter(**{column: value}).exists():
            raise Refused("NUMBER_TAKEN", _("This number or door belongs to another household already."), field=column)
    made.save()
    return made


def _part_of(change: ChangeRequest, home: Dwelling, made: Household) -> Dwelling:
    """A new dwelling out of a part of the old one, put forward for the same programmes."""
    area = Decimal(str(change.wanted.get("heated_area_m2") or 0))
    if home.heated_area_m2 is None or not 0 < area < home.heated_area_m2:
        raise Refused("AREA_TOO_LARGE", _("Say which part of the heated area goes over: more than 0, less than %(m2)s "
                      "m²."), m2=home.heated_area_m2 or 0)  # fmt: skip
    door = str(change.wanted.get("door_no") or "")
    part = Dwelling.objects.create(
        dwelling_no=f"{made.household_no}-1", household=made, area_id=home.area_id, door_no=door,
        door_no_index=_free_index(home, door), dwelling_type=home.dwelling_type, heated_area_m2=area,
        longitude=home.longitude, latitude=home.latitude,
    )  # fmt: skip
    change_values(home.household, home, {"heated_area_m2": home.heated_area_m2 - area})
    for one in Enrolment.objects.filter(dwelling=home):
        Enrolment.objects.create(
            programme_id=one.programme_id, dwelling=part, area_id=part.area_id, technology_id=one.technology_id,
            entered_by_id=change.asked_by_id,
        )  # fmt: skip
    return part


def _free_index(home: Dwelling, door: str) -> str:
    """Two households behind one door: the younger carries no index, as after a confirmed roster row."""
    index = door_index(home.area_id, door)
    return "" if index and Dwelling.objects.filter(area_id=home.area_id, door_no_index=index).exists() else index


def _typed(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: Decimal(value) if name == "heated_area_m2" else value for name, value in wanted.items()}


_EFFECTS: dict[str, Callable[[ChangeRequest, Dwelling, User], Dwelling | None]] = {
    rules.CORRECT: _correct,
    rules.HEAD: _correct,
    rules.SPLIT: _split,
    rules.MERGE: _merge,
    rules.EXCLUDE: _exclude,
    rules.GIVE_UP: _exclude,
    rules.COME_BACK: _come_back,
}
