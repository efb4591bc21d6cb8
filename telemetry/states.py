"""What a heater is doing, in one word. “No data” is about the line, “switched off” about the heater: never mixed."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from core.areas import code_range
from devices.protocol.points import MODES, Quality
from telemetry.models import LatestReading

FRESH_PERIODS = 3
DEFAULT_PERIOD_S = 300
_DEFROST = MODES.index("defrost")


class HeaterState(TextChoices):
    HEATING = "heating", _("on line · heating")
    DEFROST = "defrost", _("on line · defrosting")
    OFF = "off", _("on line · switched off")
    ANSWERS = "answers", _("on line")
    FAULT = "fault", _("on line · fault")
    ERRORS = "errors", _("answers only with errors")
    SILENT = "silent", _("no data")
    NEVER = "never", _("never heard")


# Shape and colour differ for each, so that the word is not needed from across the room.
LOOKS: dict[str, str] = {
    HeaterState.HEATING: "ok",
    HeaterState.DEFROST: "busy",
    HeaterState.OFF: "note",
    HeaterState.ANSWERS: "done",
    HeaterState.FAULT: "bad",
    HeaterState.ERRORS: "bad",
    HeaterState.SILENT: "warn",
    HeaterState.NEVER: "",
}


def state_of(latest: LatestReading | None, now: dt.datetime, period_s: int) -> HeaterState:
    """The state of one heater from its newest reading."""
    if latest is None:
        return HeaterState.NEVER
    if latest.at is None or latest.at < fresh_since(now, period_s):
        return _without_data(latest)
    if latest.fault:
        return HeaterState.FAULT
    if latest.running is None:
        return HeaterState.ANSWERS
    if not latest.running:
        return HeaterState.OFF
    return HeaterState.DEFROST if latest.mode == _DEFROST else HeaterState.HEATING


def _without_data(latest: LatestReading) -> HeaterState:
    """Never heard, silent, or there and refusing every question."""
    if latest.flags & Quality.REFUSED:
        return HeaterState.ERRORS
    return HeaterState.NEVER if latest.at is None else HeaterState.SILENT


def fresh_since(now: dt.datetime, period_s: int) -> dt.datetime:
    """Data older than this count as none."""
    return now - dt.timedelta(seconds=FRESH_PERIODS * period_s)


def fresh(now: dt.datetime, periods: dict[str, int], prefix: str = "") -> Q:
    """Heaters with data of the last three periods; `periods` maps area codes to seconds, the shortest one counts.

    `prefix` leads to the heater where the rows are something else (`heaters__` of a line).
    """
    condition = Q(**{f"{prefix}latest__at__gte": fresh_since(now, max([DEFAULT_PERIOD_S, *periods.values()]))})
    for code, period_s in periods.items():
        low, high = code_range(code)
        stale = {"area_id__gte": low, "area_id__lt": high, "latest__at__lt": fresh_since(now, period_s)}
        condition &= ~Q(**{f"{prefix}{name}": value for name, value in stale.items()})
    return condition


# What a list can be narrowed to; the two bits of a heater that is on line overlap.
STATE_FILTERS = [
    ("online", _("on line")),
    ("silent", _("no data")),
    ("errors", _("answers only with errors")),
    ("never", _("never heard")),
    ("fault", _("fault")),
    ("off", _("switched off")),
]


def _refusing() -> QuerySet[LatestReading, int]:
    flagged = LatestReading.objects.annotate(refused=F("flags").bitand(int(Quality.REFUSED)))
    return flagged.filter(misses__gt=0, refused__gt=0).values_list("heater_id", flat=True)


def condition_of(state: str, now: dt.datetime, periods: dict[str, int]) -> Q:
    """Heaters in one of `STATE_FILTERS`."""
    online, heard = fresh(now, periods), Q(latest__at__isnull=False)
    conditions = {
        "online": online,
        "silent": heard & ~online,
        "errors": ~online & Q(pk__in=_refusing()),
        "never": ~heard,
        "fault": online & Q(latest__fault__gt=0),
        "off": online & Q(latest__running=False),
    }
    return conditions[state]
