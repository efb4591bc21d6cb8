"""What later versions say about amounts that stand: lines kept beside them, and a look at any day."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from core.tables import Column, build_table, render_table
from jobs.services import enqueue
from programmes.chosen import chosen_area_code, chosen_programme
from subsidies.models import Entitlement, EntitlementDifference
from subsidies.policy_forms import AsOfForm
from subsidies.services.differences import differences
from subsidies.tasks import COMPARE
from subsidies.wording import reason_sentence

AT_MOST = 2_000
COLUMNS = (
    Column("entitlement.dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id",
           order_by="entitlement__dwelling__dwelling_no", link=True),
    Column("entitlement.household.head_name", gettext_lazy("Head of household"),
           order_by="entitlement__household__head_name"),
    Column("area.name", gettext_lazy("Village"), order_by="area_id", priority=2),
    Column("entitlement.benefit", gettext_lazy("Rule"), order_by="entitlement__benefit"),
    Column("before_fen", gettext_lazy("Stands/CNY"), kind="money", order_by="before_fen"),
    Column("after_fen", gettext_lazy("Later version/CNY"), kind="money", order_by="after_fen"),
    Column("difference_fen", gettext_lazy("Difference/CNY"), kind="money", order_by="difference_fen",
           total=Sum("difference_fen"), total_label=gettext_lazy("more or less")),
    Column("policy.version_no", gettext_lazy("Version"), kind="number", order_by="policy__version_no", priority=3),
    Column("reason", gettext_lazy("Why"), kind="soft", priority=3, value=lambda row: reason_sentence(row.reason)),
    Column("entitlement.state", gettext_lazy("State"), template="subsidies/cell_stands.html"),
)  # fmt: skip


@requires("entitlements.view")
@require_GET
def difference_list(request: HttpRequest) -> HttpResponse:
    """Difference lines of the chosen programme and place."""
    programme = chosen_programme(request)
    rows = EntitlementDifference.objects.visible_to(request.user).within(chosen_area_code(request))
    rows = rows.filter(entitlement__programme=programme) if programme else rows.none()
    table = build_table(
        request, rows.select_related("area", "policy", "entitlement__dwelling", "entitlement__household"), COLUMNS,
        unit=_("differences"), default_sort="-difference_fen",
        row_url=lambda row: reverse("subsidies:entitlement-detail", args=[row.entitlement_id]),
        empty=(_("No differences"), _("No version released since says anything else about the amounts that stand.")),
    )  # fmt: skip
    may = programme is not None and request.user.has_right("entitlements.assess", programme.area_id)
    return render_table(request, "subsidies/difference_list.html", table, {"may_compare": may, "form": AsOfForm()})


@requires("entitlements.view")
@require_GET
def difference_as_of(request: HttpRequest) -> HttpResponse:
    """What the versions in force on a day would say about the amounts of a place; looked at, not kept."""
    programme, code = chosen_programme(request), chosen_area_code(request)
    form = AsOfForm(request.GET or None)
    rows = Entitlement.objects.visible_to(request.user).within(code).filter(programme=programme)
    rows = rows.select_related("dwelling", "household", "area")
    context: dict[str, object] = {"form": form, "programme": programme}
    if programme is not None and form.is_valid():
        context |= _as_of(rows, programme, form.cleaned_data["day"])
    return render(request, "subsidies/difference_as_of.html", context, status=422 if form.errors else 200)


@requires("entitlements.assess")
@require_POST
def difference_find(request: HttpRequest) -> HttpResponse:
    """Look for differences in the background and keep them."""
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    enqueue(kind=COMPARE, args={"programme_id": programme.pk}, by=request.user, area=programme.area_id)  # type: ignore[arg-type]
    messages.success(request, _("The comparison runs in the background; its end shows in the tray above."))
    return redirect("subsidies:difference-list")


def _as_of(rows: object, programme: object, day: dt.date) -> dict[str, object]:
    count = rows.exclude(state=Entitlement.State.VOID).count()  # type: ignore[attr-defined]
    if count > AT_MOST:
        return {"day": day, "too_many": count, "at_most": AT_MOST}
    found = list(differences(rows, programme=programme, as_of=day))  # type: ignore[arg-type]
    known = [one.difference_fen for one in found if one.difference_fen is not None]
    return {"day": day, "found": found, "count": count, "sum_fen": sum(known), "open": len(found) - len(known)}
