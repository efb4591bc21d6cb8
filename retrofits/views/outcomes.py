"""What the works brought: cleaner air by year (L-82), what heating takes of an income (D-18)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import Area
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from retrofits.models import HeatingBurden, Task
from retrofits.outcomes import assumptions_of, burden, spared
from retrofits.services.outcomes import homes_cleaned, record_burden
from retrofits.views.posting import posted
from retrofits.views.registers import MANAGE, programme_of
from retrofits.works_forms import BurdenForm

READ = "programmes.view"


@requires(READ)
@require_GET
def outcome_list(request: HttpRequest) -> HttpResponse:
    programme, area = chosen_programme(request), chosen_area_code(request)
    given = assumptions_of(programme.settings) if programme else None
    tasks = Task.objects.visible_to(request.user, READ).filter(programme=programme)
    years = spared(homes_cleaned(tasks.within(area)), given) if given and area else []
    asked = HeatingBurden.objects.visible_to(request.user).filter(programme=programme).select_related("area")
    context = {
        "programme": programme, "given": given, "years": years,
        "burdens": [(row, _shares(row)) for row in (asked.within(area) if area else asked.none())[:200]],
        "form": _form(request, programme) if programme else None,
        "may": bool(area) and request.user.has_right(MANAGE, area),  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "retrofits/outcome_list.html", context)


def _shares(row: HeatingBurden) -> dict[str, Any]:
    """Percent of the income before and after, and whether the burden is even."""
    found = burden(
        spend_before=row.spend_before_fen, income_before=row.income_before_fen, spend_after=row.spend_after_fen,
        income_after=row.income_after_fen,
    )  # fmt: skip
    return {"before": float(found.before) * 100, "after": float(found.after) * 100, "is_even": found.is_even}


@requires(MANAGE)
@require_POST
def burden_new(request: HttpRequest) -> HttpResponse:
    programme = programme_of(request)

    def store(data: dict[str, Any]) -> None:
        area, season = data.pop("area"), data.pop("season")
        record_burden(programme=programme, area=area, season=season, figures=data, by=request.user)  # type: ignore[arg-type]

    return posted(
        request, _form(request, programme, request.POST), store, _("It is recorded."), "retrofits:outcome-list"
    )


def _form(request: HttpRequest, programme: Programme, sent: Any = None) -> BurdenForm:
    form = BurdenForm(sent)
    held = Area.objects.visible_to(request.user, MANAGE).within(programme.area_id)
    form.fields["area"].queryset = held.order_by("code")  # type: ignore[attr-defined]
    return form
