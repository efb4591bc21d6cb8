"""The page of one workbook: what it would do, everything wrong in it, and storing it; the rows not taken as a file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from heatsupply.models import HeatImport
from heatsupply.models.owned import MANAGE, OWN
from heatsupply.services import files
from heatsupply.services.permits import may_keep
from heatsupply.wording.files import why_words
from retrofits.views.evidence import file_response
from retrofits.views.pages import refused_page

SHOWN = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@requires(MANAGE, OWN)
@require_http_methods(["GET", "POST"])
def file_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Who keeps the company's rows sees its files; a POST stores (`do=store`) or looks again (`do=again`)."""
    rows = HeatImport.objects.select_related(
        "company", "programme", "network", "file", "back", "job", "sent_by", "stored_by"
    )
    made: HeatImport = get_visible_or_404(rows, request.user, pk=pk)
    if not may_keep(request.user, made.company):  # type: ignore[arg-type]
        raise PermissionDenied(OWN)
    if request.method == "POST":
        return _act(request, made)
    if request.GET.get("as") == "rows":
        return _rows_back(made)
    part = "heatsupply/parts/file.html" if request.headers.get("HX-Request") else "heatsupply/file_detail.html"
    return render(request, part, context_of(made))


def context_of(made: HeatImport) -> dict[str, Any]:
    told = [{**one, "words": why_words(one, made.kind)} for one in made.said[:SHOWN]]
    works = made.job is not None and made.job.is_open
    return {
        "one": made, "problems": told, "more": max(0, made.counts.get("problems", 0) - len(told)), "works": works,
        "stopped": made.state == HeatImport.State.STORING and not works,
        "stuck": made.state == HeatImport.State.READING and not works,
        "does": made.counts.get("new", 0) + made.counts.get("changed", 0),
    }  # fmt: skip


def _act(request: HttpRequest, made: HeatImport) -> HttpResponse:
    user: Any = request.user
    try:
        if request.POST.get("do") == "again":
            files.look_again(made=made, by=user)
            messages.success(request, _("The file is read again."))
        else:
            digest, in_spite = request.POST.get("digest", ""), request.POST.get("in_spite") == "on"
            files.ask_to_store(made=made, digest=digest, in_spite=in_spite, by=user)
            messages.success(request, _("The rows are being stored; you may leave this page."))
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("heat:file-detail", made.pk)


def _rows_back(made: HeatImport) -> HttpResponse:
    if made.back is None:
        raise Http404
    answer = file_response(made.back)
    answer["Content-Type"], answer["Cache-Control"] = XLSX, "private, no-store"
    answer["Content-Disposition"] = f'attachment; filename="rows-to-correct-{made.pk}.xlsx"'
    return answer
