"""Meter readings as the engine's `usage`: what counts by its quantity, what is held or missing as a question.

A held line and days that no line covers have no quantity, so that the engine answers METER_ANOMALY and nobody guesses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import QuerySet

from core.seasons import Season, Span
from households.models import MeterReading
from subsidies.metering.season import Stretch, gaps
from subsidies.rules.facts import Usage

ENERGY = {"electricity": "electricity_kwh", "gas": "gas_m3"}
#: How far before the season a line still proves that days at the season's beginning are missing.
LOOK_BACK = timedelta(days=92)
State = MeterReading.State
SPEAKING = (State.COUNTED, State.HELD)


def reading_rows(dwellings: Sequence[int], seasons: Sequence[Season]) -> QuerySet[MeterReading]:
    """Lines that say something about these seasons; those set aside, taken back or only agreeing say nothing."""
    if not seasons:
        return MeterReading.objects.none()
    first, last = min(one.first_day for one in seasons), max(one.last_day for one in seasons)
    rows = MeterReading.objects.filter(
        dwelling__in=dwellings, state__in=SPEAKING, starts_on__lte=last, ends_on__gte=first - LOOK_BACK
    )
    return rows.order_by("starts_on", "id")


def usage_for(rows: Iterable[MeterReading], season: Season) -> dict[int, list[Usage]]:
    """By dwelling, from lines at hand."""
    kept: dict[int, list[MeterReading]] = defaultdict(list)
    for row in rows:
        if row.starts_on <= season.last_day and row.ends_on >= season.first_day - LOOK_BACK:
            kept[row.dwelling_id].append(row)
    return {dwelling: usage_of(lines, season) for dwelling, lines in kept.items()}


def usage_of(rows: Iterable[MeterReading], season: Season) -> list[Usage]:
    """What these lines of one dwelling say about the season; a question for every span of days that is missing."""
    known = list(rows)
    counted = [row for row in known if row.state == State.COUNTED]
    found = [
        Usage(ENERGY[row.carrier], _days(row), row.quantity, row.tariff, _register(row, counted))
        for row in counted
        if _days(row).overlap(season)
    ]
    found += [
        Usage(ENERGY[row.carrier], _days(row), None, row.tariff, f"held {row.pk}")
        for row in known
        if row.state == State.HELD and _days(row).overlap(season)
    ]
    for carrier in dict.fromkeys(row.carrier for row in known):
        stretches = [_stretch(row) for row in known if row.carrier == carrier]
        found += [Usage(ENERGY[carrier], span, None, meter="missing") for span in gaps(stretches, season)]
    return found


def _days(row: MeterReading) -> Span:
    return Span(row.starts_on, row.ends_on)


def _stretch(row: MeterReading) -> Stretch:
    return Stretch(_days(row), row.start_reading, row.end_reading, row.meter_no)


def _register(row: MeterReading, counted: Iterable[MeterReading]) -> str:
    """Which register the line is of, for the engine: a total and the tariffs of the same days are one register, so that
    nothing counts twice; tariffs without a total are another. Never the meter's number: amounts keep these facts."""
    tagged = [other for other in counted if other.carrier == row.carrier and other.tariff]
    if not tagged:
        return ""
    totals = (other for other in counted if other.carrier == row.carrier and not other.tariff)
    over = next((other for other in totals if _days(other).overlap(_days(row))), None)
    return f"total {over.pk}" if over else "tariffs"
