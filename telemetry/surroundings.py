"""What the judging must know of a heater besides its readings: season, limits, works, and whether it is lived in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone

from households.models import Dwelling
from programmes.models import Programme
from telemetry.judging.facts import Limits
from telemetry.judging.quality import JUMPS_DC, Before
from telemetry.models import QuietTime

ALWAYS = ("01-01", "12-31")


@dataclass(frozen=True)
class Rules:
    """What a place says: lowest room temperature in tenths, whether it is the heating season, limits of the alerts."""

    floor_dc: int = 160
    in_season: bool = True
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class About:
    """One heater. `before` is its newest stored reading, None when there is none yet."""

    heater: int
    area_id: str
    bus_id: int
    is_certified: bool
    rules: Rules
    maintenance: bool
    vacant: bool
    before: Before | None


def about(heaters: Iterable[int], now: dt.datetime) -> dict[int, About]:
    """Each of these heaters at a moment. Three queries."""
    keys = list(heaters)
    quiet, rules = _quiet(keys, now), _Places(now)
    with connection.cursor() as cursor:
        cursor.execute(_ABOUT, [timezone.localdate(now), keys])
        return {row[0]: _about(row, quiet, rules) for row in cursor.fetchall()}


# The portal's own confirmations go first; a model without any counts as docked where its entry names a day (done
# on another platform). One list as one value, moments as numbers: a third of the time the ORM needs for a thousand.
_ABOUT = f"""
SELECT h.id, h.area_id, h.bus_id, COALESCE(c.holds, m.docking_confirmed_on IS NOT NULL),
    d.exclusion, date_part('epoch', l.at),
    date_part('epoch', l.changed_at), {", ".join(f"l.{name}" for name in JUMPS_DC)}
FROM devices_heater h JOIN devices_devicemodel m ON m.id = h.device_model_id
    LEFT JOIN (
        SELECT device_model_id, bool_or(state = 'valid' AND %s::date BETWEEN issued_on AND valid_until) AS holds
        FROM devices_dockingcertificate GROUP BY 1
    ) c ON c.device_model_id = m.id
    LEFT JOIN households_dwelling d ON d.id = h.dwelling_id LEFT JOIN telemetry_latestreading l ON l.heater_id = h.id
WHERE h.id = ANY(%s)
"""  # noqa: S608 - our own constants
_QUIET = """
SELECT heater_id, area_id, reason FROM telemetry_quiettime
WHERE starts_at <= %(now)s AND (ends_at IS NULL OR ends_at > %(now)s)
    AND (heater_id IS NULL OR heater_id = ANY(%(heaters)s))
"""


def _about(row: Sequence[Any], quiet: _Quiet, rules: _Places) -> About:
    pk, area_id, bus_id, is_certified, exclusion, *latest = row
    reasons = quiet.reasons(pk, area_id)
    return About(
        heater=pk, area_id=area_id, bus_id=bus_id, is_certified=is_certified, rules=rules.of(area_id),
        maintenance=QuietTime.Reason.MAINTENANCE in reasons,
        vacant=QuietTime.Reason.VACANT in reasons or exclusion == Dwelling.Exclusion.LONG_VACANT,
        before=_before(latest),
    )  # fmt: skip


def _before(latest: list[Any]) -> Before | None:
    at, changed_at, *values = latest
    if at is None:
        return None
    return Before(at, dict(zip(JUMPS_DC, values, strict=True)), changed_at or at)


@dataclass(frozen=True)
class _Quiet:
    by_heater: Mapping[int, set[str]]
    by_place: Sequence[tuple[str, str]]

    def reasons(self, heater: int, area_id: str) -> set[str]:
        found = self.by_heater.get(heater, set())
        if not self.by_place:
            return found
        return found | {reason for code, reason in self.by_place if area_id.startswith(code)}


def _quiet(heaters: list[int], now: dt.datetime) -> _Quiet:
    with connection.cursor() as cursor:
        cursor.execute(_QUIET, {"now": now, "heaters": heaters})
        rows = cursor.fetchall()
    by_heater: dict[int, set[str]] = {}
    by_place = []
    for heater, area_id, reason in rows:
        if heater is None:
            by_place.append((area_id, reason))
        else:
            by_heater.setdefault(heater, set()).add(reason)
    return _Quiet(by_heater, by_place)


class _Places:
    """Rules by place; the programme of the nearest place counts, of several there the newest."""

    def __init__(self, now: dt.datetime) -> None:
        self._today = f"{timezone.localdate(now):%m-%d}"
        self._by_code = {one.area_id: self._rules(one) for one in Programme.objects.order_by("year_from", "-code")}
        self._found: dict[str, Rules] = {}

    def of(self, area_id: str) -> Rules:
        if area_id not in self._found:
            codes = sorted((code for code in self._by_code if area_id.startswith(code)), key=len)
            self._found[area_id] = self._by_code[codes[-1]] if codes else Rules()
        return self._found[area_id]

    def _rules(self, programme: Programme) -> Rules:
        wanted = programme.settings.get("alerts", {}) if isinstance(programme.settings, dict) else {}
        return Rules(
            floor_dc=int(programme.room_temp_min_c * 10),
            in_season=is_between(self._today, programme.season_start, programme.season_end),
            limits=Limits().with_settings(wanted if isinstance(wanted, dict) else {}),
        )


def is_between(day: str, first: str, last: str) -> bool:
    """Whether a day MM-DD lies in a season, which usually goes over the new year."""
    return first <= day <= last if first <= last else day >= first or day <= last
