"""Around an import: its own file with marks, taking it back, and values two sources state differently."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from core import masks
from households.forms import ReasonForm
from households.importing.checked import cells_of
from households.issue_wording import FIELD_TITLES
from households.models import Dwelling, Household, RosterImport, ValueConflict
from households.provenance import open_conflicts
from households.services import conflicts, imports, marked, undoing
from jobs.models import Job

RIGHT = "rosters.import"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MASKS = {"id_number": masks.mask_id, "phone": masks.mask_phone, "bank_card": masks.mask_card}
_WORDS = {
    "beneficiary_classes": lambda text: "、".join(_label(Household.BeneficiaryClass, code) for code in text.split(",")),
    "old_heating": lambda text: _label(Dwelling.OldHeating, text),
}
_SHOWN = 200


def _label(choices: Any, code: str) -> str:
    return str(dict(choices.choices).get(code, code))


@requires(RIGHT)
@require_GET
def import_marked(request: HttpRequest, pk: int) -> FileResponse:
    """The uploaded file with its faulty cells filled and noted."""
    found = get_visible_or_404(RosterImport, request.user, RIGHT, pk=pk)
    with tempfile.TemporaryDirectory(prefix="marked-") as folder:
        path = Path(folder) / "marked.xlsx"
        marked.write_marked_file(found, path)
        marked.log_marked_file(found, by=request.user, reason=_("faulty cells marked"))
        content = path.open("rb")  # stays readable after the folder is gone
    name = f"{Path(found.file.file_name).stem}_{_('marked')}.xlsx"
    return FileResponse(content, as_attachment=True, filename=name, content_type=_XLSX)


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def import_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an import up; what is stored already is taken back, unless other work stands on it."""
    found = get_visible_or_404(RosterImport, request.user, RIGHT, pk=pk)
    if Job.objects.open().filter(kind=imports.UNDO, args__import_id=found.pk).exists():
        return redirect("households:import-review", found.pk)
    stored = found.rows.filter(state="applied").count()
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _void(request, found, form.cleaned_data["reason"], stored)
    context = {
        "roster_import": found, "form": form, "stored": stored,
        "blockers": undoing.blockers(found) if stored else [],
    }  # fmt: skip
    return render(request, "households/import_void.html", context, status=422 if form.errors else 200)


def _void(request: HttpRequest, found: RosterImport, reason: str, stored: int) -> HttpResponse:
    by: Any = request.user
    if stored:
        undoing.request_undo(roster_import=found, by=by, reason=reason)
        return redirect("households:import-review", found.pk)
    imports.void_import(roster_import=found, by=by, reason=reason)
    messages.success(request, _("The import is void. The same file may be uploaded again."))
    return redirect("households:import-list")


@requires(RIGHT)
@require_GET
def conflict_list(request: HttpRequest) -> HttpResponse:
    """Typed values a roster contradicts, oldest import last."""
    waiting = list(open_conflicts(request.user)[:_SHOWN])  # type: ignore[arg-type]
    return render(request, "households/conflict_list.html", {"lines": [_line(one) for one in waiting]})


def _line(conflict: ValueConflict) -> dict[str, Any]:
    home = conflict.dwelling
    kept = getattr(home.household if hasattr(home.household, conflict.field) else home, conflict.field)
    mask = _MASKS.get(conflict.field) or _WORDS.get(conflict.field, str)
    cell = cells_of(conflict.row).get(conflict.field, "")
    title = FIELD_TITLES.get(conflict.field, conflict.field)
    return {
        "conflict": conflict,
        "title": title,
        "kept": mask(",".join(kept) if isinstance(kept, list) else str(kept)),
        "given": mask(str(conflict.given)),
        "cell": cell,
    }


@requires(RIGHT)
@require_POST
def conflict_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep mine, or take the file's."""
    found = get_visible_or_404(ValueConflict, request.user, RIGHT, pk=pk)
    take_file = request.POST.get("decision") == "file"
    conflicts.decide_conflict(conflict=found, take_file=take_file, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The file's value is taken.") if take_file else _("The typed value is kept."))
    return redirect("households:conflict-list")
