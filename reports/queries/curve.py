"""The year day by day and hour by hour: homes finished and accepted beside the plan, heaters that answered."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum

from core.areas import CODE_LENGTHS, TOWN
from core.together import Reading, keep, read
from programmes.models import Programme
from reports.models import BoardTotal
from reports.queries.scope import Scope
from reports.queries.year import as_targets, plan_share, targets_of
from retrofits.models import Acceptance, Installation
from telemetry.models import PollCycle

Kind = BoardTotal.Kind


@dataclass(frozen=True)
class Curve:
    """Cumulative households per day: `days` ISO dates, with what was finished and accepted up to each."""

    days: list[str]
    planned: list[float | None]
    finished: list[int]
    accepted: list[int]


def curve_of(scope: Scope) -> Curve:
    return read(curve(scope))


def curve(scope: Scope) -> Reading[Curve]:
    """From the first installation to the last acceptance, thinned to about 60 points."""
    if scope.programme is None:
        return Curve([], [], [], [])
    finished, accepted = _by_day(scope)
    targets, phases = targets_of(scope), scope.programme.phases.all()
    yield [finished, accepted, targets, phases]
    keep(scope.programme, "phases", phases)
    done, passed, target = dict(finished), dict(accepted), sum(as_targets(targets).values())
    known = sorted({*done, *passed})
    return _cumulated(known[0], known[-1], done, passed, target, scope.programme) if known else Curve([], [], [], [])


def _by_day(scope: Scope) -> tuple[Any, Any]:
    """(day, homes) finished and accepted: the stored sums of the towns, inside a town the records of its villages."""
    if len(scope.area_code) <= CODE_LENGTHS[TOWN]:
        days = scope.of_programme(BoardTotal, "overview.view").order_by()
        finished, accepted = (days.filter(kind=kind).values_list("day") for kind in (Kind.FINISHED, Kind.ACCEPTED))
        return finished.annotate(n=Sum("number")), accepted.annotate(n=Sum("number"))
    records = scope.of_programme(Installation, "overview.view", "task__programme").exclude(task__state="withdrawn")
    visits = scope.of_programme(Acceptance, "overview.view", "task__programme").filter(result="passed").order_by()
    installed = records.order_by().values_list("installed_on").annotate(n=Count("id"))
    return installed, visits.values_list("accepted_on").annotate(n=Count("id"))


def _cumulated(
    first: dt.date, last: dt.date, finished: dict[dt.date, int], accepted: dict[dt.date, int], target: int,
    programme: Programme | None,
) -> Curve:  # fmt: skip
    step = max(1, (last - first).days // 60)
    days = [first + dt.timedelta(days=n) for n in range(0, (last - first).days + step, step)]
    planned = [_planned(programme, day, target) for day in days]
    return Curve(
        [day.isoformat() for day in days],
        planned,
        [sum(n for on, n in finished.items() if on <= day) for day in days],
        [sum(n for on, n in accepted.items() if on <= day) for day in days],
    )


def _planned(programme: Programme | None, day: dt.date, target: int) -> float | None:
    share = plan_share(programme, day) if programme and target else None
    return None if share is None else round(float(share) * target / 100, 1)


def online_by_hour(scope: Scope, now: dt.datetime) -> Reading[list[tuple[dt.datetime, float | None]]]:
    """Share of asked heaters that answered, per hour of the last 24, in percent; None where nobody was asked."""
    since = now.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=23)
    codes = scope.user.area_codes_for("devices.view")
    cycles = PollCycle.objects.filter(planned_at__gte=since, asked__gt=0, area_id=_polled_area(scope, codes))
    polled = cycles.values_list("planned_at", "asked", "answered")
    yield [polled]
    hours: dict[dt.datetime, list[int]] = defaultdict(lambda: [0, 0])
    for at, asked, answered in polled:
        hour = hours[at.replace(minute=0, second=0, microsecond=0)]
        hour[0], hour[1] = hour[0] + asked, hour[1] + answered
    span = [since + dt.timedelta(hours=n) for n in range(24)]
    return [(at, round(100 * hours[at][1] / hours[at][0], 1) if at in hours else None) for at in span]


def _polled_area(scope: Scope, codes: list[str]) -> str:
    """Polls are kept per programme's place: only who may see heaters there sees their rate."""
    place = str(scope.programme.area_id) if scope.programme else ""
    return place if any(place.startswith(code) for code in codes) and place.startswith(scope.area_code) else ""
