"""What pages and tasks ask of the readings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, F, FloatField, Func, Max, Min, Q, QuerySet
from django.db.models.functions import Left

from accounts.models import Area, Grant, User
from accounts.rights import roles_with
from core.areas import code_range
from core.together import Reading, read, sums_in, sums_of
from devices.models import Bus, Heater, RegisterProfile
from devices.protocol.profile_files import parse_profile
from devices.protocol.profiles import Profile
from programmes.models import Programme
from telemetry.holes import Hole, with_holes
from telemetry.models import Alert, FoundHole, LatestReading, PollCycle
from telemetry.poller import Unit
from telemetry.states import DEFAULT_PERIOD_S, FRESH_PERIODS, fresh

SHARDS = 4  # at least; more where there are many lines, so that a task has about a thousand
LINES_PER_SHARD = 1000


def poll_periods() -> dict[str, int]:
    """Area code → polling period in seconds; where programmes share a place the shortest one counts."""
    return {row["area_id"]: row["period"] for row in _periods()}


def polled() -> QuerySet[Programme, dict[str, Any]]:
    """The rows behind `poll_periods` (`area_id`, `period`), for who reads them beside others."""
    return _periods()


def _periods() -> QuerySet[Programme, dict[str, Any]]:
    return Programme.objects.order_by().values("area_id").annotate(period=Min("poll_period_s"))


def shards_of(area_id: str) -> int:
    """Into how many tasks the lines of a place are divided."""
    return max(SHARDS, -(-Bus.objects.within(area_id).count() // LINES_PER_SHARD))


def units_of(area_id: str, shard: int, shards: int = SHARDS) -> list[Unit]:
    """The installed heaters of a shard with what the poller must know of each."""
    heaters = Heater.objects.within(area_id).extra(where=["devices_heater.bus_id %% %s = %s"], params=[shards, shard])
    return _units(heaters)


def units_in(heater_ids: Iterable[int]) -> list[Unit]:
    """These heaters, if they are still installed."""
    return _units(Heater.objects.filter(pk__in=heater_ids))


def _units(heaters: QuerySet[Heater]) -> list[Unit]:
    asked_at: Func = Func("latest__asked_at", template="date_part('epoch', %(expressions)s)", output_field=FloatField())
    rows = heaters.filter(removed_on__isnull=True, poll_enabled=True).values_list(
        "pk", "bus__line", "unit", "profile_id", "latest__misses", asked_at
    )
    holes = _holes()
    return [
        Unit(pk, line, unit, _read_as(profile, holes.get(profile, ())), misses or 0, asked or 0.0)
        for pk, line, unit, profile, misses, asked in rows
    ]


def _holes(**of: Any) -> dict[int, tuple[Hole, ...]]:
    """Profile → holes that polls have met, in their order."""
    found: dict[int, tuple[Hole, ...]] = {}
    rows = FoundHole.objects.filter(**of).order_by("profile", "table", "first")
    for profile, table, first, last in rows.values_list("profile_id", "table", "first", "last"):
        found[profile] = (*found.get(profile, ()), (table, first, last))
    return found


@lru_cache(maxsize=256)
def _read_as(profile_id: int, holes: tuple[Hole, ...]) -> Profile:
    """The same object each time: plans and decoders are kept by it."""
    return with_holes(profile_of(profile_id), holes)


def read_profile_of(profile_id: int) -> Profile:
    """A profile with the holes its boards were found to have: what to read by."""
    return _read_as(profile_id, _holes(profile=profile_id).get(profile_id, ()))


@lru_cache(maxsize=256)
def profile_of(profile_id: int) -> Profile:
    """The checked profile behind a row; a version is never edited, so it can be kept."""
    return parse_profile(RegisterProfile.objects.get(pk=profile_id).document, f"profile {profile_id}")


@dataclass(frozen=True)
class Evidence:
    """What the telemetry can say about one heater at the moment of acceptance."""

    platform_no: str
    at: dt.datetime | None
    age_s: int | None
    supply_dc: int | None
    room_dc: int | None
    readings_last_hour: int
    is_fresh: bool


def evidence_for(heater: Heater, now: dt.datetime) -> Evidence:
    """Whether data arrives from this heater (J-31): the newest reading and how many came in the last hour."""
    latest = LatestReading.objects.filter(heater=heater).first()
    at = latest.at if latest else None
    age = int((now - at).total_seconds()) if at else None
    return Evidence(
        platform_no=heater.platform_no,
        at=at,
        age_s=age,
        supply_dc=latest.supply_dc if latest else None,
        room_dc=latest.room_dc if latest else None,
        readings_last_hour=heater.readings.filter(at__gte=now - dt.timedelta(hours=1)).count(),
        is_fresh=age is not None and age <= FRESH_PERIODS * _period_at(heater.area_id),
    )


@dataclass(frozen=True)
class Online:
    """Heaters by state at one moment; `newest` is the last moment any of them said anything."""

    total: int
    online: int
    never: int
    faults: int
    newest: dt.datetime | None

    @property
    def silent(self) -> int:
        return self.total - self.online - self.never


def figures(heaters: QuerySet[Heater], now: dt.datetime, periods: dict[str, int] | None = None) -> Online:
    """How many of these heaters are on line, silent, never heard, faulty. One query (two without `periods`)."""
    return read(figures_of(heaters, now, periods))


def figures_of(heaters: QuerySet[Heater], now: dt.datetime, periods: dict[str, int] | None = None) -> Reading[Online]:
    """`figures` as a reading: one turn, two without `periods`."""
    if periods is None:
        programmes = _periods()
        yield [programmes]
        periods = {row["area_id"]: row["period"] for row in programmes}
    online = fresh(now, periods)
    sums = sums_of(
        heaters,
        total=Count("pk"),
        online=Count("pk", filter=online),
        never=Count("pk", filter=Q(latest__at__isnull=True)),
        faults=Count("pk", filter=online & Q(latest__fault__gt=0)),
        newest=Max("latest__at"),
    )
    yield [sums]
    found = sums_in(sums)
    return Online(newest=found.pop("newest"), **{name: number or 0 for name, number in found.items()})


def silent_lines(heaters: QuerySet[Heater], now: dt.datetime, periods: dict[str, int]) -> QuerySet[Heater, Any]:
    """Lines (`bus__line`) with heaters that were heard once and have no data now: `silent` of `total`, worst first."""
    rows = heaters.order_by().select_related(None).values("bus__line")
    silent = Count("pk", filter=Q(latest__at__isnull=False) & ~fresh(now, periods))
    return rows.annotate(total=Count("pk"), silent=silent).filter(silent__gt=0).order_by("-silent", "bus__line")[:8]


def installed(user: Any, area_code: str) -> QuerySet[Heater]:
    """The heaters a person sees in an area, without those taken away, with what a list shows of each."""
    rows = Heater.objects.visible_to(user).within(area_code).filter(removed_on__isnull=True)
    return rows.select_related("bus", "area", "latest", "dwelling__household", "device_model")


def places_of(rows: QuerySet[Any]) -> list[tuple[str, str]]:
    """(code, name) of the towns and villages where these rows lie, in tree order; villages indented."""
    towns, villages = (rows.order_by().annotate(place=Left("area_id", n)).values("place") for n in (9, 12))
    names = Area.objects.filter(Q(code__in=towns) | Q(code__in=villages)).order_by("code").values_list("code", "name")
    return [(code, name if len(code) <= 9 else f"　{name}") for code, name in names]


def open_alerts(user: Any, area_code: str) -> QuerySet[Alert]:
    """Alerts that are not over, in an area."""
    return Alert.objects.visible_to(user).within(area_code).filter(cleared_at__isnull=True)


def unacknowledged_count(user: Any, area_code: str) -> int:
    """Open alerts nobody has looked at: the number beside the navigation entry."""
    return open_alerts(user, area_code).filter(acknowledged_at__isnull=True).count() if area_code else 0


# What open alerts can be counted by: the column that names a group, and the filter of the list that shows it.
GROUPS: dict[str, tuple[str, str, str]] = {
    "line": ("heater__bus__line", "heater__bus__line", "line"),
    "village": ("area__name", "area_id", "place"),
    "vendor": ("heater__device_model__supplier__name", "heater__device_model__supplier_id", "vendor"),
}


def alert_groups(alerts: QuerySet[Alert], by: str) -> list[dict[str, Any]]:
    """Open alerts per line, village or vendor (a key of `GROUPS`), the group with most of them first."""
    name, key, _filter = GROUPS[by]
    rows = alerts.filter(cleared_at__isnull=True).order_by().annotate(group=F(name), key=F(key)).values("group", "key")
    counted = rows.annotate(
        n=Count("pk"), waiting=Count("pk", filter=Q(acknowledged_at__isnull=True)), since=Min("opened_at")
    )  # fmt: skip
    return list(counted.order_by("-n", "since")[:50])


def people_for(area_id: str) -> QuerySet[User]:
    """Those an alert of this place can be given to: they see its heaters."""
    above = [area_id[:n] for n in (2, 4, 6, 9, 12, 15) if n <= len(area_id)]
    grants = Grant.objects.active().filter(role__in=roles_with(Alert.view_right), area_id__in=above)
    return User.objects.filter(is_active=True, pk__in=grants.values("user")).order_by("unit", "person_name")


@dataclass(frozen=True)
class Polling:
    """How the last turn in an area went; `outcome` "" while none has ended, `age_s` None when none was planned."""

    outcome: str
    age_s: float | None
    period_s: int

    @property
    def trouble(self) -> str:
        """hub away, stopped, or "" when polling goes on."""
        if self.outcome == "hub away":
            return self.outcome
        return "stopped" if self.age_s is None or self.age_s > FRESH_PERIODS * self.period_s + 30 else ""


def turns_of(area_code: str, now: dt.datetime | None = None) -> QuerySet[PollCycle]:
    """Turns of the programmes that cover an area or lie inside it; with `now` those of the last hour."""
    above = [area_code[:n] for n in (2, 4, 6, 9, 12, 15) if n < len(area_code)]
    low, high = code_range(area_code)
    cycles = PollCycle.objects.filter(Q(area_id__in=above) | Q(area_id__gte=low, area_id__lt=high))
    return cycles.filter(planned_at__gte=now - dt.timedelta(hours=1)) if now else cycles


def polling(area_code: str, now: dt.datetime) -> Reading[Polling]:
    """The newest turn of the programmes that cover an area or lie inside it. A reading of one turn."""
    cycles = turns_of(area_code)
    newest = cycles.filter(planned_at__gte=now - dt.timedelta(days=1)).order_by("-planned_at")[:1]
    done = cycles.filter(finished_at__isnull=False).exclude(outcome="overrun").order_by("-planned_at")[:1]
    yield [newest, done]
    last, ended = next(iter(newest), None), next(iter(done), None)
    if last is None:
        return Polling("", None, 300)
    return Polling(ended.outcome if ended else "", (now - last.planned_at).total_seconds(), last.period_s)


def period_at(area_id: str) -> int:
    """Polling period of the programme that covers a place, in seconds."""
    return _period_at(area_id)


def _period_at(area_id: str) -> int:
    return period_within(poll_periods(), area_id)


def period_within(periods: dict[str, int], area_id: str) -> int:
    """The shortest period among the programmes that cover a place."""
    return min((s for code, s in periods.items() if area_id.startswith(code)), default=DEFAULT_PERIOD_S)
