"""Tasks on the desktop: the list, one task, opening from approved rosters, withdrawing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.records import ScopedQuerySet
from core import clock
from core.beside import read_beside
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from households.models import RosterRow
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.filters import TaskFilter
from retrofits.gate_page import shut_counts
from retrofits.models import Task
from retrofits.queries import rows_to_open
from retrofits.services.tasks import open_tasks, withdraw_task
from retrofits.task_page import task_context
from retrofits.views.pages import refused_page

_NAME, _ROUTE, _DAY = "dwelling__household__head_name", "technology__code", "installation__installed_on"
COLUMNS = (
    Column("dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", order_by="dwelling__dwelling_no", link=True),
    Column("dwelling.household.head_name", gettext_lazy("Head of household"), order_by=_NAME),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("technology", gettext_lazy("Technology"), kind="tech", order_by=_ROUTE),
    Column("state", gettext_lazy("State"), template="retrofits/parts/state_cell.html", order_by="state"),
    Column("shut", gettext_lazy("Gates"), template="retrofits/parts/shut_cell.html", value=lambda _task: None),
    Column("installation.installed_on", gettext_lazy("Installed on"), kind="when", order_by=_DAY, priority=2),
    Column("installation.supplier.name", gettext_lazy("Installed by"), priority=3, kind="soft"),
    Column("installation.heater.platform_no", gettext_lazy("Heater"), kind="mono", priority=3),
)
RELATED = (
    "dwelling__household", "area", "technology", "programme", "installation__supplier", "installation__heater",
)  # fmt: skip


OF_PAGE = (
    "area__parent", "roster_row__roster", "installation__bundle", "installation__heater__bus",
    "installation__recorded_by",
)  # fmt: skip


@requires("tasks.view")
@require_GET
def task_list(request: HttpRequest) -> HttpResponse:
    rows = narrowed(request, Task.objects.visible_to(request.user))
    around = read_beside(states=_states(rows), waiting=_waiting(request))
    table = build_table(
        request,
        rows.select_related(*RELATED),
        COLUMNS,
        filterset=TaskFilter,
        unit=_("households"),
        row_url=lambda task: reverse("retrofits:task-detail", args=[task.pk]),
        views=_views(around["states"]),
        default_sort="dwelling.dwelling_no",
        empty=(_("There are no tasks here yet"), _("Tasks come from approved rosters; nobody else gets works.")),
    )
    counts = shut_counts((row.item for row in table.rows), on=clock.today())
    for row in table.rows:
        row.item.shut = counts.get(row.item.pk)
    waiting = sum(one["n"] for one in around["waiting"])
    return render_table(request, "retrofits/task_list.html", table, {"waiting": waiting})


@requires("tasks.view")
@require_GET
def task_detail(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_visible_or_404(
        Task.objects.select_related(*RELATED, *OF_PAGE),
        request.user,
        pk=pk,
    )
    return render(request, "retrofits/task_detail.html", task_context(task, request.user))


@requires("tasks.open")
@require_POST
def tasks_open(request: HttpRequest) -> HttpResponse:
    programme, area = chosen_programme(request), chosen_area_code(request)
    codes = [
        code for code in request.user.area_codes_for("tasks.open") if code.startswith(area) or area.startswith(code)
    ]
    inside = [max(code, area, key=len) for code in codes]
    if programme is None or not inside:
        return refused_page(request, Refused("NO_PROGRAMME", _("Choose a programme and a place of yours first.")))
    opened = open_tasks(programme=programme, area_codes=inside, by=request.user)
    words = ngettext("%(count)d task opened.", "%(count)d tasks opened.", opened.created) % {"count": opened.created}
    messages.success(request, words)
    return redirect("retrofits:task-list")


@requires("tasks.open")
@require_POST
def task_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_visible_or_404(Task, request.user, "tasks.open", pk=pk)
    try:
        withdraw_task(task=task, reason=request.POST.get("reason", ""), by=request.user)
    except Refused as refusal:
        return refused_page(request, refusal)
    messages.success(request, _("The task is withdrawn."))
    return redirect("retrofits:task-detail", pk=pk)


def narrowed(request: HttpRequest, rows: ScopedQuerySet) -> ScopedQuerySet:
    """Rows of the programme and place chosen in the top bar."""
    programme, area = chosen_programme(request), chosen_area_code(request)
    rows = rows.within(area) if area else rows.none()
    return rows.filter(programme=programme) if programme else rows


def _states(rows: ScopedQuerySet) -> QuerySet[Any, Any]:
    return rows.order_by().values("state").annotate(n=Count("id"))


def _views(found: list[dict[str, Any]]) -> list[View]:
    counts = {one["state"]: one["n"] for one in found}
    all_of_them = View(_("All"), "", sum(counts.values()))
    return [all_of_them, *(View(label, f"state={code}", counts.get(code, 0)) for code, label in Task.State.choices)]


def _waiting(request: HttpRequest) -> QuerySet[Any, Any]:
    """How many approved rows nobody has opened yet, for the person who may; by village, as rows of n."""
    programme, area = chosen_programme(request), chosen_area_code(request)
    if programme is None or not area or not request.user.has_right("tasks.open", area):
        return RosterRow.objects.none().values(n=F("pk"))
    rows = rows_to_open(programme, [area]).order_by()
    return rows.values("roster__area").annotate(n=Count("id"))
