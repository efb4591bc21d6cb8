"""Days of the plan that come near or are over, as to-dos of those who answer for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Area
from core import clock
from core.areas import VILLAGE
from core.together import Reading, keep
from households.roster_queries import deadline_of
from programmes.calendar import Standing
from programmes.milestones import EDIT
from programmes.models import Milestone, Programme
from programmes.plan_queries import CalendarLine, calendar_of
from reports.links import address
from reports.models import NamedReporter, PeriodicReport
from reports.periods import RHYTHMS, Period, before, period_of
from reports.queries.periodic import unit_level
from reports.queries.scope import Scope
from reports.stages import FINISHED, LISTED

AHEAD_DAYS, NAMED = 7, 4
PLAN = "programmes.edit"  # who writes down that a day was met
OFFICE = "office"
ROSTER = "roster"  # the deadline of the village lists (T-44), also in the programme's settings
COMPLETION = "completion"  # all works finished (D-06, J-65, T-01): the works themselves say whether that is so


Days = Reading[list[dict[str, Any]]]


def deadlines(scope: Scope) -> Days:
    """Occurrences that are to be reminded of or overdue, for the roles the document makes answer for them.

    Only whoever edits the programme can write down that a day was met: of the days of others that are over, one to-do.
    """
    if scope.programme is None:
        return []
    rows, works = scope.programme.deadlines.prefetch_related("met"), _works(scope)
    yield [rows, works]
    keep(scope.programme, "deadlines", rows)
    roles, finished = roles_over(scope), _all_finished(dict(works))
    lines = calendar_of(scope.programme, clock.today())
    due = [line for line in lines if _is_late(line, scope.programme) or line.remind is not None]
    own = [line for line in due if (line.deadline.role or OFFICE) in roles]
    told = [_deadline(line, scope) for line in own if not (finished and line.deadline.code == COMPLETION)]
    return told + _of_others([line for line in due if line not in own and line.standing.late_days], scope)


def _works(scope: Scope) -> Any:
    """(stage, dwellings) of the place."""
    rows = scope.of_programme(scope.totals("overview.view"), "overview.view").filter(excluded=False).order_by()
    return rows.values("stage").annotate(n=Sum("dwellings")).values_list("stage", "n")


def _all_finished(works: dict[str, int]) -> bool:
    """Whether every listed home of the place has its works behind it, and there are any."""
    listed = sum(n for stage, n in works.items() if stage in LISTED)
    return 0 < listed == sum(n for stage, n in works.items() if stage in FINISHED)


def _of_others(late: list[CalendarLine], scope: Scope) -> list[dict[str, Any]]:
    if not late or not _writes_down(scope):
        return []
    words = ngettext(
        "%(n)d day of the plan is over and not written down as met",
        "%(n)d days of the plan are over and not written down as met", len(late),
    ) % {"n": len(late)}  # fmt: skip
    names = _some([line.deadline.name for line in late], 1)
    return [{"icon": "clock", "title": words, "detail": names, "due": late[0].standing.due_on, "url": _calendar(scope)}]


def _writes_down(scope: Scope) -> bool:
    place = scope.programme.area_id if scope.programme else ""
    return any(place.startswith(code) for code in scope.user.area_codes_for(PLAN))


def _some(names: Sequence[str], shown: int = NAMED) -> str:
    return "、".join(names[:shown]) + ("…" if len(names) > shown else "")


def _calendar(scope: Scope) -> str:
    return address("programmes:programme-detail", scope.programme.code if scope.programme else "") + "#calendar"


def _is_late(line: CalendarLine, programme: Programme) -> bool:
    """The day of the village lists is left out: from then on the villages that owe theirs are told themselves."""
    if line.standing.state != "overdue":
        return False
    return line.deadline.code != ROSTER or line.standing.due_on != deadline_of(programme)


def _deadline(line: CalendarLine, scope: Scope) -> dict[str, Any]:
    return {
        "icon": "alert-circle" if line.standing.late_days else "clock", "title": line.deadline.name,
        "detail": _words(line, _next_step(line, scope)), "due": line.standing.due_on, "url": _calendar(scope),
    }  # fmt: skip


def roles_over(scope: Scope) -> set[str]:
    """Roles of the person's grants in force that touch the chosen place."""
    place = scope.area_code
    grants = scope.user.active_grants
    return {one.role for one in grants if place.startswith(one.area_id) or one.area_id.startswith(place)}


def _next_step(line: CalendarLine, scope: Scope) -> str:
    if _writes_down(scope) or not line.standing.late_days:
        return ""
    return _("tell the county office when it is done")


def _words(line: CalendarLine, step: str) -> str:
    return " · ".join(filter(None, [line.deadline.who, line.deadline.clause, step]))


def reports_due(scope: Scope) -> Days:
    """Reports of the periods that ended last, while the works run, until they are frozen; late ones say how late.

    Where a writer is named only that person is told; who puts reports together is told which units owe theirs.
    """
    programme, today = scope.programme, clock.today()
    if programme is None or not programme.year_from <= today.year <= programme.year_to:
        return []
    periods = [before(period_of(rhythm, today)) for rhythm in RHYTHMS]
    rows = PeriodicReport.objects.within(scope.area_code).filter(
        programme=programme, frozen_on__isnull=False, begins_on__in=[one.begins for one in periods]
    ).order_by().values_list("rhythm", "begins_on", "area_id")  # fmt: skip
    named = NamedReporter.objects.filter(programme=programme, area_id=scope.area_code)
    named = named.values_list("rhythm", "person_id")
    level = unit_level(scope.area_code)
    units = Area.objects.within(scope.area_code).filter(level=level).exclude(code=scope.area_code)
    units = (units if level != VILLAGE else units.none()).order_by("code").values_list("code", "name")
    yield [rows, named, units]
    done, writers = set(rows), dict(named)
    known = [one for one in periods if one.begins.year >= programme.year_from]
    own = [
        one for one in known
        if (one.rhythm, one.begins, scope.area_code) not in done and writers.get(one.rhythm) in (None, scope.user.pk)
    ]  # fmt: skip
    owed = [(one, _owing(one, list(units), done)) for one in known if one.due < today]
    return [_report(one, today) for one in own] + [_reminder(one, names) for one, names in owed if names]


def _owing(period: Period, units: list[tuple[str, str]], done: set[Any]) -> list[str]:
    """Names of the units whose report of the period isn't frozen."""
    return [name for code, name in units if (period.rhythm, period.begins, code) not in done]


def _reminder(period: Period, names: list[str]) -> dict[str, Any]:
    rhythm = dict(PeriodicReport.Rhythm.choices)[period.rhythm]
    words = ngettext(
        "%(rhythm)s %(period)s: %(n)d unit owes its report", "%(rhythm)s %(period)s: %(n)d units owe their reports",
        len(names),
    ) % {"rhythm": rhythm, "period": period.name, "n": len(names)}  # fmt: skip
    return {
        "icon": "alert-circle", "title": words, "detail": _some(names), "due": period.due,
        "url": address("reports:periodic-list", rhythm=period.rhythm, on=period.begins.isoformat()) + "#places",
    }  # fmt: skip


def _report(period: Period, today: dt.date) -> dict[str, Any]:
    rhythm = dict(PeriodicReport.Rhythm.choices)[period.rhythm]
    return {
        "icon": "alert-circle" if period.due < today else "file-text", "title": f"{rhythm} {period.name}",
        "detail": "", "due": period.due,
        "url": address("reports:periodic-list", rhythm=period.rhythm, on=period.begins.isoformat()),
    }  # fmt: skip


def milestones(scope: Scope) -> Days:
    """Steps of the works that are due within a week or late, first those that are late longest."""
    rows = scope.of_programme(Milestone, EDIT).filter(actual_on__isnull=True).select_related("area", "programme")
    rows = rows.order_by("planned_on", "id")[:5]
    yield [rows]
    standings = [(one, Standing(one.planned_on, None, clock.today())) for one in rows]
    return [_milestone(*one) for one in standings if one[1].late_days or (one[1].days_left or 0) <= AHEAD_DAYS]


def _milestone(one: Milestone, standing: Standing) -> dict[str, Any]:
    return {
        "icon": "alert-circle" if standing.late_days else "clock", "title": one.name,
        "detail": one.area.name, "due": one.planned_on,
        "url": address("programmes:milestone-list", one.programme.code),
    }  # fmt: skip
