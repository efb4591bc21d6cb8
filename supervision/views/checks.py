"""Spot checks (J-66, L-72, D-48): sealed, drawn, looked at, evaluated."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.sampling import digest
from supervision.forms import LookForm, SealForm
from supervision.models import SpotCheck, SpotCheckLine
from supervision.services import checks
from supervision.views.posting import done, places_of, posted, programme_of, with_places

SEES, ACT = "supervision.view", "supervision.act"
STATE = "supervision/state_cell.html"
CHECKS = (
    Column("name", gettext_lazy("Name"), order_by="name", link=True),
    Column("state", gettext_lazy("State"), template=STATE, order_by="state"),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("planned_on", gettext_lazy("Planned for"), kind="when", order_by="planned_on"),
    Column("size", gettext_lazy("Sample"), kind="number", order_by="size"),
    Column("population", gettext_lazy("Out of"), kind="number", order_by="population"),
    Column("sealed_at", gettext_lazy("Sealed"), kind="when", order_by="sealed_at", priority=2),
)


@requires(SEES)
@require_GET
def check_list(request: HttpRequest) -> HttpResponse:
    code = chosen_area_code(request)
    rows = SpotCheck.objects.visible_to(request.user).within(code).filter(programme=chosen_programme(request))
    table = build_table(
        request, rows.select_related("area"), CHECKS, unit=_("checks"), default_sort="-sealed_at",
        row_url=lambda row: reverse("supervision:check-detail", args=[row.pk]),
        empty=(_("No spot check yet"), _("Seed and population are sealed before anybody knows the homes.")),
    )  # fmt: skip
    form = None
    if request.user.has_right(ACT):  # type: ignore[union-attr]
        form = with_places(SealForm(), places_of(request, ACT, code, Area.Level.COUNTY, Area.Level.TOWN))
    return render_table(request, "supervision/check_list.html", table, {"form": form})


@requires(ACT)
@require_POST
def check_seal(request: HttpRequest) -> HttpResponse:
    form = with_places(SealForm(request.POST), Area.objects.visible_to(request.user, ACT))

    def seal(data: dict[str, Any]) -> None:
        checks.seal_check(programme=programme_of(request), **data, by=request.user, now=clock.now())  # type: ignore[arg-type]

    return posted(request, form, seal, reverse("supervision:check-list"), _("Sealed: the homes are drawn later."))


@requires(SEES)
@require_GET
def check_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = SpotCheck.objects.select_related("area", "programme", "sealed_by", "drawn_by", "circular")
    check = get_visible_or_404(rows, request.user, pk=pk)
    keys = checks.population(check.programme, check.area_id)
    context = {
        "check": check, "lines": check.lines.select_related("task__dwelling__household", "task__area"),
        "same": digest(keys) == check.digest, "may": request.user.has_right(ACT, check.area_id),  # type: ignore[union-attr]
        "form": LookForm(),
    }  # fmt: skip
    return render(request, "supervision/check_detail.html", context)


@requires(ACT)
@require_POST
def check_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw, look at a home, evaluate; `deed` says which."""
    check = get_visible_or_404(SpotCheck, request.user, ACT, pk=pk)
    back, deed, user = reverse("supervision:check-detail", args=[pk]), request.POST.get("deed", ""), request.user
    if deed == "draw":
        return done(request, partial(checks.draw_check, check=check, by=user, now=clock.now()), back)
    if deed == "look":
        return _look(request, check, back)
    words = request.POST.get("evaluation", "")[:1000]
    return done(request, partial(checks.evaluate, check=check, evaluation=words, by=user, now=clock.now()), back)


def _look(request: HttpRequest, check: SpotCheck, back: str) -> HttpResponse:
    key = request.POST.get("line", "")
    line = SpotCheckLine.objects.filter(check_of=check, pk=int(key) if key.isdigit() else 0).first()
    if line is None:
        raise Http404

    def look(data: dict[str, Any]) -> None:
        checks.look_at(line=line, **data, on=clock.today(), by=request.user)  # type: ignore[arg-type]

    return posted(request, LookForm(request.POST), look, back)
