"""Ledgers on the screen, and taking them out."""

from __future__ import annotations

from functools import partial
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import step_up
from accounts.access import get_visible_or_404, requires
from accounts.models import User
from core.areas import CODE_LENGTHS
from core.files import open_file
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from reports.audit_forms import TemplateForm
from reports.ledgers import printing
from reports.ledgers.base import Extent, Ledger
from reports.ledgers.bundle import BUNDLE
from reports.ledgers.conditions import conditions
from reports.ledgers.filters import LedgerFilter
from reports.ledgers.registry import LEDGERS, SHELVES, known_ledger
from reports.models import LedgerExport, LedgerTemplate
from reports.queries.scope import Scope, scope_of
from reports.services import bundles, exports, templates

OFFERED: dict[str, Ledger] = LEDGERS | {BUNDLE.kind: BUNDLE}
EXPORT_COLUMNS = (
    Column("pk", gettext_lazy("Number"), kind="id", link=True),
    Column("kind", gettext_lazy("Ledger"), value=lambda one: getattr(known_ledger(one.kind), "title", one.kind)),
    Column("area.name", gettext_lazy("Place")),
    Column("row_count", gettext_lazy("Rows"), kind="number"),
    Column("total_fen", gettext_lazy("Sum/CNY"), kind="money"),
    Column("full_numbers", gettext_lazy("Numbers"), value=lambda one: _("full") if one.full_numbers else _("masked")),
    Column("reason", gettext_lazy("Reason"), kind="soft", priority=3),
    Column("requested_by", gettext_lazy("Taken out by"), priority=2),
    Column("requested_at", gettext_lazy("Taken out at"), kind="when", order_by="requested_at"),
)  # fmt: skip


@require_GET
@requires("ledgers.export")
def ledger_list(request: HttpRequest) -> HttpResponse:
    """The kinds of ledgers, and what was taken out lately."""
    scope = scope_of(request)
    rows = scope.of_programme(LedgerExport).select_related("area", "requested_by").order_by("-id")
    table = build_table(
        request, rows, EXPORT_COLUMNS, unit=_("exports"),
        row_url=lambda one: reverse("reports:export-detail", args=[one.pk]),
        empty=(
            _("Nothing has been taken out yet"), _("Every export stays here with its reason and the hash of its rows."),
        ),
    )  # fmt: skip
    mine = [one for one in LEDGERS.values() if scope.user.has_right(one.right)]
    shelves = [(title, [one for one in mine if one.shelf == shelf]) for shelf, title in SHELVES.items()]
    return render_table(request, "reports/ledger_list.html", table, {"shelves": shelves})


@require_GET
@requires("ledgers.export")
def ledger_detail(request: HttpRequest, kind: str) -> HttpResponse:
    """One ledger as a list; its sums are those of the workbook. `?print=1` is the same as sheets of paper."""
    if kind not in LEDGERS:
        raise Http404
    extent = _extent(request, kind)
    ledger = LEDGERS[kind]
    if request.GET.get("print"):
        return render(request, "reports/ledger_print.html", {"sheet": printing.sheet_of(ledger, extent)})
    table = build_table(
        request,
        ledger.for_screen(extent),
        ledger.shown(),
        filterset=partial(LedgerFilter, scope=scope_of(request), ledger=ledger),  # type: ignore[arg-type]
        unit=_("rows"),
        row_url=ledger.url_of,
        empty=(_("No rows in this place"), _("The ledger fills as the works and payments go on.")),
    )
    return render_table(request, "reports/ledger_detail.html", table, {"ledger": ledger, "extent": extent})


@require_http_methods(["GET", "POST"])
@requires("ledgers.export")
def ledger_export(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask what, masked or full and why; then the job. Full numbers ask for the one-time code first."""
    extent = _extent(request, kind)
    wish = _wish(request, kind, extent)
    status, fault = 200, ""
    if request.method == "POST":
        try:
            return _asked(request, wish)
        except Refused as refusal:
            status, fault = refusal.status, refusal.sentence
    ledger = OFFERED[kind]
    context = {
        "ledger": ledger, "extent": extent, "wish": wish, "fault": fault, "query": wish.query,
        "conditions": conditions(ledger, extent),
        "rows": ledger.found(extent).count(), "total_fen": ledger.total_fen(extent),
        "templates": _templates(kind, extent),
        "may_add": request.user.has_right(templates.RIGHT, extent.area_code),  # type: ignore[union-attr]
        "only_full": kind == BUNDLE.kind,
        "may_full": request.user.has_right(exports.RIGHT_FULL, extent.area_code),  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "reports/ledger_export.html", context, status=status)


@require_GET
@requires("ledgers.export")
def export_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What was taken out, when, by whom, why; and the file while it is one's to have."""
    export = _export(request, pk)
    ledger = known_ledger(export.kind)
    said = conditions(ledger, exports.extent_of(export)) if ledger else [export.query]
    return render(request, "reports/export_detail.html", {"export": export, "ledger": ledger, "conditions": said})


@require_GET
@requires("ledgers.export")
def export_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file itself: rights are asked again, the download is written down before the first byte."""
    export = _export(request, pk)
    if export.document is None:
        raise Http404
    exports.record_download(export=export, by=cast(User, request.user), address=request.META.get("REMOTE_ADDR"))
    response = FileResponse(
        open_file(export.document.stored_name), as_attachment=True, filename=export.document.file_name,
        content_type=export.document.content_type,
    )  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


def _export(request: HttpRequest, pk: int) -> LedgerExport:
    rows = LedgerExport.objects.select_related("programme", "area", "requested_by", "document")
    return cast(LedgerExport, get_visible_or_404(rows, request.user, "ledgers.export", pk=pk))


def _extent(request: HttpRequest, kind: str) -> Extent:
    """What the page shows: the chosen programme and place, the filter of the address."""
    scope: Scope = scope_of(request)
    ledger = OFFERED.get(kind)
    if ledger is None or scope.programme is None:
        raise Http404
    if not scope.user.has_right(ledger.right):
        raise PermissionDenied(ledger.right)
    query = request.POST.get("query", "") if request.method == "POST" else request.GET.urlencode()
    return exports.extent_for(ledger, scope.programme, scope.area_code, query, scope.user)


def _wish(request: HttpRequest, kind: str, extent: Extent) -> exports.Wish:
    kept = extent.query.copy()
    for key in ("page", "per", "sort", "view", "print", "cols", "dense"):
        kept.pop(key, None)
    full = request.POST.get("numbers") == "full" or kind == BUNDLE.kind  # the papers show full numbers
    chosen = request.POST.get("template", "")
    known = {one.pk for one in _templates(kind, extent)} if chosen else set()
    template = int(chosen) if chosen.isascii() and chosen.isdigit() and int(chosen) in known else None
    return exports.Wish(
        kind, extent.programme, extent.area_code, kept.urlencode(), full, request.POST.get("reason", ""), template
    )


def _templates(kind: str, extent: Extent) -> list[LedgerTemplate]:
    """Workbooks of the place and of those above it: a town takes the county's."""
    above = [extent.area_code[:length] for length in CODE_LENGTHS.values() if length <= len(extent.area_code)]
    return list(LedgerTemplate.objects.filter(kind=kind, in_use=True, area_id__in=above))


@require_http_methods(["GET", "POST"])
@requires("programmes.edit")
def ledger_template(request: HttpRequest, kind: str) -> HttpResponse:
    """The county's own workbooks for one ledger: what is there, and a form for another one."""
    if kind not in LEDGERS:
        raise Http404
    extent, ledger = _extent(request, kind), LEDGERS[kind]
    form, status, fault = TemplateForm(request.POST or None, request.FILES or None), 200, ""
    if request.method == "POST":
        status = 422
        try:
            if form.is_valid():
                said = form.cleaned_data
                templates.add_template(
                    ledger=ledger, extent=extent, name=said["name"], file_name=said["file"].name,
                    content=said["file"].read(templates.MAX_BYTES + 1), map_text=said["map"],
                    by=cast(User, request.user),
                )  # fmt: skip
                return redirect("reports:ledger-export", kind)
        except Refused as refusal:
            status, fault = refusal.status, refusal.sentence
    context = {
        "ledger": ledger, "form": form, "fault": fault, "known": _templates(kind, extent),
        "columns": ledger.columns(extent),
    }  # fmt: skip
    return render(request, "reports/ledger_template.html", context, status=status)


def _asked(request: HttpRequest, wish: exports.Wish) -> HttpResponse:
    by = cast(User, request.user)
    exports.demand_rights(wish, by)
    if wish.kind == BUNDLE.kind:
        bundles.refuse_too_many(exports.extent_for(BUNDLE, wish.programme, wish.area_code, wish.query, by))
    if wish.full:
        step_up.demand(request, f"export:{wish.kind}:{wish.area_code}:{wish.query}")
    export, _job = exports.request_export(wish=wish, by=by, address=request.META.get("REMOTE_ADDR"))
    return redirect("reports:export-detail", pk=export.pk)
