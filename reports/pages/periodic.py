"""Weekly, monthly, quarterly and annual reports (page 41): who is late, the figures, the words, the frozen copy."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods

from accounts.access import get_visible_or_404, requires
from accounts.models import User
from core import clock
from core.refusals import Refused
from core.seasons import Season, SeasonError, SeasonRule
from core.workbooks.write import INTEGER, Column, Labels, LedgerWriter
from programmes.plan_queries import calendar_of
from reports.links import address
from reports.models import PeriodicReport
from reports.periods import RHYTHMS, WEEK, Period, before, due_soon, period_of
from reports.queries import periodic as queries
from reports.queries.progress import FIGURES
from reports.queries.scope import Scope, scope_of
from reports.services import exports, orders, periodic
from reports.services.minutes import NAMES, minutes_of, typed


@require_http_methods(["GET", "POST"])
@requires("overview.view")
def report_list(request: HttpRequest) -> HttpResponse:
    """`?rhythm=&on=`: every place and its report of the period, and the days of the plan; POST begins one's own."""
    scope = scope_of(request)
    asked = request.POST if request.method == "POST" else request.GET
    rhythm = asked.get("rhythm", WEEK)
    rhythm = rhythm if rhythm in RHYTHMS else WEEK
    period = period_of(rhythm, _day(asked.get("on", ""))) if asked.get("on") else queries.latest(rhythm)
    status, fault = 200, ""
    if request.method == "POST":
        try:
            return _named(request, scope, period) if asked.get("deed") == "name" else _begun(request, scope, period)
        except Refused as refusal:
            status, fault = refusal.status, refusal.sentence
    context = {
        "period": period, "before": before(period), "next": period_of(rhythm, period.ends + dt.timedelta(days=1)),
        "standings": queries.standings(scope, period, clock.today()), "fault": fault,
        "rhythms": PeriodicReport.Rhythm.choices, "programme": scope.programme,
        "calendar": calendar_of(scope.programme, clock.today())[:12] if scope.programme else [],
        "due": due_soon(clock.today()), "season": _season(scope), "rhythm_names": dict(PeriodicReport.Rhythm.choices),
        "may_write": bool(scope.area_code) and scope.user.has_right(periodic.RIGHT, scope.area_code),
        "may_begin": period.may_begin(clock.today()),
    }  # fmt: skip
    context["writers"] = queries.writers_for(scope) if context["may_write"] else []
    return render(request, "reports/periodic_list.html", context, status=status)


def _begun(request: HttpRequest, scope: Scope, period: Period) -> HttpResponse:
    if scope.programme is None or not scope.area_code:
        raise Refused("NO_PROGRAMME", gettext_lazy("Choose a programme and a place of yours first."))
    made = periodic.open_report(
        programme=scope.programme, area_code=scope.area_code, period=period, by=cast(User, request.user)
    )
    return redirect("reports:periodic-detail", pk=made.pk)


def _season(scope: Scope) -> Season | None:
    """The season that runs or comes next: running subsidies and meter readings fall into it (T-33, T-36)."""
    if scope.programme is None:
        return None
    try:
        rule = SeasonRule.parse(scope.programme.season_start, scope.programme.season_end)
    except SeasonError:
        return None
    return rule.season_of(clock.today()) or rule.season(clock.today().year)


def _named(request: HttpRequest, scope: Scope, period: Period) -> HttpResponse:
    """Name the writer of one of the places shown."""
    place, person = request.POST.get("place", ""), request.POST.get("person", "")
    known = {one.area.code for one in queries.standings(scope, period, clock.today())}
    wanted = int(person) if person.isascii() and person.isdigit() else 0
    writer = next((one for one in queries.writers_for(scope) if one.pk == wanted), None)
    if scope.programme is None or place not in known or writer is None:
        raise Refused("NOT_A_WRITER", gettext_lazy("Choose a place and a person who may write its reports."))
    periodic.name_reporter(
        programme=scope.programme, area_code=place, rhythm=period.rhythm, person=writer, by=cast(User, request.user)
    )
    return redirect(address("reports:periodic-list", rhythm=period.rhythm, on=period.begins.isoformat()))


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return clock.today()


@require_http_methods(["GET", "POST"])
@requires("overview.view")
def periodic_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One report; `?print=1` on paper, `?xlsx=1` as a workbook; both from the stored figures."""
    rows = PeriodicReport.objects.select_related("programme", "area", "reporter", "frozen_by")
    report = get_visible_or_404(rows, request.user, pk=pk)
    status, fault = 200, ""
    if request.method == "POST":
        try:
            if request.POST.get("deed") == "orders":
                return _ordered(request, report)
            _changed(request, report)
            return redirect("reports:periodic-detail", pk=pk)
        except Refused as refusal:
            status, fault = refusal.status, refusal.sentence
    if request.GET.get("xlsx"):
        return _workbook(report)
    context = {
        "report": report, "period": periodic.period_of_report(report), "fault": fault,
        "headings": [words for words, _stage in FIGURES.values()], "lines": _lines(report),
        "late": report.late_days(clock.today()), "words": request.POST.get("words", report.words),
        "holds": not report.frozen_at or periodic.content_hash(report) == report.content_hash,
        "may_write": cast(User, request.user).has_right(periodic.RIGHT, report.area_id) and not report.frozen_at,
        "may_order": cast(User, request.user).has_right("supervision.act", report.area_id),
        "behind": orders.laggards_of(report.figures["places"]), "weekly": report.rhythm == WEEK,
        "minutes": typed(request.POST.dict()) if fault and "minutes_words" in request.POST else minutes_of(report),
    }  # fmt: skip
    name = "reports/periodic_print.html" if request.GET.get("print") else "reports/periodic.html"
    return render(request, name, context, status=status)


def _ordered(request: HttpRequest, report: PeriodicReport) -> HttpResponse:
    """Drafts of supervision orders for who lags behind; they are worded and sent on their own pages."""
    drafted = orders.draft_for_report(report=report, by=cast(User, request.user), now=clock.now())
    said = _("%(n)d orders are drafted; %(known)d places have one already.")
    messages.success(request, said % {"n": len(drafted.made), "known": drafted.known})
    return redirect(f"{reverse('supervision:measure-list')}?state=draft")


def _lines(report: PeriodicReport) -> list[tuple[str, list[int | None]]]:
    """(place, planned and figures), the whole last."""
    figures = report.figures
    rows = [*figures["places"], {"name": _("Altogether"), **figures["whole"]}]
    return [(row["name"], [row["planned"], *(row[key] for key in FIGURES)]) for row in rows]


def _changed(request: HttpRequest, report: PeriodicReport) -> None:
    by, deed, seen = cast(User, request.user), request.POST.get("deed", ""), request.POST.get("seen", "")
    version = int(seen) if seen.isascii() and seen.isdigit() else 0
    saved = periodic.save_report(
        report=report, words=request.POST.get("words", ""), seen=version, by=by, refill=deed == "refill",
        minutes=typed(request.POST.dict()) if "minutes_words" in request.POST else None,
    )  # fmt: skip
    if deed == "freeze":
        periodic.freeze_report(report=saved, by=by)


def _minutes_told(report: PeriodicReport) -> dict[str, str]:
    """The minutes as lines of a workbook's second sheet; none where none were written."""
    minutes = minutes_of(report)
    return {str(NAMES[name]): value[:3000] for name, value in asdict(minutes).items() if value}


def _workbook(report: PeriodicReport) -> HttpResponse:
    """The figures as a sheet with sums; the text and the hash on the second."""
    columns = [
        Column("name", _("Place"), width=18), Column("planned", _("in the plan"), INTEGER, total=True),
        *(Column(key, str(words), INTEGER, total=True) for key, (words, _stage) in FIGURES.items()),
    ]  # fmt: skip
    title = f"{report.programme.name} {report.area.name} {report.get_rhythm_display()} {report.begins_on}"
    query = {
        _("Period"): f"{report.begins_on} – {report.ends_on}", pgettext("report", "Text"): report.words[:3000],
        **_minutes_told(report), _("Frozen"): str(report.frozen_at or "—"), "SHA-256": report.content_hash or "—",
        **{
            f"{pgettext('ledger', 'Unit')} {one['name']}": one["hash"] or _("not handed in")
            for one in report.figures.get("units", [])
        },
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        writer = LedgerWriter(
            path, columns, titles=[title], query=query, sheet_name=str(report.get_rhythm_display()),
            created=report.frozen_at or report.filled_at,
            labels=Labels(_("Total"), _("Query"), _("rows"), _("SHA-256 of the rows")),
        )  # fmt: skip
        writer.write(report.figures["places"])
        response = HttpResponse(path.read_bytes(), content_type=exports.XLSX)
    response["Content-Disposition"] = f'attachment; filename="report-{report.area_id}-{report.begins_on}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response
