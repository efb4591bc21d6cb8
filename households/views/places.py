"""Places: names, class, networks and capacities, by which the route of a village is chosen."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from households.register_filters import PlaceFilter
from households.register_forms import PlaceForm
from households.services import places
from programmes.chosen import chosen_area_code

VIEW, EDIT = "households.view", "places.edit"
_CLASSES = dict(places.AREA_CLASSES)


def _flag(name: str) -> Any:
    words = {True: gettext_lazy("yes"), False: gettext_lazy("no"), None: None}
    return lambda row: words[getattr(row, name)]


COLUMNS = (
    Column("code", gettext_lazy("Code"), kind="id", order_by="code", link=True),
    Column("name", gettext_lazy("Place"), order_by="name"),
    Column("level", gettext_lazy("Level"), value=lambda row: row.get_level_display(), priority=2),
    Column("aliases", gettext_lazy("Other names"), value=lambda row: "，".join(row.aliases) or None, priority=2),
    Column("area_class", gettext_lazy("Area class"), value=lambda row: _CLASSES.get(row.area_class)),
    Column("in_heat_network", gettext_lazy("Heat network"), value=_flag("in_heat_network")),
    Column("in_no_coal_zone", gettext_lazy("No-coal zone"), value=_flag("in_no_coal_zone")),
    Column("gas_available", gettext_lazy("Gas"), value=_flag("gas_available"), priority=2),
    Column("grid_capacity_ok", gettext_lazy("Grid capacity"), value=_flag("grid_capacity_ok"), priority=2),
)


@requires(VIEW)
@require_GET
def place_list(request: HttpRequest) -> HttpResponse:
    rows = Area.objects.visible_to(request.user, VIEW)
    chosen = chosen_area_code(request)
    table = build_table(
        request, rows.within(chosen) if chosen else rows, COLUMNS, filterset=PlaceFilter, unit=_("places"),
        row_url=lambda row: reverse("households:place-detail", args=[row.code]), default_sort="code",
    )  # fmt: skip
    return render_table(request, "households/place_list.html", table)


@requires(VIEW)
@require_GET
def place_detail(request: HttpRequest, code: str) -> HttpResponse:
    """What is known of one place."""
    area = get_visible_or_404(Area, request.user, VIEW, code=code)
    may_edit = request.user.has_right(EDIT, code)  # type: ignore[union-attr]
    return render(request, "households/place_detail.html", {"area": area, "facts": _facts(area), "may_edit": may_edit})


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def place_edit(request: HttpRequest, code: str) -> HttpResponse:
    area = get_visible_or_404(Area, request.user, EDIT, code=code)
    form = PlaceForm(request.POST or None, initial=PlaceForm.initial_of(area))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _save(request, area, form)
                return redirect("households:place-detail", code)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = refusal.status
    context = {"area": area, "form": form, "shown": _seen(area)}
    return render(request, "households/place_edit.html", context, status=status)


def _facts(area: Area) -> list[tuple[Any, Any]]:
    return [(column.label, column.of(area)) for column in COLUMNS]


def _seen(area: Area) -> str:
    """What the person has open, to notice that somebody else saved first."""
    return signing.dumps({name: getattr(area, name) for name in places.FIELDS}, salt="place")


def _save(request: HttpRequest, area: Area, form: PlaceForm) -> None:
    try:
        shown = signing.loads(request.POST.get("shown", ""), salt="place")
    except (signing.BadSignature, json.JSONDecodeError):
        raise Refused("PLACE_CHANGED", _("Open the page again; it is out of date."), conflict=True) from None
    places.edit_place(
        area=area, shown=shown, changes=form.changes(), reason=form.cleaned_data["reason"], by=request.user  # type: ignore[arg-type]
    )  # fmt: skip
    messages.success(request, _("What is known of %(area)s is changed.") % {"area": area.name})
