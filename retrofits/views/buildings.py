"""Buildings that projects are about: one page with its form."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import Area
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_area_code
from retrofits.models import Building
from retrofits.project_forms import BuildingForm
from retrofits.services.buildings import enter_building
from retrofits.views.posting import posted
from retrofits.views.registers import MANAGE

READ = "programmes.view"
BUILDINGS = (
    Column("number", gettext_lazy("Building"), kind="id", order_by="number"),
    Column("name", gettext_lazy("Name"), order_by="name"),
    Column("kind", gettext_lazy("Kind"), value=lambda row: row.get_kind_display(), order_by="kind"),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("floor_area_m2", gettext_lazy("Floor area/㎡"), kind="number", order_by="floor_area_m2"),
    Column("homes", gettext_lazy("Homes"), kind="number", order_by="homes"),
    Column("built_year", gettext_lazy("Built in"), kind="mono", order_by="built_year", priority=2),
    Column("owner_unit", gettext_lazy("Owner"), kind="soft", priority=2),
    Column("projects_n", gettext_lazy("Projects"), kind="number", order_by="projects_n", priority=2),
)


@requires(READ)
@require_GET
def building_list(request: HttpRequest) -> HttpResponse:
    area = chosen_area_code(request)
    rows = Building.objects.visible_to(request.user)
    rows = (rows.within(area) if area else rows.none()).select_related("area").annotate(projects_n=Count("projects"))
    table = build_table(
        request, rows, BUILDINGS, unit=_("buildings"), default_sort="number",
        empty=(_("No building here"), _("A building is entered once and named by the projects that work on it.")),
    )  # fmt: skip
    return render_table(request, "retrofits/building_list.html", table, {"form": _form(request)})


@requires(MANAGE)
@require_POST
def building_new(request: HttpRequest) -> HttpResponse:
    def store(data: dict[str, Any]) -> None:
        enter_building(area=data.pop("area"), values=data, by=request.user)  # type: ignore[arg-type]

    return posted(request, _form(request, request.POST), store, _("It is recorded."), "retrofits:building-list")


def _form(request: HttpRequest, sent: Any = None) -> BuildingForm:
    """With the places the person may enter buildings in."""
    form = BuildingForm(sent)
    area = chosen_area_code(request)
    held = Area.objects.visible_to(request.user, MANAGE)
    form.fields["area"].queryset = (held.within(area) if area else held.none()).order_by("code")  # type: ignore[attr-defined]
    return form
