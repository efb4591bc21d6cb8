"""Meters: list, one meter with the dwellings that hang on it, connecting and letting go."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from households import register_queries
from households.models import Dwelling, Meter
from households.register_filters import MeterFilter
from households.register_forms import MeterForm
from households.services import meters
from programmes.chosen import chosen_area_code

VIEW, EDIT = "households.view", "households.edit"
COLUMNS = (
    Column("number", gettext_lazy("Meter number"), kind="id", order_by="number", link=True),
    Column("carrier", gettext_lazy("Energy"), value=lambda row: row.get_carrier_display(), order_by="carrier"),
    Column("is_shared", gettext_lazy("Use"), value=lambda row: _("shared") if row.is_shared else _("individual")),
    Column("dwellings", gettext_lazy("Dwellings"), kind="number", order_by="dwellings"),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
)


@requires(VIEW)
@require_GET
def meter_list(request: HttpRequest) -> HttpResponse:
    rows = register_queries.narrowed(Meter.objects.visible_to(request.user), chosen_area_code(request))
    table = build_table(
        request, rows.select_related("area").annotate(dwellings=Count("supplies")), COLUMNS, filterset=MeterFilter,
        unit=_("meters"), row_url=lambda row: reverse("households:meter-detail", args=[row.pk]),
        default_sort="number",
        empty=(_("No meter was looked at yet"), _("Numbers that came by roster stand in the household file.")),
    )  # fmt: skip
    return render_table(request, "households/meter_list.html", table)


@requires(VIEW)
@require_GET
def meter_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One meter and who hangs on it; dwellings outside the reader's area are counted, not named."""
    meter = get_visible_or_404(Meter.objects.select_related("area"), request.user, VIEW, pk=pk)
    homes = Dwelling.objects.visible_to(request.user).filter(meter_supplies__meter=meter)
    rows = list(homes.select_related("household", "area").order_by("dwelling_no"))
    context = {
        "meter": meter,
        "rows": rows,
        "elsewhere": meter.supplies.count() - len(rows),
        "may_edit": request.user.has_right(EDIT, meter.area_id),  # type: ignore[union-attr]
    }
    return render(request, "households/meter_detail.html", context)


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def meter_connect(request: HttpRequest) -> HttpResponse:
    """Hang a dwelling on a meter, new or known."""
    names = ("dwelling_no", "carrier", "number", "is_shared")
    form = MeterForm(request.POST or None, initial={name: request.GET[name] for name in names if name in request.GET})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = _connect(request, form.cleaned_data)
                return redirect("households:meter-detail", made.pk)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
    return render(request, "households/meter_connect.html", {"form": form}, status=status)


def _connect(request: HttpRequest, data: dict[str, Any]) -> Meter:
    homes = Dwelling.objects.visible_to(request.user, EDIT)
    home = homes.filter(dwelling_no=data["dwelling_no"]).first()
    if home is None:
        raise Refused("DWELLING_UNKNOWN", _("No dwelling “%(number)s” in your area."), number=data["dwelling_no"])
    given = {name: data[name] for name in ("carrier", "number", "is_shared", "reason")}
    made = meters.connect_meter(dwelling=home, by=request.user, **given)  # type: ignore[arg-type]
    messages.success(request, _("%(home)s hangs on meter %(meter)s.") % {"home": home, "meter": made.number})
    return made


@requires(EDIT)
@require_POST
def meter_disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    meter = get_visible_or_404(Meter, request.user, EDIT, pk=pk)
    homes = Dwelling.objects.filter(meter_supplies__meter=meter)
    home = get_visible_or_404(homes, request.user, EDIT, dwelling_no=request.POST.get("dwelling_no", ""))
    reason = request.POST.get("reason", "")
    meters.disconnect_meter(dwelling=home, meter=meter, reason=reason, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("%(home)s no longer hangs on meter %(meter)s.") % {"home": home, "meter": meter})
    return redirect("households:meter-detail", meter.pk)
