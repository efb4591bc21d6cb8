"""Household numbers: readable, stable, unique: QJD-03-0147 is number 147 of village 03 of a town QJD."""

from __future__ import annotations

import re
from itertools import count

from django.db import IntegrityError, transaction

from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN, VILLAGE
from core.names import place_initials
from households.models import NumberSeries, PublicVenue

_TOWN_WORDS = re.compile(r"(街道办事处|人民政府|街道|镇|乡)$")
_MOST_LETTERS = 5


def take_numbers(village: Area, how_many: int) -> list[str]:
    """The next `how_many` household numbers of a village. The row lock holds until the transaction ends."""
    series = _locked_series(village)
    first = series.next_no
    series.next_no = first + how_many
    series.save(update_fields=["next_no"])
    return [f"{series.prefix}-{number:04d}" for number in range(first, first + how_many)]


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
                NumberSeries.objects.create(area=village, prefix=prefix)
        except IntegrityError:
            if NumberSeries.objects.filter(pk=village.pk).exists():
                break
            continue
        break
    return NumberSeries.objects.select_for_update().get(pk=village.pk)


def _letters(village: Area) -> str:
    town = Area.objects.filter(pk=village.code[: CODE_LENGTHS[TOWN]]).first() or village
    return place_initials(_TOWN_WORDS.sub("", town.name) or town.name)[:_MOST_LETTERS] or "H"


def _serial(code: str) -> str:
    """Number of the village in its town: 001 → 01, 201 → 201."""
    return f"{int(code[CODE_LENGTHS[TOWN] : CODE_LENGTHS[VILLAGE]] or 0):02d}"
