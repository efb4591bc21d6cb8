"""What a report of a period says: figures of its place, what happened in the period, money, and who is behind."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from accounts.models import Area, Grant, User
from accounts.rights import roles_with
from core import clock
from core.areas import CODE_LENGTHS, COUNTY, TOWN, VILLAGE, code_range
from programmes.models import Programme
from reports.models import NamedReporter, PeriodicReport, SummaryTotal
from reports.periods import Period, before, period_of
from reports.queries.progress import FIGURES, added_up, planned_of
from reports.queries.scope import Scope
from retrofits.models import Acceptance, Installation
from subsidies.models import Fund, PayoutLine
from subsidies.wording import source_name

LAG = 10
KEPT = (*FIGURES, "aside")
WRITE, MOST_WRITERS = "reports.write", 200


def figures_of(programme: Programme, area_code: str, period: Period) -> dict[str, Any]:
    """Figures as they are stored in the report: plain numbers and texts, fen for money.

    Standing figures are those of the moment of filling; `done` counts what happened between the days of the period.
    """
    below = CODE_LENGTHS[unit_level(area_code)]
    rows = added_up(SummaryTotal.objects.filter(programme=programme).within(area_code), below)
    planned: dict[str, Decimal] = {}
    for (place, _route, _year), quantity in planned_of(programme, area_code, below).items():
        planned[place] = planned.get(place, Decimal(0)) + quantity
    places = _places(rows, planned)
    return {
        "places": places, "whole": _whole(places), "done": _done(programme, area_code, period),
        "money": _money(programme, area_code), "behind": [one["name"] for one in behind(places)],
        "units": units_of(programme, area_code, period),
    }  # fmt: skip


def unit_level(area_code: str) -> str:
    """Whose reports a place puts together: counties a city's, towns a county's, villages' figures a town's (L-75)."""
    length = len(area_code)
    return COUNTY if length < CODE_LENGTHS[COUNTY] else TOWN if length < CODE_LENGTHS[TOWN] else VILLAGE


def units_of(programme: Programme, area_code: str, period: Period) -> list[dict[str, Any]]:
    """The frozen reports of the units below, with the hash of each copy; a unit that handed in none has no hash.

    Villages write none, so a town's report rolls up nothing.
    """
    level = unit_level(area_code)
    if level == VILLAGE:
        return []
    places = Area.objects.within(area_code).filter(level=level).exclude(code=area_code).order_by("code")
    rows = PeriodicReport.objects.within(area_code).filter(
        programme=programme, rhythm=period.rhythm, begins_on=period.begins, frozen_at__isnull=False
    )
    known = {one.area_id: one for one in rows.select_related("reporter")}
    return [_unit(place, known.get(place.code)) for place in places]


def _unit(place: Area, report: PeriodicReport | None) -> dict[str, Any]:
    if report is None:
        return {"code": place.code, "name": place.name, "hash": "", "late": None, "reporter": "", "words": ""}
    return {
        "code": place.code, "name": place.name, "hash": report.content_hash,
        "late": report.late_days(report.due_on), "reporter": report.reporter.person_name, "words": report.words[:400],
    }  # fmt: skip


def _places(rows: list[dict[str, Any]], planned: dict[str, Decimal]) -> list[dict[str, Any]]:
    codes = sorted({row["place"] for row in rows} | set(planned))
    names = dict(Area.objects.filter(code__in=codes).values_list("code", "name"))
    found = []
    for code in codes:
        own = [row for row in rows if row["place"] == code]
        counts = {figure: sum(row[figure] for row in own) for figure in KEPT}
        found.append({"code": code, "name": names.get(code, code), "planned": _int(planned.get(code)), **counts})
    return found


def _int(value: Decimal | None) -> int | None:
    return None if value is None else round(value)


def _whole(places: list[dict[str, Any]]) -> dict[str, Any]:
    stated = [one["planned"] for one in places if one["planned"] is not None]
    return {"planned": sum(stated) if stated else None, **{key: sum(one.get(key, 0) for one in places) for key in KEPT}}


def behind(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Places whose accepted share of the plan lies more than ten points below that of all, worst first."""
    whole = _whole([one for one in places if one["planned"]])
    if not whole["planned"]:
        return []
    mean = 100 * counted(whole) / whole["planned"]
    shares = [(100 * counted(one) / one["planned"], one) for one in places if one["planned"]]
    return [one for share, one in sorted(shares, key=lambda pair: pair[0]) if share < mean - LAG]


def counted(place: dict[str, Any]) -> int:
    """Accepted homes that count toward the plan; reports written before this was asked have no `aside`."""
    return int(place["accepted"]) - int(place.get("aside", 0))


def _done(programme: Programme, area_code: str, period: Period) -> dict[str, int]:
    """Homes installed and accepted, payments and fen that arrived in the days of the period."""
    days = (period.begins, period.ends)
    installed = Installation.objects.within(area_code).filter(task__programme=programme, installed_on__range=days)
    accepted = Acceptance.objects.within(area_code).filter(task__programme=programme, accepted_on__range=days)
    first = timezone.make_aware(dt.datetime.combine(period.begins, dt.time()))
    last = timezone.make_aware(dt.datetime.combine(period.ends + dt.timedelta(days=1), dt.time()))
    paid = PayoutLine.objects.within(area_code).filter(
        batch__programme=programme, state=PayoutLine.State.PAID, settled_at__gte=first, settled_at__lt=last
    )
    sums = paid.aggregate(n=Count("id"), fen=Sum("amount_fen"))
    visits = accepted.aggregate(
        n=Count("id", filter=Q(result="passed")), failed=Count("id", filter=~Q(result="passed"))
    )
    return {
        "installed": installed.count(), "accepted": visits["n"], "failed": visits["failed"], "payments": sums["n"],
        "paid_fen": sums["fen"] or 0,
    }  # fmt: skip


def _money(programme: Programme, area_code: str) -> list[dict[str, Any]]:
    """Funds that lie in the place, by source; a town has none of its own."""
    funds = Fund.objects.within(area_code).filter(programme=programme).order_by("source").values("source")
    sums = funds.annotate(received=Sum("received_fen"), paid=Sum("paid_fen"))
    return [{"source": source_name(row["source"]), "received": row["received"], "paid": row["paid"]} for row in sums]


@dataclass(frozen=True)
class Standing:
    """One place and its report of a period: None while nobody has begun; `late` in days."""

    area: Area
    report: PeriodicReport | None
    late: int
    named: NamedReporter | None = None

    @property
    def state(self) -> str:
        if self.report is None:
            return "missing" if self.late else "none"
        return "frozen" if self.report.frozen_at else "draft"


def standings(scope: Scope, period: Period, today: dt.date) -> list[Standing]:
    """The place itself and the units below it, each with its report of the period and who is named to write it."""
    areas = Area.objects.visible_to(scope.user).within(scope.area_code) if scope.area_code else Area.objects.none()
    level = unit_level(scope.area_code) if scope.area_code else TOWN
    places = list(areas.filter(Q(level=TOWN if level == VILLAGE else level) | Q(code=scope.area_code)).order_by("code"))
    rows = scope.of_programme(PeriodicReport).filter(rhythm=period.rhythm, begins_on=period.begins)
    known = {one.area_id: one for one in rows.select_related("reporter")}
    named = scope.of_programme(NamedReporter).filter(rhythm=period.rhythm).select_related("person")
    writers = {one.area_id: one for one in named}
    overdue = max(0, (today - period.due).days)
    return [
        Standing(
            area, known.get(area.code), known[area.code].late_days(today) if area.code in known else overdue,
            writers.get(area.code),
        )
        for area in places
    ]  # fmt: skip


def writers_for(scope: Scope) -> list[User]:
    """People who could be named: whoever may write reports somewhere in the place, at most `MOST_WRITERS`."""
    low, high = code_range(scope.area_code)
    grants = Grant.objects.active().filter(role__in=roles_with(WRITE), area_id__gte=low, area_id__lt=high)
    return list(
        User.objects.filter(pk__in=grants.values("user"), is_active=True).order_by("unit", "person_name")[:MOST_WRITERS]
    )


def latest(rhythm: str) -> Period:
    """The period that is over: the one that is to be reported now."""
    return before(period_of(rhythm, clock.today()))
