"""The bench beyond the trace: sealed samples, findings, amounts computed again, and the log of questions."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import get_visible_or_404, requires
from accounts.models import User
from core import clock
from core.money import parse_yuan
from core.refusals import Refused
from core.tables import Column, Table, build_table, render_table
from reports.audit_forms import FindingForm, SampleForm
from reports.models import AuditFinding, AuditSample, AuditSampleLine, BenchQuery
from reports.queries.recompute import AT_ONCE, Recomputed, assessed_until, from_result, recomputed
from reports.queries.scope import Scope, scope_of
from reports.services import again, findings, sampling
from reports.services.bench_log import note_query
from subsidies.models import PayoutLine

SAMPLE_COLUMNS = (
    Column("number", gettext_lazy("Number"), kind="id", link=True),
    Column("title", gettext_lazy("What is examined")),
    Column("area.name", gettext_lazy("Place")),
    Column("stratify", gettext_lazy("Strata"), value=lambda one: one.get_stratify_display(), priority=2),
    Column("population", gettext_lazy("Payments"), kind="number"),
    Column("population_fen", gettext_lazy("Sum/CNY"), kind="money", priority=2),
    Column("size", gettext_lazy("Sample"), kind="number"),
    Column("sealed_by.person_name", gettext_lazy("Sealed by"), priority=3),
    Column("sealed_at", pgettext_lazy("ledger", "Sealed"), kind="when"),
    Column("drawn_at", gettext_lazy("Drawn"), kind="when"),
)
FINDING_COLUMNS = (
    Column("number", gettext_lazy("Number"), kind="id", link=True),
    Column("title", gettext_lazy("In short")),
    Column("area.name", gettext_lazy("Place"), priority=2),
    Column("weight", gettext_lazy("Gravity"), value=lambda one: one.get_weight_display()),
    Column("amount_fen", gettext_lazy("Amount/CNY"), kind="money", priority=2),
    Column("owner", gettext_lazy("Unit that answers")),
    Column("due_on", gettext_lazy("Answer until"), kind="when", order_by="due_on"),
    Column("state", gettext_lazy("State"), template="reports/parts/cell_state.html"),
    Column("late", gettext_lazy("Days late"), kind="number", value=lambda one: _late(one)),
)
QUERY_COLUMNS = (
    Column("asked_at", gettext_lazy("When"), kind="when"),
    Column("asked_by.person_name", gettext_lazy("Who")),
    Column("page", gettext_lazy("Page")),
    Column("query", gettext_lazy("What was asked"), kind="mono"),
    Column("answer", gettext_lazy("It found")),
)


def _late(one: AuditFinding) -> int | None:
    return one.late_days(clock.today()) or None


@require_http_methods(["GET", "POST"])
@requires("audit.trace")
def sample_list(request: HttpRequest) -> HttpResponse:
    """Samples, and the form that seals a new one."""
    scope = scope_of(request)
    form, status, fault = SampleForm(request.POST or None), 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid() and scope.programme is not None:
            try:
                made = sampling.seal_sample(
                    wish=sampling.Wish(scope.programme, scope.area_code, **form.cleaned_data), by=_person(request)
                )
                return redirect("reports:sample-detail", pk=made.pk)
            except Refused as refusal:
                status, fault = refusal.status, refusal.sentence
    rows = scope.of_programme(AuditSample).select_related("area", "sealed_by")
    table = build_table(
        request, rows.order_by("-id"), SAMPLE_COLUMNS, unit=_("samples"), row_url=_sample_url,
        empty=(_("No sample yet"), _("What is to be examined is sealed first: seed, strata, sizes and the payments.")),
    )  # fmt: skip
    context = {"form": form, "fault": fault, "may_find": _may_find(scope), "subject": "samples"}
    return _with(request, table, context, status)


def _sample_url(one: AuditSample) -> str:
    return reverse("reports:sample-detail", args=[one.pk])


@require_http_methods(["GET", "POST"])
@requires("audit.trace")
def sample_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The sealed record, the draw, the worksheet per payment, and what it says about the whole; `?print=1`: a sheet of
    paper per household, to take along."""
    rows = AuditSample.objects.select_related("programme", "area", "sealed_by")
    sample = get_visible_or_404(rows, request.user, pk=pk)
    status, fault = 200, ""
    if request.method == "POST":
        try:
            _deed(request, sample)
            return redirect("reports:sample-detail", pk=pk)
        except Refused as refusal:
            status, fault = refusal.status, refusal.sentence
    if request.GET.get("print"):
        return render(request, "reports/audit/sheets.html", {"sample": sample, "lines": _to_visit(sample)})
    return render(request, "reports/audit/sample.html", _sample_context(request, sample, fault), status=status)


def _to_visit(sample: AuditSample) -> list[AuditSampleLine]:
    """The drawn and their substitutes, in their order, with what the portal says about each."""
    due = "line__entitlement"
    return list(
        sample.lines.select_related(
            "line__batch", f"{due}__dwelling", f"{due}__household", f"{due}__task__technology",
            f"{due}__task__installation__heater", "area",
        )
    )  # fmt: skip


def _deed(request: HttpRequest, sample: AuditSample) -> None:
    by = _person(request)
    if request.POST.get("deed") == "draw":
        sampling.draw_sample(sample=sample, by=by)
        return
    key = request.POST.get("line", "")
    line = sample.lines.filter(pk=int(key)).first() if key.isascii() and key.isdigit() else None
    if line is None:
        raise Refused("LINE_UNKNOWN", gettext_lazy("This payment is not part of the sample."))
    sampling.judge_line(
        line=line, verdict=request.POST.get("verdict", ""), words=request.POST.get("words", ""), by=by,
        right_fen=_fen(request.POST.get("right", "")),
    )  # fmt: skip


def _fen(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return parse_yuan(text)
    except ValueError:
        words = gettext_lazy("Write an amount in yuan with at most two decimals, e.g. 5400.00.")
        raise Refused("AMOUNT_UNREADABLE", words) from None


def _sample_context(request: HttpRequest, sample: AuditSample, fault: str) -> dict[str, Any]:
    lines = list(
        sample.lines.select_related("line__entitlement__dwelling", "line__entitlement__household", "area", "judged_by")
    )
    used = {one.pk for one in sampling.in_use(sample)} if sample.drawn_at else set()
    return {
        "sample": sample, "lines": [(one, one.pk in used) for one in lines], "fault": fault,
        "same": sampling.same_again(sample) if sample.drawn_at else None,
        "result": sampling.result_of(sample, [one for one in lines if one.pk in used]) if sample.drawn_at else None,
        "verdicts": AuditSampleLine.Verdict.choices,
        "may_find": cast(User, request.user).has_right(sampling.RIGHT, sample.area_id),
        "may_bundle": cast(User, request.user).has_right("ledgers.export_full", sample.area_id),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("audit.trace")
def finding_list(request: HttpRequest) -> HttpResponse:
    """The register of findings, and the form for a new one."""
    scope = scope_of(request)
    form, status, fault = FindingForm(request.POST or None), 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid() and scope.programme is not None:
            try:
                made = findings.open_finding(found=_found(scope, form.cleaned_data), by=_person(request))
                return redirect("reports:finding-detail", pk=made.pk)
            except Refused as refusal:
                status, fault = refusal.status, refusal.sentence
    rows = scope.of_programme(AuditFinding).select_related("area")
    table = build_table(
        request, rows.order_by("-id"), FINDING_COLUMNS, unit=_("findings"),
        row_url=lambda one: reverse("reports:finding-detail", args=[one.pk]),
        empty=(_("No findings"), _("A finding names who answers and until when; it is closed when the answer holds.")),
    )  # fmt: skip
    context = {"form": form, "fault": fault, "may_find": _may_find(scope), "subject": "findings"}
    return _with(request, table, context, status)


def _found(scope: Scope, said: dict[str, Any]) -> findings.Found:
    """The finding as typed; a dwelling narrows it to its village and its payment: one that arrived before one that the
    bank refused or sent back."""
    number, line = said.pop("dwelling"), None
    said["amount_fen"] = said.pop("amount")
    if number:
        rows = scope.of_programme(PayoutLine, "audit.trace", "batch__programme")
        is_paid = Case(When(state=PayoutLine.State.PAID, then=0), default=1)
        line = rows.filter(entitlement__dwelling__dwelling_no=number).order_by(is_paid, "id").first()
        if line is None:
            words = gettext_lazy("No payment for a dwelling “%(number)s” lies in this place.")
            raise Refused("DWELLING_UNKNOWN", words, number=number)
    assert scope.programme is not None
    area = line.area_id if line else scope.area_code
    return findings.Found(programme=scope.programme, area_code=area, line=line, **said)


@require_http_methods(["GET", "POST"])
@requires("audit.trace")
def finding_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding with its answer; the unit answers, auditors close or give it back."""
    rows = AuditFinding.objects.select_related(
        "area", "opened_by", "answered_by", "closed_by", "sample", "line__entitlement__dwelling"
    )
    finding = get_visible_or_404(rows, request.user, pk=pk)
    status, fault = 200, ""
    if request.method == "POST":
        try:
            _move(request, finding)
            return redirect("reports:finding-detail", pk=pk)
        except Refused as refusal:
            status, fault = refusal.status, refusal.sentence
    auditor = cast(User, request.user).has_right(findings.FIND, finding.area_id)
    context = {"finding": finding, "fault": fault, "auditor": auditor, "late": _late(finding)}
    return render(request, "reports/audit/finding.html", context, status=status)


def _move(request: HttpRequest, finding: AuditFinding) -> None:
    by, words = _person(request), request.POST.get("words", "")
    deed = request.POST.get("deed", "")
    if deed == "answer":
        findings.answer_finding(finding=finding, words=words, by=by)
    elif deed == "close":
        findings.close_finding(finding=finding, words=words, by=by)
    elif deed == "reject":
        findings.reject_answer(finding=finding, words=words, due_on=_day(request.POST.get("due_on", "")), by=by)
    else:
        raise Refused("NO_DEED", gettext_lazy("Choose what is to be done."))


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        words = gettext_lazy("“%(text)s” is no day; write it as 2021-11-30.")
        raise Refused("NO_DAY", words, text=text[:20]) from None


@require_http_methods(["GET", "POST"])
@requires("audit.trace")
def recompute_page(request: HttpRequest) -> HttpResponse:
    """`?on=`: every amount calculated by that day computed again; zero, or a list of differences. More than fit into a
    page's time are left to a job, which leads back here with `&job=`."""
    scope, fault, found, many = scope_of(request), "", None, 0
    asked = request.POST.get("on") or request.GET.get("on", "")
    try:
        if request.method == "POST" and scope.programme is not None:
            job = again.ask_for_all(scope=scope, on=_day(asked), by=_person(request))
            return redirect("jobs:job-detail", job.pk)
        if asked:
            found, many = _again(scope, _day(asked), request.GET.get("job", ""))
    except Refused as refusal:
        fault = refusal.sentence
    context = {
        "found": found,
        "many": many,
        "fault": fault,
        "asked": asked or clock.today().isoformat(),
        "programme": scope.programme,
    }
    refused = fault or request.method == "POST"
    return render(request, "reports/audit/recompute.html", context, status=422 if refused else 200)


def _again(scope: Scope, on: dt.date, job: str) -> tuple[Recomputed | None, int]:
    """What a job found, what is computed now, or how many are too many for now."""
    if kept := again.result_of(scope.user, job):
        return from_result(scope, kept), 0
    many = assessed_until(scope, on).order_by().count()
    if many > AT_ONCE:
        return None, many
    found = recomputed(scope, on)
    note_query(scope, "recompute", {"on": on.isoformat()}, again.said(found))
    return found, 0


@require_GET
@requires("audit.log")
def query_log(request: HttpRequest) -> HttpResponse:
    """What was asked at the bench, by whom, and what it found."""
    scope = scope_of(request)
    rows = scope.of_programme(BenchQuery).select_related("asked_by").order_by("-id")
    table = build_table(
        request, rows, QUERY_COLUMNS, unit=_("questions"),
        empty=(_("Nothing was asked yet"), _("Paths, names and days looked up at the bench are written down here.")),
    )  # fmt: skip
    return _with(request, table, {"subject": "queries"}, 200)


def _with(request: HttpRequest, table: Table, context: dict[str, Any], status: int) -> HttpResponse:
    response = render_table(request, "reports/audit/list.html", table, context)
    response.status_code = status
    return response


def _may_find(scope: Scope) -> bool:
    return bool(scope.area_code) and bool(scope.user.has_right(sampling.RIGHT, scope.area_code))


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
