"""What a typed word may mean: number, name, initials, last four, door, meter or device; each found through an index.

Several meanings are joined by OR, so each stands on an indexed column of the summary itself: dwellings known by their
door, meter or heater come as `dwelling_id = ANY(ARRAY(SELECT …))`, which the database works out once beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import Area
from devices.models import Heater
from households.indexes import door_index
from households.models import Dwelling, MeterSupply

FIRST_LETTERS = 12
DEVICE_SHORTEST = 4
DOOR_LONGEST = 20
DOOR_WORD = "号"
MOST_VILLAGES = 200
# A door number means something only inside its village, so its index is another one in each: one probe per village.
_DOORS = """ARRAY(SELECT d.id FROM unnest(%s::varchar[], %s::varchar[]) AS wanted(village, door)
    JOIN households_dwelling d ON d.area_id = wanted.village AND d.door_no_index = wanted.door
    WHERE d.door_no_index <> '')"""


class IsAmong(Func):
    """`column = ANY (array)`: an index condition, where `column IN (SELECT …)` beside an OR would read every row."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()


@dataclass(frozen=True)
class Place:
    code: str
    name: str


def matching(text: str, villages: Iterable[Place] = ()) -> Q:
    """Condition on `DwellingSummary`; door numbers are looked for in `villages`, or in the one named before it."""
    wanted = "".join(text.split())
    if not wanted:
        return Q()
    found = _by_keyboard(wanted) if wanted.isascii() else _by_name(wanted)
    return found | _at_door(text, villages) if may_be_door(text) else found


def villages_for(text: str, areas: Any) -> list[Place]:
    """Of `areas` (what a person may see) the villages where `text` may be a door; none and no query for other texts."""
    if not may_be_door(text):
        return []
    found = areas.filter(door_villages(text)).order_by("code").values_list("code", "name")[: MOST_VILLAGES + 1]
    return few([Place(code, name) for code, name in found])


def door_villages(text: str) -> Q:
    """Condition on areas: the villages named before the door, or all of them."""
    named, *door = text.split()
    return Q(level=Area.Level.VILLAGE, **({"name__startswith": named} if door else {}))


def few(villages: list[Place]) -> list[Place]:
    """A door alone is looked for in a town or a small county; in a large one “7号” says nothing without its village."""
    return villages if len(villages) <= MOST_VILLAGES else []


def may_be_door(text: str) -> bool:
    """Whether it is worth knowing the villages. Four figures are the end of an identity number, letters a device."""
    door = "".join(text.split()[-1:])
    if len(text) > DOOR_LONGEST or not any(letter.isdigit() for letter in door):
        return False
    return not (door.isascii() and (len(door) == 4 or any(letter.isalpha() for letter in door)))


def _by_name(wanted: str) -> Q:
    if len(wanted) < 3:  # too short for trigrams: from the beginning of the name
        return Q(head_name__startswith=wanted)
    return Q(head_name__contains=wanted)


def _by_keyboard(wanted: str) -> Q:
    condition = Q(dwelling_no__startswith=wanted.upper())
    if len(wanted) == 4:
        condition |= Q(id_number_tail=wanted.upper())
    if wanted.isalpha() and len(wanted) <= FIRST_LETTERS:
        condition |= Q(head_initials__startswith=wanted.lower())
    if len(wanted) >= DEVICE_SHORTEST and not wanted.isalpha():
        condition |= _by_meter(wanted) | _by_heater(wanted)
    return condition


def _by_meter(wanted: str) -> Q:
    spelt = {wanted, wanted.upper()}
    supplied = MeterSupply.objects.filter(meter__number__in=spelt, meter__carrier__in=["electricity", "gas"])
    return _any_of(Dwelling.objects.filter(meter_no__in=spelt).exclude(meter_no=""), "pk") | _any_of(
        supplied, "dwelling_id"
    )


def _by_heater(wanted: str) -> Q:
    spelt = [wanted, wanted.upper()]
    standing = Heater.objects.filter(removed_on__isnull=True, dwelling__isnull=False)
    return _any_of(standing.filter(platform_no__startswith=wanted.upper()), "dwelling_id") | _any_of(
        standing.filter(factory_no__in=spelt), "dwelling_id"
    )


def _any_of(rows: QuerySet[Any], key: str) -> Q:
    return Q(IsAmong(F("dwelling_id"), ArraySubquery(rows.order_by().values(key))))


def _at_door(text: str, villages: Iterable[Place]) -> Q:
    """“12”, “12号”, or “南村 12号”: the door as written, and with and without its measure word."""
    first, *rest = text.split()
    door = "".join(rest) or first
    near = [place for place in villages if not rest or place.name.startswith(first)]
    bare = door.removesuffix(DOOR_WORD)
    spelt = {bare, bare + DOOR_WORD} if bare else {door}
    pairs = [(place.code, door_index(place.code, one)) for place in near for one in sorted(spelt)]
    if not pairs:
        return Q()
    values = [[code for code, _index in pairs], [index for _code, index in pairs]]
    return Q(IsAmong(F("dwelling_id"), RawSQL(_DOORS, values)))  # noqa: S611 - values go in as parameters
