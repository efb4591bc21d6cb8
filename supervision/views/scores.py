"""Annual scores of towns (J-73, L-74, T-78)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import Area
from core import clock
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from supervision.forms import ScoreForm
from supervision.models import TownScore
from supervision.scores import Component
from supervision.services import checks
from supervision.views.posting import places_of, posted, programme_of, with_places

SEES, ACT = "supervision.view", "supervision.act"
SCORES = (
    Column("area.name", gettext_lazy("Town"), order_by="area_id"),
    Column("year", gettext_lazy("Year"), kind="mono", order_by="year"),
    *(
        Column(one.code, one.label, kind="mono", value=lambda row, code=one.code: _points(row, code), priority=2)  # type: ignore[misc]
        for one in Component
    ),
    Column("total_tenths", gettext_lazy("Total"), kind="mono", order_by="total_tenths",
           value=lambda row: f"{row.total_tenths / 10:.1f}"),
    Column("words", gettext_lazy("Remark"), kind="soft", priority=3),
)  # fmt: skip


def _points(row: TownScore, code: str) -> str | None:
    found = next((one["points"] for one in row.components if one["code"] == code), None)
    return None if found is None else f"{found / 10:.1f}"


@requires(SEES)
@require_GET
def score_list(request: HttpRequest) -> HttpResponse:
    """Annual scores (J-73, L-74); leaves as a workbook like every list (T-78)."""
    code = chosen_area_code(request)
    rows = TownScore.objects.visible_to(request.user).within(code).filter(programme=chosen_programme(request))
    table = build_table(
        request, rows.select_related("area"), SCORES, unit=_("towns"), default_sort="-total_tenths",
        empty=(_("No score yet"), _("Towns are scored once a year.")),
    )  # fmt: skip
    form = None
    if request.user.has_right(ACT):  # type: ignore[union-attr]
        form = with_places(ScoreForm(), places_of(request, ACT, code, Area.Level.TOWN))
    return render_table(request, "supervision/scores.html", table, {"form": form})


@requires(ACT)
@require_POST
def score_act(request: HttpRequest) -> HttpResponse:
    form = with_places(ScoreForm(request.POST), Area.objects.visible_to(request.user, ACT))

    def score(data: dict[str, Any]) -> None:
        checks.score_town(
            programme=programme_of(request), area=data["area"], year=data["year"], points=form.points(),
            words=data["words"], by=request.user, now=clock.now(),  # type: ignore[arg-type]
        )  # fmt: skip

    return posted(request, form, score, reverse("supervision:score-list"))
