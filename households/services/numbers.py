"""Household numbers: readable, stable, unique: QJD-03-0147 is number 147 of village 03 of a town QJD."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count

from django.db import IntegrityError, transaction

from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN, VILLAGE
from core.names import place_initials
from households.models import NumberSeries, PublicVenue
from households.services.bulk import update_rows

_TOWN_WORDS = re.compile(r"(街道办事处|人民政府|街道|镇|乡)$")
_MOST_LETTERS = 5


def take_numbers(village: Area, how_many: int) -> list[str]:
    """The next `how_many` household numbers of a village. The row lock holds until the transaction ends."""
    return take_numbers_of({village.pk: how_many})[village.pk]


def take_numbers_of(wanted: Mapping[str, int]) -> dict[str, list[str]]:
    """The next numbers of several villages, how many by code. Locked in order of code: nobody waits crosswise."""
    locked = NumberSeries.objects.select_for_update().filter(pk__in=list(wanted)).order_by("pk")
    series = {one.area_id: one for one in locked}
    for village in Area.objects.filter(pk__in=[code for code in wanted if code not in series]).order_by("pk"):
        series[village.pk] = _open_series(village)
    taken: dict[str, list[str]] = {}
    for code, how_many in wanted.items():
        one = series[code]
        taken[code] = [f"{one.prefix}-{number:04d}" for number in range(one.next_no, one.next_no + how_many)]
        one.next_no += how_many
    if len(wanted) == 1:
        series[next(iter(wanted))].save(update_fields=["next_no"])
    else:
        update_rows(NumberSeries, [series[code] for code in wanted], ["next_no"])
    return taken


def take_venue_number(place: Area) -> str:
    """The next number of a public venue: QJD-03-G02. Counted under the same row lock; venues are never deleted."""
    prefix = _locked_series(place).prefix
    return f"{prefix}-G{PublicVenue.objects.filter(area=place).count() + 1:02d}"


def _locked_series(village: Area) -> NumberSeries:
    found = NumberSeries.objects.select_for_update().filter(pk=village.pk).first()
    return found or _open_series(village)


def _open_series(village: Area) -> NumberSeries:
    """A new series; the letters get a figure where another town already has them: NC-03, NC2-03."""
    letters, serial = _letters(village), _serial(village.code)
    for attempt in count(1):
        prefix = f"{letters}{attempt if attempt > 1 else ''}-{serial}"
        try:
            with transaction.atomic():
                return NumberSeries.objects.create(area=village, prefix=prefix)
        except IntegrityError:
            if NumberSeries.objects.filter(pk=village.pk).exists():
                break
    return NumberSeries.objects.select_for_update().get(pk=village.pk)


def _letters(village: Area) -> str:
    town = Area.objects.filter(pk=village.code[: CODE_LENGTHS[TOWN]]).first() or village
    return place_initials(_TOWN_WORDS.sub("", town.name) or town.name)[:_MOST_LETTERS] or "H"


def _serial(code: str) -> str:
    """Number of the village in its town: 001 → 01, 201 → 201."""
    return f"{int(code[CODE_LENGTHS[TOWN] : CODE_LENGTHS[VILLAGE]] or 0):02d}"
