"""What later versions say about amounts that stand: lines kept beside them, and a look at any day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from jobs.services import enqueue
from programmes.chosen import chosen_area_code, chosen_programme
from subsidies.forms import ReasonForm
from subsidies.models import DifferenceSettlement, Entitlement, EntitlementDifference
from subsidies.policy_forms import AsOfForm
from subsidies.services import settlements
from subsidies.services.clawbacks import CONFIRM, DECIDE, DROP, PROPOSE
from subsidies.services.differences import differences
from subsidies.tasks import COMPARE
from subsidies.wording import reason_sentence

AT_MOST, AT_ONCE = 2_000, 200
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
    Column("settled", gettext_lazy("What becomes of it"), template="subsidies/cell_settled.html", priority=2),
)  # fmt: skip


@requires("entitlements.view")
@require_GET
def difference_list(request: HttpRequest) -> HttpResponse:
    """Difference lines of the chosen programme and place."""
    programme = chosen_programme(request)
    rows = EntitlementDifference.objects.visible_to(request.user).within(chosen_area_code(request))
    rows = rows.filter(entitlement__programme=programme) if programme else rows.none()
    table = build_table(
        request, _with_names(rows), COLUMNS,
        unit=_("differences"), default_sort="-difference_fen",
        row_url=lambda row: reverse("subsidies:entitlement-detail", args=[row.entitlement_id]),
        empty=(_("No differences"), _("No version released since says anything else about the amounts that stand.")),
    )  # fmt: skip
    may = programme is not None and request.user.has_right(PROPOSE, programme.area_id)
    waiting = _waiting(request) if programme is not None else []
    context = {
        "may_compare": may, "form": AsOfForm(), "reason": ReasonForm(), "waiting": waiting,
        "can_settle": [row.item for row in table.rows if _can_settle(row.item)] if may else [],
        "may_decide": any(request.user.has_right(DECIDE, one.area_id) for one in waiting),
    }  # fmt: skip
    return render_table(request, "subsidies/difference_list.html", table, context)


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


@requires(PROPOSE)
@require_POST
def difference_settle(request: HttpRequest) -> HttpResponse:
    """Ask for the ticked differences to be paid or claimed back; somebody else decides."""
    rows = EntitlementDifference.objects.visible_to(request.user, PROPOSE).filter(pk__in=_ticked(request))
    done = _each(
        request, list(rows.select_related("entitlement__dwelling").order_by("pk")),
        lambda row, words: settlements.propose_settlement(difference=row, words=words, by=request.user),  # type: ignore[arg-type]
        lambda row: row.entitlement.dwelling.dwelling_no,
    )  # fmt: skip
    if done:
        words = ngettext("%(n)d difference is proposed; somebody else decides it.",
                         "%(n)d differences are proposed; somebody else decides them.", done)  # fmt: skip
        messages.success(request, words % {"n": done})
    return redirect("subsidies:difference-list")


@requires(DECIDE)
@require_POST
def settlement_decide(request: HttpRequest) -> HttpResponse:
    """Confirm or drop the ticked ones: each becomes a further amount or a claim back, or nothing."""
    rows = DifferenceSettlement.objects.visible_to(request.user, DECIDE).filter(pk__in=_ticked(request))
    decision = CONFIRM if request.POST.get("decision") == CONFIRM else DROP
    done = _each(
        request, list(rows.select_related("difference__entitlement__dwelling").order_by("pk")),
        lambda row, words: settlements.decide_settlement(
            settlement=row, decision=decision, reason=words, by=request.user  # type: ignore[arg-type]
        ),
        lambda row: row.difference.entitlement.dwelling.dwelling_no,
    )  # fmt: skip
    if done:
        messages.success(request, ngettext("%(n)d decided", "%(n)d decided", done) % {"n": done})
    return redirect("subsidies:difference-list")


def _each(request: HttpRequest, rows: list[Any], deed: Callable[[Any, str], Any], name: Callable[[Any], str]) -> int:
    """Do it for each row by itself; a refusal is said with the dwelling's number. Returns how many went through."""
    form, done = ReasonForm(request.POST), 0
    if not rows or not form.is_valid():
        messages.error(request, _("Tick the lines and say why."))
        return 0
    for row in rows:
        try:
            deed(row, form.cleaned_data["reason"])
            done += 1
        except Refused as refusal:
            messages.error(request, f"{name(row)}：{refusal.sentence}")
    return done


def _ticked(request: HttpRequest) -> list[int]:
    return [int(key) for key in request.POST.getlist("lines")[:AT_MOST] if key.isdecimal() and len(key) < 19]


def _with_names(rows: Any) -> Any:
    found = rows.select_related("area", "policy", "entitlement__dwelling", "entitlement__household")
    return found.prefetch_related("settlements")


def _can_settle(row: EntitlementDifference) -> bool:
    living = [one for one in row.settlements.all() if one.state != DifferenceSettlement.State.DROPPED]
    return not living and settlements.why_not(row) is None


def _waiting(request: HttpRequest) -> list[DifferenceSettlement]:
    """Proposed and not decided, in the chosen programme and place."""
    rows = DifferenceSettlement.objects.visible_to(request.user).within(chosen_area_code(request))
    rows = rows.filter(state="proposed", difference__entitlement__programme=chosen_programme(request))
    rows = rows.select_related("proposed_by", "difference__entitlement__dwelling", "difference__entitlement__household")
    return list(rows.order_by("pk")[:AT_ONCE])


def _as_of(rows: object, programme: object, day: dt.date) -> dict[str, object]:
    count = rows.exclude(state=Entitlement.State.VOID).count()  # type: ignore[attr-defined]
    if count > AT_MOST:
        return {"day": day, "too_many": count, "at_most": AT_MOST}
    found = list(differences(rows, programme=programme, as_of=day))  # type: ignore[arg-type]
    known = [one.difference_fen for one in found if one.difference_fen is not None]
    return {"day": day, "found": found, "count": count, "sum_fen": sum(known), "open": len(found) - len(known)}
