"""Rosters in: upload, look, repair, store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from core.together import asking, in_step, read
from households import queries
from households.forms import UploadForm
from households.issue_wording import ROW_KIND_TITLES as _KINDS
from households.models import RosterImport
from households.problem_wording import reasons, sentence, title
from households.services import imports, repairs
from households.services.columns import may_choose_header
from households.views.review_page import review_context
from households.views.row_actions import act_on_row
from programmes.chosen import chosen_area_code, chosen_programme

RIGHT = "rosters.import"
COLUMNS = (
    Column("id", gettext_lazy("Number"), kind="id", order_by="id", link=True),
    Column("file.file_name", gettext_lazy("File"), link=True),
    Column("area.name", gettext_lazy("Place"), order_by="area__name"),
    Column("programme.name", gettext_lazy("Programme"), priority=3),
    Column("rows", gettext_lazy("Rows"), kind="number", value=lambda row: row.counts.get("rows")),
    Column("state", gettext_lazy("State"), template="households/cell_state.html"),
    Column("uploaded_by.person_name", gettext_lazy("Uploaded by"), priority=2),
    Column("created_at", gettext_lazy("At"), kind="when", order_by="created_at"),
)


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    """Earlier imports and the drop zone."""
    form = _upload_form(request)
    if request.method == "POST" and form.is_valid():
        return _upload(request, form)
    rows = RosterImport.objects.visible_to(request.user).select_related("file", "area", "programme", "uploaded_by")
    table = build_table(
        request,
        rows.order_by("-id"),
        COLUMNS,
        unit=_("imports"),
        row_url=lambda row: reverse("households:import-review", args=[row.pk]),
        default_sort="-id",
        empty=(_("No roster has been imported yet"), _("Choose a file above.")),
    )
    response = render_table(request, "households/import_list.html", table, {"form": form})
    response.status_code = 422 if form.errors else 200
    return response


def _upload_form(request: HttpRequest) -> UploadForm:
    if request.method == "POST":
        return UploadForm(request.user, request.POST, request.FILES)  # type: ignore[arg-type]
    programme = chosen_programme(request)
    initial = {"programme": programme.code if programme else None, "area": chosen_area_code(request)}
    return UploadForm(request.user, initial=initial)  # type: ignore[arg-type]


def _upload(request: HttpRequest, form: UploadForm) -> HttpResponse:
    file, data = form.cleaned_data["file"], form.cleaned_data
    try:
        made, _job = imports.start_import(
            programme=data["programme"], area=data["area"], content=file.chunks(), file_name=file.name, by=request.user
        )
    except Refused as refusal:
        twin = refusal.values.get("import_id")
        seen = RosterImport.objects.visible_to(request.user).filter(pk=twin).first() if twin else None
        context = {"form": form, "refusal": refusal.sentence, "twin": seen}
        return render(request, "households/import_refused.html", context, status=refusal.status)
    return redirect("households:import-review", made.pk)


@requires(RIGHT)
@require_GET
def import_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the rows went, and the table of rows that need a person."""
    found = _import_of(request, pk)
    if found.corrects_id is not None:
        return _back_to_original(request, found)
    if found.state == RosterImport.State.REFUSED:
        may_choose = may_choose_header(found)
        context = {"roster_import": found, "reasons": reasons(found.refusal), "may_choose": may_choose}
        return render(request, "households/import_unread.html", context)
    if found.state == RosterImport.State.MAPPING:
        return redirect("households:import-columns", found.pk)
    return render(request, "households/import_review.html", review_context(request, found))


def _back_to_original(request: HttpRequest, sent: RosterImport) -> HttpResponse:
    """A marked file that came back has no page of its own: what it changed shows where it belongs."""
    done = {name: sent.counts.get(name, 0) for name in ("corrected_rows", "cells", "ignored")}
    messages.success(request, _("Corrected from the file: %(corrected_rows)d rows, %(cells)d cells.") % done)
    if done["ignored"]:
        words = _("%(ignored)d changed cells of rows that were not faulty were left as they are.")
        messages.info(request, words % done)
    return redirect("households:import-review", sent.corrects_id)


@requires(RIGHT)
@require_GET
def import_rows(request: HttpRequest, pk: int, state: str) -> HttpResponse:
    """The merged or skipped rows, so that nothing vanishes unseen."""
    found = _import_of(request, pk)
    rows = found.rows.filter(state=state).order_by("pk")[:500]
    lines = [{"row": row, "kind": _KINDS.get(row.kind, _("left out")), "words": _line_words(row)} for row in rows]
    return render(request, "households/import_rows.html", {"roster_import": found, "lines": lines, "state": state})


def _line_words(row: Any) -> str:
    if "text" in row.raw:
        return str(row.raw["text"])
    return " · ".join(sentence(one["code"], one["params"], value=one["value"]) for one in row.issues)


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def import_repair(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Preview of one group repair; the post applies what was shown."""
    found = _import_of(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    wanted, proposal = (code, asked.get("value", "")), asked.get("proposal")
    alike = [one for one in queries.repairs(found) if (one.code, one.value) == wanted]
    group = next((one for one in alike if proposal in (None, one.proposal)), None)
    if group is None:
        messages.info(request, _("Nothing is left to repair of this kind."))
        return redirect("households:import-review", found.pk)
    if request.method == "GET":
        context = {"roster_import": found, "group": group, "title": title(code)}
        return render(request, "households/import_repair.html", context)
    if request.POST.get("fingerprint") != group.fingerprint:
        raise Refused("GROUP_CHANGED", _("The rows have changed since they were shown. Look again."), conflict=True)
    done = repairs.repair_group(roster_import=found, repair=group, by=request.user)
    messages.success(request, ngettext("%(n)d row repaired", "%(n)d rows repaired", done) % {"n": done})
    return redirect("households:import-review", found.pk)


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Check page with sums by village, then the order to store the ready rows."""
    found = _import_of(request, pk)
    if request.method == "POST":
        leave_faulty = request.POST.get("leave_faulty") == "1"
        imports.request_apply(roster_import=found, by=request.user, leave_faulty=leave_faulty)
        return redirect("households:import-review", found.pk)
    routes, ready = found.programme.technologies.values_list("code", "name"), queries.ready_by_village(found)
    counts, dry_run, villages, _done = read(in_step(
        queries.counting_rows(found), queries.dry_run(found), queries.village_counts(found), asking(routes, ready),
    ))  # fmt: skip
    context = {"roster_import": found, "counts": counts, "dry_run": dry_run}
    context["villages"] = _village_blocks(villages, ready, dict(routes))
    context |= {"counted": sum(one.counted for one in villages), "target": sum(one.target or 0 for one in villages)}
    return render(request, "households/import_apply.html", context)


@dataclass(frozen=True)
class VillageBlock:
    """What storing would bring a village: `lines` of (technology, rows), beside its target."""

    village: queries.VillageCount
    lines: list[tuple[str, int]]

    @property
    def rows(self) -> int:
        return sum(n for _technology, n in self.lines)


def _village_blocks(
    villages: list[queries.VillageCount], ready: Iterable[dict[str, Any]], routes: dict[str, str]
) -> list[VillageBlock]:
    """Each village that gets rows or has a target, in tree order; one with excluded households alone counts none."""
    lines: dict[str, list[tuple[str, int]]] = defaultdict(list)
    found = {one.area.code: one for one in villages}
    for line in ready:
        code = line["village_id"] or ""
        lines[code].append((routes.get(line["technology"], "—"), line["n"]))
        found.setdefault(code, queries.VillageCount(Area(code=code, name=line["village__name"] or "—"), 0, None))
    return [VillageBlock(found[code], lines[code]) for code in sorted(found)]


def _import_of(request: HttpRequest, pk: int) -> RosterImport:
    """The import with what its pages name, or 404 outside one's area."""
    rows = RosterImport.objects.select_related("programme", "area", "file", "uploaded_by")
    found: RosterImport = get_visible_or_404(rows, request.user, RIGHT, pk=pk)
    return found


@requires(RIGHT)
@require_POST
def import_row(request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
    """Save, take the proposal, confirm, leave out or undo: one row, one request."""
    found = _import_of(request, pk)
    return act_on_row(request, found, row_id)
