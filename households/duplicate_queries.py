"""Two entries side by side, masked where one lies outside the reader's area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import masks
from core.areas import CODE_LENGTHS, TOWN
from households.models import DuplicatePair, Dwelling, Enrolment, Merge

VIEW = "households.view"
HIDDEN = "***"
RELATED = ("first__household__area", "first__area", "second__household__area", "second__area", "decided_by")


@dataclass(frozen=True)
class Line:
    """One field of both sides; `same` is judged on the full values, whatever the masks show."""

    label: str | Promise
    first: str
    second: str
    same: bool


@dataclass(frozen=True)
class Side:
    """One entry as this reader may see it."""

    dwelling: Dwelling
    is_mine: bool
    name: str
    number: str
    place: str


@dataclass(frozen=True)
class SideBySide:
    first: Side
    second: Side
    differing: list[Line]
    equal: list[Line]
    merge: Merge | None


Field = tuple[Any, Callable[[Dwelling], str], Callable[[str], str], Callable[[str], str]]


def _plain(value: str) -> str:
    return value


def _hide(value: str) -> str:
    return HIDDEN if value else ""


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _figure(value: Decimal | None) -> str:
    """With the decimals it has: 89.00 m² is 89."""
    return "" if value is None else f"{value.normalize():f}"


_FIELDS: Sequence[Field] = (  # label, value, as one's own, as somebody else's
    (_("Head of household"), lambda home: home.household.head_name, _plain, masks.mask_name),
    (_("Identity number"), lambda home: _text(home.household.id_number), masks.mask_id, masks.mask_id),
    (_("Phone"), lambda home: _text(home.household.phone), masks.mask_phone, masks.mask_phone),
    (_("Bank card"), lambda home: _text(home.household.bank_card), masks.mask_card, masks.mask_card),
    (_("Residents"), lambda home: _text(home.household.residents), _plain, _hide),
    (_("Door number"), lambda home: _text(home.door_no), _plain, _hide),
    (_("Dwelling type"), lambda home: home.dwelling_type, _plain, _hide),
    (_("Heated area/m²"), lambda home: _figure(home.heated_area_m2), _plain, _hide),
    (_("Electricity meter"), lambda home: home.meter_no, _plain, _hide),
    (_("Exclusion"), lambda home: str(home.get_exclusion_display()), _plain, _hide),
    (_("Put forward for"), lambda home: _programmes(home), _plain, _hide),
)  # fmt: skip


def _programmes(home: Any) -> str:
    """Names kept on the dwelling by `side_by_side`, which asks for both sides at once."""
    return "，".join(sorted(home.programme_names))


def _name_programmes(*homes: Any) -> None:
    names: dict[int, list[str]] = {home.pk: [] for home in homes}
    for pk, name in Enrolment.objects.filter(dwelling__in=names).values_list("dwelling_id", "programme__name"):
        names[pk].append(name)
    for home in homes:
        home.programme_names = names[home.pk]


def side_by_side(pair: DuplicatePair, user: User) -> SideBySide:
    """Both entries for this reader; fields that say the same on both sides are kept apart to be folded away."""
    towns = _towns(pair)
    _name_programmes(pair.first, pair.second)
    first, second = _side(pair.first, user, towns), _side(pair.second, user, towns)
    lines = [_line(field, first, second) for field in _FIELDS]
    return SideBySide(
        first, second, [one for one in lines if not one.same], [one for one in lines if one.same],
        pair.merges.filter(undone_at__isnull=True).select_related("merged_by").first(),
    )  # fmt: skip


def _towns(pair: DuplicatePair) -> dict[str, Area]:
    length = CODE_LENGTHS[TOWN]
    return Area.objects.in_bulk({pair.first.area_id[:length], pair.second.area_id[:length]})


def _side(home: Dwelling, user: User, towns: dict[str, Area]) -> Side:
    """Of an entry outside the reader's area only the town is named."""
    town = towns[home.area_id[: CODE_LENGTHS[TOWN]]].name
    if user.has_right(VIEW, home.area_id):
        return Side(home, True, home.household.head_name, home.dwelling_no, f"{town} {home.area.name}")
    return Side(home, False, masks.mask_name(home.household.head_name), HIDDEN, town)


def _line(field: Field, first: Side, second: Side) -> Line:
    label, value, own, foreign = field
    left, right = value(first.dwelling), value(second.dwelling)
    shown = [(own if side.is_mine else foreign)(text) for side, text in ((first, left), (second, right))]
    return Line(label, shown[0], shown[1], left == right)


def pairs_for(user: User) -> QuerySet[DuplicatePair]:
    """Pairs with at least one side where the person reads households, the surest first."""
    rows: QuerySet[DuplicatePair] = DuplicatePair.objects.visible_to(user)
    return rows.select_related(*RELATED)
