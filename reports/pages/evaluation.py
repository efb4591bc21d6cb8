"""The yearly performance evaluation: what stands, what is missing and who owes it, the result, and the pack."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.models import User
from core import clock
from core.papers import MAX_BYTES
from core.refusals import Refused
from programmes.models import Programme
from reports.audit_forms import EvaluationForm
from reports.ledgers.evaluation import EVALUATION
from reports.links import address
from reports.models import AnnualEvaluation, LedgerExport
from reports.queries.evaluation import evaluation_of
from reports.queries.scope import Scope, scope_of
from reports.services import evaluation as services
from reports.services import exports


@require_http_methods(["GET", "POST"])
@requires("overview.view")
def evaluation(request: HttpRequest) -> HttpResponse:
    """`?year=`; POST `deed` pack asks for the archive, result records what the evaluation found."""
    scope = scope_of(request)
    if scope.programme is None or not scope.area_code:
        refused = 422 if request.method == "POST" else 200
        return render(request, "reports/evaluation.html", {"found": None}, status=refused)
    year = _year(request, scope.programme)
    status, fault, form = 200, "", None
    if request.method == "POST":
        form = EvaluationForm(request.POST, request.FILES) if request.POST.get("deed") == "result" else None
        try:
            return _done(request, scope, year, form)
        except Refused as refusal:
            status, fault = refusal.status, refusal.sentence
    found = evaluation_of(scope.programme, scope.area_code, year)
    return render(request, "reports/evaluation.html", _context(scope, found, form, fault), status=status)


def _context(scope: Scope, found: Any, form: EvaluationForm | None, fault: str) -> dict[str, Any]:
    packs = scope.of_programme(LedgerExport).filter(kind=EVALUATION.kind, area_id=scope.area_code).order_by("-id")
    return {
        "found": found, "form": form or EvaluationForm(initial=_initial(found.result)), "fault": fault,
        "years": range(found.programme.year_from, found.programme.year_to + 1), "opened": form is not None,
        "may_write": scope.user.has_right(services.WRITE, scope.area_code),
        "may_take": scope.user.has_right(exports.RIGHT, scope.area_code), "packs": packs.select_related("document")[:5],
    }  # fmt: skip


def _year(request: HttpRequest, programme: Programme) -> int:
    asked = request.POST.get("year", "") or request.GET.get("year", "")
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else clock.today().year
    return min(max(wanted, programme.year_from), programme.year_to)


def _initial(result: AnnualEvaluation | None) -> dict[str, Any]:
    if result is None:
        return {}
    amounts = {"planned": result.planned_fen, "decided": result.decided_fen}
    kept = {name: getattr(result, name) for name in ("evaluated_on", "evaluated_by", "score", "grade", "words")}
    return kept | {name: f"{fen // 100}.{fen % 100:02d}" for name, fen in amounts.items() if fen is not None}


def _done(request: HttpRequest, scope: Scope, year: int, form: EvaluationForm | None) -> HttpResponse:
    programme, by = cast(Programme, scope.programme), cast(User, request.user)
    if request.POST.get("deed") == "pack":
        export, _job = services.request_pack(
            programme=programme, area_code=scope.area_code, year=year, by=by, address=request.META.get("REMOTE_ADDR")
        )
        return redirect("reports:export-detail", pk=export.pk)
    if form is None or not form.is_valid():
        raise Refused("RESULT_FAULTY", gettext_lazy("Some fields can't be read; they are marked below."))
    said, seen = form.cleaned_data, request.POST.get("seen", "")
    result = {name: said[name] for name in ("evaluated_on", "evaluated_by", "score", "grade", "words")}
    file = said["paper"]
    services.record_result(
        programme=programme, area_code=scope.area_code, year=year, by=by,
        seen=int(seen) if seen.isascii() and seen.isdigit() else 0,
        result={**result, "planned_fen": said["planned"], "decided_fen": said["decided"]},
        paper=(file.name, file.read(MAX_BYTES + 1)) if file else None,
    )  # fmt: skip
    return redirect(address("reports:evaluation", year=year))
