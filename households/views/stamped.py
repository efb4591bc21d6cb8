"""Stamped pages: the print sheet with a code on each page, pictures of stamped pages, handing in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN
from core.files import open_file
from core.papers import MAX_BYTES
from core.qr import Drawing, qr_drawing
from core.refusals import Refused
from households import queries, roster_queries, states
from households.models import Roster, RosterScan
from households.services import rosters, scan_jobs, scans
from households.sheets import QR_PREFIX, Line, Sheet, grouped, sheets_of

VIEW = "households.view"
READ_AT_ONCE = 2
PDF_AT_ONCE = 2 * 2**20


@dataclass(frozen=True)
class PrintedPage:
    """One A4 page: its rows with their numbers, their sum, its code in letters and squares."""

    sheet: Sheet
    rows: list[tuple[int, Line]]
    code: str
    qr: Drawing

    @property
    def area_m2(self) -> Decimal:
        return sum_of(line for _no, line in self.rows)

    @property
    def is_last(self) -> bool:
        return self.sheet.page_no == self.sheet.pages


def sum_of(lines: Any) -> Decimal:
    """Heated area of the lines in m²; empty ones count nothing."""
    return sum((Decimal(line.heated_area_m2) for line in lines if line.heated_area_m2), Decimal(0))


@requires(VIEW)
@require_GET
def roster_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The A4 pages as they were frozen, each with its own code and room for three seals."""
    found = roster_of(request, pk)
    lines = [row.line for row in roster_queries.printed_rows(found)]
    routes: dict[str, int] = {}
    for line in lines:
        routes[line.technology_name] = routes.get(line.technology_name, 0) + 1
    context = {
        "roster": found,
        "count": len(lines),
        "pages": _pages(found, lines),
        "town": Area.objects.filter(pk=found.area_id[: CODE_LENGTHS[TOWN]]).first(),
        "area_m2": sum_of(lines),
        "routes": "、".join(f"{name} {number} 户" for name, number in routes.items()),
        "code": queries.version_code(found),
    }
    return render(request, "households/roster_print.html", context)


def _pages(found: Roster, lines: Sequence[Line]) -> list[PrintedPage]:
    sheets = sheets_of(lines, subject=roster_queries.subject_of(found))
    numbered = list(enumerate(lines, 1))
    return [
        PrintedPage(sheet, numbered[sheet.first_row - 1 : sheet.last_row], grouped(sheet.code), _qr(sheet.code))
        for sheet in sheets
    ]


def _qr(code: str) -> Drawing:
    return qr_drawing(QR_PREFIX + code)


@requires(scans.RIGHT)
@require_POST
def roster_scans(request: HttpRequest, pk: int) -> HttpResponse:
    """Pictures or PDFs of stamped pages; each finds its page by its code, what can't be kept is told by name."""
    get_visible_or_404(Roster, request.user, scans.RIGHT, pk=pk)
    found = roster_of(request, pk)
    files = request.FILES.getlist("scans")
    if not files:
        messages.warning(request, _("Choose at least one picture or PDF."))
        return redirect("households:roster-detail", pk)
    given: dict[str, Any] = {"roster": found, "files": _contents(files), "by": request.user}
    if _takes_long(files):
        scan_jobs.send_scans(**given)
        messages.info(request, _("The pages are being read; this page shows how far it is. You may leave it."))
    else:
        _tell(request, scans.add_scans(**given))
    return redirect("households:roster-detail", pk)


def _takes_long(files: Sequence[Any]) -> bool:
    """One or two pictures are read while the person waits; more, or a PDF of many pages, by a job."""
    large = any(str(file.name).lower().endswith(".pdf") and file.size > PDF_AT_ONCE for file in files)
    return large or len(files) > READ_AT_ONCE


def _contents(files: Sequence[Any]) -> Any:
    """One byte more than allowed is enough to be told that a file is too large."""
    return ((file.name, file.read(MAX_BYTES + 1)) for file in files)


def _tell(request: HttpRequest, done: scans.Received) -> None:
    n = len(done.placed)
    if n:
        pages = ", ".join(str(scan.page.page_no) for scan in done.placed if scan.page)
        words = ngettext("%(n)d stamped page found its place: %(pages)s", "%(n)d stamped pages found their place: "
                         "%(pages)s", n)  # fmt: skip
        messages.success(request, words % {"n": n, "pages": pages})
    if done.unread:
        words = ngettext(
            "On %(n)d picture no code could be read: type the ten characters below it.",
            "On %(n)d pictures no code could be read: type the ten characters below each.",
            len(done.unread),
        )
        messages.warning(request, words % {"n": len(done.unread)})
    for problem in done.problems:
        messages.error(request, problem)


@requires(scans.RIGHT)
@require_POST
def roster_scan_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Type the code of a picture on which none could be read; or take the picture away."""
    scan = get_visible_or_404(RosterScan.objects.select_related("roster"), request.user, scans.RIGHT, pk=pk)
    try:
        if "drop" in request.POST:
            scans.drop_scan(scan=scan, by=request.user)  # type: ignore[arg-type]
            messages.success(request, _("The picture was taken away."))
        else:
            placed = scans.place_scan(scan=scan, code=request.POST.get("code", ""), by=request.user)  # type: ignore[arg-type]
            messages.success(request, _("The picture is page %(n)d.") % {"n": placed.page.page_no})
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return redirect("households:roster-detail", scan.roster_id)


@requires(VIEW)
@require_GET
def roster_scan_show(request: HttpRequest, pk: int) -> HttpResponse:
    """The picture of a stamped page: our own JPEG, never the sender's bytes."""
    rows = RosterScan.objects.select_related("document")
    return jpeg_response(get_visible_or_404(rows, request.user, VIEW, pk=pk).document.stored_name)


def jpeg_response(stored_name: str) -> HttpResponse:
    """Kept by the browser for this person for an hour."""
    response = FileResponse(open_file(stored_name), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline"
    return response


@requires(scans.RIGHT)
@require_http_methods(["GET", "POST"])
def roster_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Check page and deed: hand in the list whose every page the village stamped."""
    found = roster_of(request, pk)
    get_visible_or_404(Roster, request.user, scans.RIGHT, pk=pk)
    context = {**_check_page(found), "signed_name": request.POST.get("signed_name", ""), "refusal": ""}
    if request.method == "GET":
        return render(request, "households/roster_submit.html", context)
    try:
        rosters.submit_roster(
            roster=found, by=request.user, signed_name=context["signed_name"],  # type: ignore[arg-type]
            content_hash=request.POST.get("content_hash", ""),
        )  # fmt: skip
    except Refused as refusal:
        context["refusal"] = refusal.sentence
        return render(request, "households/roster_submit.html", context, status=refusal.status)
    messages.success(request, _("The list of %(area)s was handed in to the town.") % {"area": found.area.name})
    return redirect("households:roster-detail", pk)


def _check_page(found: Roster) -> dict[str, Any]:
    pages = roster_queries.page_states(found)
    rows = queries.roster_rows(found)
    missing = roster_queries.pages_missing(pages, states.VILLAGE)
    return {
        "roster": found,
        "count": len(rows),
        "target": queries.village_targets(found.programme, found.area_id).get(found.area_id),
        "differences": roster_queries.differences(found),
        "excluded": queries.excluded(found.programme, found.area_id).count(),
        "pages": pages,
        "missing": missing,
        "missing_words": roster_queries.page_words(missing),
        "is_current": queries.content_hash(rows) == found.content_hash,
    }


def roster_of(request: HttpRequest, pk: int) -> Roster:
    """The list, or 404 outside one's area."""
    found: Roster = get_visible_or_404(
        Roster.objects.select_related("programme", "area", "prepared_by"), request.user, VIEW, pk=pk
    )
    return found
