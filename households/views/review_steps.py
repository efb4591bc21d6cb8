"""Around the rows of the review page: the last step taken back, and who else is at which row."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import get_visible_or_404, requires
from core import clock
from households.models import RosterImport
from households.services import attention, repair_steps

RIGHT = "rosters.import"


@requires(RIGHT)
@require_POST
def import_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Ctrl+Z: the last step of this clerk, one row or a whole group, as if it had not been."""
    found = get_visible_or_404(RosterImport, request.user, RIGHT, pk=pk)
    done = repair_steps.take_back_last(roster_import=found, by=request.user)  # type: ignore[arg-type]
    _tell(request, done)
    anchor = f"#r-{done.rows[0].pk}" if done.rows else ""
    return redirect(f"{reverse('households:import-review', args=[found.pk])}{anchor}")


def _tell(request: HttpRequest, done: repair_steps.TakenBack) -> None:
    if len(done.rows) == 1:
        messages.success(request, _("Taken back: row %(row)s.") % {"row": done.rows[0].row_no})
    elif done.rows:
        words = ngettext("Taken back: %(n)d row.", "Taken back: %(n)d rows.", len(done.rows))
        messages.success(request, words % {"n": len(done.rows)})
    if done.left:
        words = ngettext(
            "%(n)d row was changed or stored since; it stays as it is.",
            "%(n)d rows were changed or stored since; they stay as they are.",
            done.left,
        )
        messages.warning(request, words % {"n": done.left})


@requires(RIGHT)
@require_POST
def import_attention(request: HttpRequest, pk: int) -> JsonResponse:
    """Says where this clerk's cursor is (`row`, empty for nowhere) and learns where the colleagues' are."""
    found = get_visible_or_404(RosterImport, request.user, RIGHT, pk=pk)
    said, now = request.POST.get("row", ""), clock.now()
    row_id = int(said) if said.isascii() and said.isdigit() and len(said) < 15 else None
    attention.note_attention(roster_import=found, row_id=row_id, by=request.user, now=now)  # type: ignore[arg-type]
    others = attention.colleagues_at(found, request.user, now=now)  # type: ignore[arg-type]
    return JsonResponse({"rows": {row: editing_words(names) for row, names in others.items()}})


def editing_words(names: str) -> str:
    return _("%(names)s is editing this row") % {"names": names}
