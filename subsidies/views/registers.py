"""Money beside the households': projects by progress and awards of towns, one page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from core.refusals import Refused
from programmes.chosen import chosen_programme
from retrofits.models import Project
from subsidies.models import TownAward
from subsidies.register_forms import ProjectPaymentForm, TownAwardForm
from subsidies.services import registers
from subsidies.services.locking import demand_right

AWARD = "award"


@requires("funds.view")
@require_http_methods(["GET", "POST"])
def money_registers(request: HttpRequest) -> HttpResponse:
    """What each project's plan holds, what was paid of it and what its progress allows; and the towns awarded."""
    programme = chosen_programme(request)
    if programme is None and request.method == "POST":
        raise Http404
    if programme is None:
        return render(request, "subsidies/money_registers.html", {"programme": None})
    projects = Project.objects.visible_to(request.user, "funds.view").filter(programme=programme)
    sent = request.POST if request.method == "POST" else None
    is_award = request.POST.get("what") == AWARD
    pay = ProjectPaymentForm(projects, None if is_award else sent, initial={"budget_year": programme.year_from})
    award = TownAwardForm(programme, request.POST if is_award else None, initial={"year": programme.year_from})
    if request.method == "POST":
        demand_right(request.user, registers.RIGHT, programme.area_id)  # type: ignore[arg-type]
        form: Form = award if is_award else pay
        if form.is_valid() and _kept(request, programme, form, is_award):
            return redirect("subsidies:money-registers")
    awards = (
        TownAward.objects.visible_to(request.user).filter(programme=programme).select_related("area", "recorded_by")
    )
    context: dict[str, Any] = {
        "programme": programme,
        "rows": registers.standings(projects.order_by("code")),
        "awards": list(awards.order_by("-id")),
        "pay": pay,
        "award": award,
        "may_record": request.user.has_right(registers.RIGHT, programme.area_id),
    }
    return render(request, "subsidies/money_registers.html", context, status=422 if pay.errors or award.errors else 200)


def _kept(request: HttpRequest, programme: Any, form: Form, is_award: bool) -> bool:
    """Write it down; a refusal stands at the form."""
    data = dict(form.cleaned_data)
    amount = data.pop("amount")
    try:
        if is_award:
            registers.award_town(programme=programme, amount_fen=amount, by=request.user, **data)  # type: ignore[arg-type]
        else:
            registers.pay_project(amount_fen=amount, by=request.user, **data)  # type: ignore[arg-type]
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return False
    messages.success(request, _("It is written down."))
    return True
