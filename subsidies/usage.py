"""Meter readings as the engine's `usage`: what counts by its quantity, what is held or missing as a question.

A held line and days that no line covers have no quantity, so that the engine answers METER_ANOMALY and nobody guesses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from core.seasons import Season, Span
from households.models import MeterReading
from subsidies.metering.season import Stretch, gaps
from subsidies.rules.facts import Usage

ENERGY = {"electricity": "electricity_kwh", "gas": "gas_m3"}
#: How far before the season a line still proves that days at the season's beginning are missing.
LOOK_BACK = timedelta(days=92)
State = MeterReading.State
SPEAKING = (State.COUNTED, State.HELD)


def usage_for(dwellings: Sequence[int], season: Season) -> dict[int, list[Usage]]:
    """By dwelling, one query whatever their number. Lines set aside, taken back or only agreeing say nothing here."""
    rows = MeterReading.objects.filter(
        dwelling__in=dwellings, state__in=SPEAKING, starts_on__lte=season.last_day,
        ends_on__gte=season.first_day - LOOK_BACK,
    )  # fmt: skip
    kept: dict[int, list[MeterReading]] = defaultdict(list)
    for row in rows.order_by("starts_on", "id"):
        kept[row.dwelling_id].append(row)
    return {dwelling: usage_of(lines, season) for dwelling, lines in kept.items()}


def usage_of(rows: Iterable[MeterReading], season: Season) -> list[Usage]:
    """What these lines of one dwelling say about the season; a question for every span of days that is missing."""
    found: list[Usage] = []
    stretches: dict[str, list[Stretch]] = defaultdict(list)
    for row in rows:
        span = Span(row.starts_on, row.ends_on)
        stretches[row.carrier].append(Stretch(span, row.start_reading, row.end_reading, row.meter_no))
        if span.overlap(season):
            held = row.state == State.HELD
            found.append(Usage(
                ENERGY[row.carrier], span, None if held else row.quantity, row.tariff,
                f"held {row.pk}" if held else "",
            ))  # fmt: skip
    for carrier, known in stretches.items():
        found += [Usage(ENERGY[carrier], span, None, meter="missing") for span in gaps(known, season)]
    return found
