"""One row of the review page: what was pressed, and what is drawn anew."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.refusals import Refused
from households.importing.checked import problems_of
from households.models import ImportRow, RosterImport
from households.roster.columns import FIELDS
from households.services import repairs
from households.views.review_page import counts_context, review_context, technology_names
from households.views.review_rows import shown_row

Typed = dict[str, str]


def act_on_row(request: HttpRequest, found: RosterImport, row_id: int) -> HttpResponse:
    """Do what the pressed button says; with htmx the row and the counts come back, else the page."""
    row = found.rows.select_related("village", "edited_by").filter(pk=row_id).first()
    if row is None:
        raise Http404
    typed: Typed = {name: request.POST[name] for name in FIELDS if name in request.POST}
    try:
        saved = _act(request, row, typed)
    except Refused as refusal:
        return _refused(request, found, row_id, typed, refusal)
    if request.headers.get("HX-Request"):
        return _fragment(request, found, saved)
    messages.success(request, _("Row %(row)s saved.") % {"row": saved.row_no})
    return redirect(f"{reverse('households:import-review', args=[found.pk])}#r-{saved.pk}")


def _act(request: HttpRequest, row: ImportRow, typed: Typed) -> ImportRow:
    version, by = _version(request), request.user
    if "undo" in request.POST:
        return repairs.undo_row(row=row, version=version, by=by)  # type: ignore[arg-type]
    if "leave_out" in request.POST:
        return repairs.leave_out_row(row=row, version=version, by=by)  # type: ignore[arg-type]
    if "confirm" in request.POST:
        return repairs.confirm_row(row=row, version=version, code=request.POST["confirm"], by=by)  # type: ignore[arg-type]
    if "take" in request.POST:
        typed = {**typed, **_proposal(row, request.POST["take"])}
    return repairs.correct_row(row=row, version=version, changes=typed, by=by)  # type: ignore[arg-type]


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def _proposal(row: ImportRow, column: str) -> Typed:
    """The stored proposal of a column: what is applied is what the server proposed, not what was posted."""
    for problem in problems_of(row):
        if problem.column == column and problem.proposal:
            return {column: problem.proposal}
    raise Refused("NO_PROPOSAL", _("There is no proposal for this cell any more. Type the value."))


def _fragment(request: HttpRequest, found: RosterImport, row: ImportRow) -> HttpResponse:
    relatives = found.rows.filter(keys_index__overlap=row.keys_index, state=ImportRow.State.FAULTY)
    names = technology_names(found)
    others = [shown_row(one, names) for one in relatives.select_related("village", "edited_by").exclude(pk=row.pk)]
    context = {
        **counts_context(found, request.user),
        "item": shown_row(row, names),
        "others": others,
        "cause": "",
        "hide": False,
    }
    return render(request, "households/row_saved.html", context)


def _refused(request: HttpRequest, found: RosterImport, row_id: int, typed: Typed, refusal: Refused) -> HttpResponse:
    """The sentence in the row itself, with what stands there now and what the person typed."""
    row = found.rows.select_related("village", "edited_by").get(pk=row_id)
    item = shown_row(row, technology_names(found), typed if refusal.code == "ROW_CHANGED" else None)
    context: dict[str, Any] = {"roster_import": found, "item": item, "refusal": refusal.sentence, "can_edit": True}
    if request.headers.get("HX-Request"):
        return render(request, "households/row.html", context, status=refusal.status)
    page = review_context(request, found)
    page["rows"] = [item if one.row.pk == row_id else one for one in page["rows"]]
    page |= {"refusal": refusal.sentence, "refused_row": row_id}
    return render(request, "households/import_review.html", page, status=refusal.status)
