"""One household by hand: entered or corrected."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.refusals import Refused
from households import register_queries
from households.forms import EditHouseholdForm, NewHouseholdForm
from households.importing.checked import CONFIRMABLE
from households.importing.context import needed_fields
from households.models import Dwelling
from households.services import households
from programmes.chosen import chosen_programme

EDIT = "households.edit"


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def household_new(request: HttpRequest) -> HttpResponse:
    """Enter one household of the chosen programme; the checks are the importer's."""
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    places = Area.objects.visible_to(request.user, EDIT).within(programme.area_id).filter(level=Area.Level.VILLAGE)
    routes = list(programme.technologies.values_list("code", "name"))
    form = NewHouseholdForm(places, routes, request.POST or None, needed=needed_fields(programme))
    to_confirm: list[tuple[str, str]] = []
    if request.method == "POST" and form.is_valid():
        confirmed = frozenset(request.POST.getlist("confirmed")) & CONFIRMABLE
        values: dict[str, Any] = {"values": form.texts(), "area": form.cleaned_data["area"], "confirmed": confirmed}
        try:
            made = households.register_household(programme=programme, by=request.user, **values)  # type: ignore[arg-type]
        except households.RowFaults as refusal:
            to_confirm = _report(form, refusal)
        else:
            messages.success(
                request, _("Household %(number)s is registered.") % {"number": made.household.household_no}
            )
            return redirect("households:household-edit", made.dwelling_no)
    context = {"form": form, "programme": programme, "to_confirm": to_confirm}
    return render(request, "households/household_new.html", context, status=422 if form.errors else 200)


def _report(form: NewHouseholdForm, refusal: households.RowFaults) -> list[tuple[str, str]]:
    """Every sentence beside its field; those that may be confirmed come back as ticks."""
    for name, sentences in refusal.faults.items():
        for words in sentences:
            form.add_error(name if name in form.fields else None, words)
    return refusal.to_confirm


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def household_edit(request: HttpRequest, dwelling_no: str) -> HttpResponse:
    """Correct a household and one dwelling, with a reason; who saved first wins, and the other sees both."""
    rows = Dwelling.objects.select_related("household", "area")
    dwelling = get_visible_or_404(rows, request.user, EDIT, dwelling_no=dwelling_no)
    form = EditHouseholdForm(request.POST or None, initial=EditHouseholdForm.initial_of(dwelling))
    locked = register_queries.locked_values(dwelling)
    form.lock(locked)
    status, theirs = 200, []
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, dwelling, form)
            messages.success(
                request, _("Household %(number)s is changed.") % {"number": dwelling.household.household_no}
            )
            return redirect("households:household-edit", dwelling_no)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            status = refusal.status
            theirs = _both_values(dwelling, form) if status == 409 else []
    context = {"form": form, "dwelling": dwelling, "theirs": theirs, "is_listed": bool(locked)}
    if status == 200 and form.errors:
        status = 422
    return render(request, "households/household_edit.html", context, status=status)


def _save(request: HttpRequest, dwelling: Dwelling, form: EditHouseholdForm) -> None:
    data = form.cleaned_data
    households.edit_household(
        dwelling=dwelling, version=data["version"], changes=form.changes(), reason=data["reason"], by=request.user,  # type: ignore[arg-type]
        classes_since=data["classes_since"],
    )  # fmt: skip


def _both_values(dwelling: Dwelling, form: EditHouseholdForm) -> list[dict[str, Any]]:
    """Field by field what stands there now and what was typed, where they differ."""
    now = EditHouseholdForm.initial_of(dwelling)
    typed = form.changes()
    return [
        {"label": form.fields[name].label, "now": now[name], "typed": typed[name]}
        for name in typed
        if (now.get(name) or "") != (typed[name] or "")
    ]
