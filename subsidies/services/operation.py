"""The cross-check of a season: metered claims beside what the heaters say. Rebuilt at will, changes nothing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from core import clock
from core.seasons import Season, Span
from devices.models import Heater
from households.models import MeterReading
from programmes.models import Programme
from retrofits.models import Task
from subsidies.metering import crosscheck
from subsidies.metering.season import inside
from subsidies.metering_limits import bounds_for
from subsidies.models import Entitlement, OperationCheck
from subsidies.services.locking import hold
from telemetry.usage import Use, use_between

ZONE = ZoneInfo("Asia/Shanghai")
AT_ONCE = 500
CARRIERS = {"ELECTRIC": "electricity", "GAS": "gas"}
Step = Callable[[int, int], None]


@dataclass(frozen=True)
class Heard:
    """A heater's season: hours with readings, hours on, kWh by its counter, mean temperatures in tenths of a degree."""

    hours_known: int = 0
    hours_on: Decimal | None = None
    kwh: Decimal | None = None
    room_dc: int | None = None
    outdoor_dc: int | None = None


def check_operation(
    *, programme: Programme, season: Season, now: dt.datetime | None = None, step: Step = lambda _done, _all: None
) -> dict[str, int]:
    """Make the rows of a season anew for every dwelling with a passed task; returns how many of each verdict."""
    at = now or clock.now()
    tasks = Task.objects.filter(
        programme=programme, state__in=Task.PASSED, technology__family__in=CARRIERS, dwelling__isnull=False
    )
    homes = list(tasks.order_by("pk").values_list("dwelling_id", "area_id", "technology__family"))
    counts: dict[str, int] = defaultdict(int)
    for start in range(0, len(homes), AT_ONCE):
        for row in _check(programme, season, homes[start : start + AT_ONCE], at):
            counts[row.verdict] += 1
        step(min(start + AT_ONCE, len(homes)), len(homes))
    _forget(programme, season, [home for home, _area, _family in homes])
    return dict(counts)


@transaction.atomic
def _check(
    programme: Programme, season: Season, homes: Sequence[tuple[int, str, str]], at: dt.datetime
) -> list[OperationCheck]:
    hold(f"operation:{programme.pk}")
    keys = [home for home, _area, _family in homes]
    claims, heaters, amounts = _claims(keys, season), _heaters(keys, season), _amounts(keys, season)
    heard = _heard([heater.pk for heater in heaters.values()], season, at)
    bounds = bounds_for(programme)
    rows = []
    for home, area, family in homes:
        heater = heaters.get(home)
        said = heard.get(heater.pk, Heard()) if heater else Heard()
        carrier = CARRIERS[family]
        claimed = claims.get((home, carrier))
        verdict = crosscheck.judge(
            crosscheck.Season(claimed, said.hours_on, said.hours_known, _passed(season, at), said.kwh,
                              carrier == "electricity"),
            bounds,
        )  # fmt: skip
        rows.append(OperationCheck(
            programme=programme, dwelling_id=home, area_id=area, season=season.label, carrier=carrier, claimed=claimed,
            heater_kwh=said.kwh, heater_no=heater.platform_no if heater else "", heater_id_no=heater and heater.pk,
            hours_on=said.hours_on, hours_known=said.hours_known, room_dc=said.room_dc, outdoor_dc=said.outdoor_dc,
            verdict=verdict, entitlement_id=amounts.get(home), checked_at=at,
        ))  # fmt: skip
    fields = [field.name for field in OperationCheck._meta.fields if field.name not in _KEY]
    return OperationCheck.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["programme", "dwelling", "season"], update_fields=fields
    )


_KEY = ("id", "programme", "dwelling", "season")


def _forget(programme: Programme, season: Season, homes: Sequence[int]) -> None:
    """Rows of dwellings that are no longer part of the programme."""
    OperationCheck.objects.filter(programme=programme, season=season.label).exclude(dwelling__in=homes).delete()


def _claims(homes: Sequence[int], season: Season) -> dict[tuple[int, str], Decimal]:
    """Metered use inside the season by dwelling and energy; a heater's own counter is no claim."""
    rows = MeterReading.objects.filter(
        dwelling__in=homes, state=MeterReading.State.COUNTED, starts_on__lte=season.last_day,
        ends_on__gte=season.first_day,
    ).exclude(source=MeterReading.Source.TELEMETRY)  # fmt: skip
    totals: dict[tuple[int, str], list[tuple[Span, Decimal]]] = defaultdict(list)
    tariffs: dict[tuple[int, str], list[tuple[Span, Decimal]]] = defaultdict(list)
    names = ("dwelling_id", "carrier", "tariff", "starts_on", "ends_on", "quantity")
    for home, carrier, tariff, first, last, quantity in rows.values_list(*names):
        (tariffs if tariff else totals)[home, carrier].append((Span(first, last), quantity))
    return {key: _decimal(inside(lines, season).total) for key, lines in (tariffs | totals).items()}


def _decimal(value: Any) -> Decimal:
    return (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.001"))


def _heaters(homes: Sequence[int], season: Season) -> dict[int, Heater]:
    """The newest heater of each home that hung there in the season."""
    rows = Heater.objects.filter(dwelling__in=homes, installed_on__lte=season.last_day)
    return {row.dwelling_id: row for row in rows.exclude(removed_on__lt=season.first_day).order_by("pk")}  # type: ignore[misc]


def _amounts(homes: Sequence[int], season: Season) -> dict[int, int]:
    rows = Entitlement.objects.filter(dwelling__in=homes, period__startswith=season.label).exclude(state="void")
    return dict(rows.order_by("-pk").values_list("dwelling_id", "pk"))


def _passed(season: Season, at: dt.datetime) -> int:
    """Hours of the season that are over."""
    return season.days_passed(at.astimezone(ZONE).date()) * 24


def _heard(heaters: Sequence[int], season: Season, at: dt.datetime) -> Mapping[int, Heard]:
    """Sums of the hourly rows. Each holds what its own polls saw the counter add, so that the sum is a little low: a
    heater is never said to have used more than it did."""
    start = dt.datetime.combine(season.first_day, dt.time(), ZONE)
    end = min(dt.datetime.combine(season.last_day + dt.timedelta(days=1), dt.time(), ZONE), at)
    used = use_between(heaters, start, end)
    return {pk: _heard_of(use) for pk, use in used.items()}


def _heard_of(use: Use) -> Heard:
    return Heard(use.hours_heard, use.hours_run, use.energy_kwh, _dc(use.room_avg_c), _dc(use.outdoor_avg_c))


def _dc(degrees: Decimal | None) -> int | None:
    return None if degrees is None else int(degrees * 10)
