"""Commands of a place: what was asked of heaters, what waits for a second person, one wish for many of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import step_up
from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from devices.forms import WishForm
from devices.models import Command, CommandOrder, Heater
from devices.services import approval, orders
from devices.words import deed_words, value_words
from programmes.chosen import chosen_area_code

COMMAND = "devices.command"
UNDER_WAY = (Command.State.QUEUED, Command.State.SENT, Command.State.ECHOED)
FRESH = dt.timedelta(hours=6)
COLUMNS = (
    Column("heater.platform_no", gettext_lazy("Heater"), kind="id", order_by="heater__platform_no", link=True),
    Column("deed", gettext_lazy("Command asked for"), value=lambda row: deed_words(row.point, row.asked)),
    Column("state", gettext_lazy("State"), template="devices/cell_state.html", order_by="state"),
    Column("before", gettext_lazy("Before"), value=lambda row: value_words(row.point, row.before), priority=2),
    Column("after", gettext_lazy("After"), value=lambda row: value_words(row.point, row.after)),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("requested_by.person_name", gettext_lazy("Asked by")),
    Column("requested_at", gettext_lazy("When"), kind="when", order_by="requested_at"),
    Column("reason", gettext_lazy("Reason"), kind="soft", priority=2),
)
NEED_WORDS = {
    approval.MANY: gettext_lazy("many heaters at once"),
    approval.COLD: gettext_lazy("heating is switched off in the cold"),
}


@requires("devices.view")
@require_GET
def command_list(request: HttpRequest) -> HttpResponse:
    area, user = chosen_area_code(request), request.user
    rows = Command.objects.visible_to(user).within(area) if area else Command.objects.none()
    state, heater = request.GET.get("state", ""), request.GET.get("heater", "")[:12]
    rows = rows.filter(heater__platform_no=heater) if heater else rows
    shown = rows.filter(state=state) if state in Command.State.values else rows
    table = build_table(
        request, shown.select_related("heater", "area", "requested_by"), COLUMNS, unit=_("commands"),
        views=_by_state(rows), default_sort="-requested_at",
        row_url=lambda row: reverse("telemetry:heater-detail", args=[row.heater.platform_no]),
        empty=(_("Nothing has been sent"), _("Commands to heaters of this place, with what became of them.")),
    )  # fmt: skip
    held = CommandOrder.objects.visible_to(user).within(area) if area else CommandOrder.objects.none()
    held = held.filter(state=CommandOrder.State.HELD).select_related("requested_by", "area")
    context = {
        "held": [_held(order, user) for order in held.annotate(n=Count("commands")).order_by("requested_at")[:20]],
        "may_command": bool(area) and user.has_right(COMMAND, area),  # type: ignore[union-attr]
    }
    context["is_under_way"] = any(row.item.state in UNDER_WAY for row in table.rows)
    is_live = request.headers.get("HX-Request") == "true" and "HX-Target" not in request.headers
    template = "devices/command_list_part.html" if is_live else "devices/command_list.html"
    return render_table(request, template, table, context)


def _by_state(rows: Any) -> list[View]:
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    shown = [View(str(label), f"state={code}", counts[code]) for code, label in Command.State.choices if code in counts]
    return [View(_("All"), "", sum(counts.values())), *shown]


@requires(COMMAND)
@require_http_methods(["GET", "POST"])
def order_new(request: HttpRequest) -> HttpResponse:
    """One wish for all heaters of the chosen place: first what it would do, then, seen, for real."""
    user: Any = request.user
    area = Area.objects.visible_to(user, COMMAND).filter(pk=chosen_area_code(request)).first()
    if area is None:
        raise Http404
    heaters = _heaters(user, area.code)
    form = WishForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "area": area, "count": len(heaters), "run": None}
    if request.method == "POST" and form.is_valid():
        known, now = _outdoor(heaters), clock.now()
        wish: dict[str, Any] = {
            "heaters": heaters, "point": form.point, "asked": form.asked, "outdoor_c": known, "now": now
        }  # fmt: skip
        try:
            run = orders.dry_run(**wish)
            wanted = f"{form.point}:{form.asked:.1f}"
            context |= {"run": run, "deed": deed_words(form.point, form.asked), "needs": _needs(run.needs)}
            context["seen"] = f"{len(run.heaters)}|{wanted}"
            count, _bar, seen = request.POST.get("seen", "").partition("|")
            if count.isdigit() and seen == wanted:  # another wish than the one looked at is looked at first
                step_up.demand(request, f"heater-order:{area.code}:{form.point}:{form.asked:.1f}")
                order = orders.place_order(
                    **wish, reason=form.cleaned_data["reason"], area_id=area.code, by=user,
                    request_id=form.cleaned_data["request_id"], seen=int(count),
                )  # fmt: skip
                messages.success(request, str(order.get_state_display()))
                return redirect("devices:command-list")
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    return render(request, "devices/order_form.html", context, status=422 if form.errors else 200)


@requires(approval.APPROVE)
@require_POST
def order_act(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person's yes or no, with a fresh one-time code."""
    order = get_visible_or_404(CommandOrder, request.user, approval.APPROVE, pk=pk)
    approve = request.POST.get("deed") == "approve"
    if approve:
        step_up.demand(request, f"order-approve:{order.pk}")
    note = request.POST.get("note", "")
    order = orders.decide_order(order=order, approve=approve, by=request.user, note=note, now=clock.now())  # type: ignore[arg-type]
    messages.success(request, str(order.get_state_display()))
    return redirect("devices:command-list")


def _heaters(user: Any, area: str) -> list[Heater]:
    rows = Heater.objects.visible_to(user, COMMAND).within(area).filter(removed_on__isnull=True)
    return list(rows.select_related("profile").order_by("area_id", "pk")[: orders.MOST + 1])


def _outdoor(heaters: list[Heater]) -> dict[int, Decimal | None]:
    """What each heater last said of the cold, if it said so within six hours."""
    since = clock.now() - FRESH
    rows = Heater.objects.filter(pk__in=[one.pk for one in heaters], latest__at__gte=since)
    known = rows.values_list("pk", "latest__outdoor_dc")
    return {pk: None if value is None else Decimal(value) / 10 for pk, value in known}


def _needs(needs: list[str]) -> str:
    return "、".join(str(NEED_WORDS[one]) for one in needs)


def _held(order: CommandOrder, user: Any) -> dict[str, Any]:
    may = order.requested_by_id != user.pk and bool(approval.roles_over(user, approval.APPROVE, order.area_id))
    return {"order": order, "deed": deed_words(order.point, order.asked), "needs": _needs(order.needs), "may": may}
