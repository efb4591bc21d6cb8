"""The programme's progress: figures with their lists, per place, technology and year; and the weeks before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import requires
from core.areas import CODE_LENGTHS, TOWN
from households.register_queries import task_count
from programmes.chosen import offered_programmes
from reports.links import address
from reports.queries import progress as queries
from reports.queries.scope import Scope, scope_of


@require_GET
@requires("overview.view")
def progress(request: HttpRequest) -> HttpResponse:
    """`?town=&technology=&year=` narrow the page; what is no choice of the programme counts as not chosen."""
    scope = scope_of(request)
    narrowed = narrowed_by(request, scope)
    found, weeks = queries.progress_of(scope, narrowed), queries.weeks_of(scope, narrowed)
    context = {
        **_drawn(scope, found.whole), "tables": found, "weeks": weeks, "chips": chips_of(scope, narrowed, found),
        "venues": task_count(scope.programme, narrowed.town or scope.area_code) if scope.programme else None,
        "curve": [week.figures["accepted"] for week in reversed(weeks)] if len(weeks) > 1 else [],
    }  # fmt: skip
    return render(request, "reports/progress.html", context)


@require_GET
@requires("overview.view")
def progress_part(request: HttpRequest, code: str) -> HttpResponse:
    """One line for the programme's own page; for a programme that isn't the chosen one, the way to choose it."""
    if all(one.code != code for one in offered_programmes(request)):
        raise Http404
    scope = scope_of(request)
    chosen = scope.programme is not None and scope.programme.code == code
    whole = queries.progress_of(scope, queries.Narrowed()).whole if chosen else None
    context = {**_drawn(scope, whole), "code": code}
    return render(request, "reports/parts/progress_line.html", context)


def _drawn(scope: Scope, whole: queries.Line | None) -> dict[str, Any]:
    """What every table of figures needs; who may not read households sees the figures without their lists."""
    return {
        "programme": scope.programme, "whole": whole, "linked": scope.user.has_right("households.view"),
        "headings": [name for name, _stage in queries.FIGURES.values()],
    }  # fmt: skip


@dataclass(frozen=True)
class Chip:
    """A condition that narrows the page, and the address without it."""

    label: str
    words: str
    without: str


def chips_of(scope: Scope, narrowed: queries.Narrowed, found: queries.Progress) -> list[Chip]:
    words = {
        "town": (_("Town"), found.town), "technology": (_("Technology"), dict(scope.routes).get(narrowed.technology)),
        "year": (_("Year"), narrowed.year),
    }  # fmt: skip
    chosen = narrowed.query
    return [
        Chip(label, _("none yet") if chosen[name] == queries.NONE else said or chosen[name],
             address("reports:progress", **(chosen | {name: ""})))
        for name, (label, said) in words.items() if chosen[name]
    ]  # fmt: skip


def narrowed_by(request: HttpRequest, scope: Scope) -> queries.Narrowed:
    town, route, year = (request.GET.get(name, "")[:30] for name in ("town", "technology", "year"))
    is_town = len(town) == CODE_LENGTHS[TOWN] and town.isascii() and town.isdigit()
    routes = {code for code, _name in scope.routes} | {queries.NONE}
    years = {str(one) for one in scope.years} | ({queries.NONE} if scope.years else set())
    return queries.Narrowed(town if is_town else "", route if route in routes else "", year if year in years else "")
