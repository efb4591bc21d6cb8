"""Tasks on the desktop: the list, one task, opening from approved rosters, withdrawing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.records import ScopedQuerySet
from core import clock
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits import states
from retrofits.filters import TaskFilter
from retrofits.gate_page import lines_of, shut_counts
from retrofits.models import Bundle, Task
from retrofits.queries import evidence_for, heater_of, rows_to_open
from retrofits.services.tasks import PLAIN_DEEDS, open_tasks, withdraw_task
from retrofits.views.pages import refused_page
from retrofits.works_forms import BundleForm, ConfirmForm, ContractForm, DeviceForm

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


@requires("tasks.view")
@require_GET
def task_list(request: HttpRequest) -> HttpResponse:
    rows = narrowed(request, Task.objects.visible_to(request.user))
    table = build_table(
        request,
        rows.select_related(*RELATED),
        COLUMNS,
        filterset=TaskFilter,
        unit=_("households"),
        row_url=lambda task: reverse("retrofits:task-detail", args=[task.pk]),
        views=_views(rows),
        default_sort="dwelling.dwelling_no",
        empty=(_("There are no tasks here yet"), _("Tasks come from approved rosters; nobody else gets works.")),
    )
    counts = shut_counts((row.item for row in table.rows), on=clock.today())
    for row in table.rows:
        row.item.shut = counts.get(row.item.pk)
    return render_table(request, "retrofits/task_list.html", table, {"waiting": _waiting(request)})


@requires("tasks.view")
@require_GET
def task_detail(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_visible_or_404(
        Task.objects.select_related(*RELATED, "area__parent", "roster_row__roster", "installation__bundle"),
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


def task_context(task: Task, user: Any) -> dict[str, Any]:
    """Everything the page of one task shows."""
    record = getattr(task, "installation", None)
    acceptances = task.acceptances.select_related("inspector", "rectification").order_by("-recorded_at")
    heater = heater_of(task)
    without = (Task.State.LISTED, Task.State.RETURNED, Task.State.WITHDRAWN)
    moves = {move.deed: move for move in states.open_moves(task, user)} if record or task.state in without else {}
    lines = lines_of(task, on=clock.today())
    return {
        **_papers(task, user, record),
        "gates": lines,
        "shut": (shut := sum(line.blocks for line in lines)),
        "shut_words": ngettext("%(count)d gate shut", "%(count)d gates shut", shut) % {"count": shut},
        "may_reason": user.has_right("works.manage", task.area_id),
        "plain_moves": [move for deed, move in moves.items() if deed in PLAIN_DEEDS],
        "task": task,
        "record": record,
        "costs": list(record.costs.all()) if record else [],
        "cost_sum": sum(cost.amount_fen for cost in record.costs.all()) if record else None,
        "photos": task.photos.select_related("document").order_by("document__uploaded_at"),
        "acceptances": acceptances,
        "moves": moves,
        "heater": heater,
        "evidence": evidence_for(heater, poll_period_s=task.programme.poll_period_s, now=clock.now())
        if heater
        else None,
        "steps": _steps(task, record, acceptances),
        "may_add_photos": user.has_right("installations.record", task.area_id),
    }


def _papers(task: Task, user: Any, record: Any) -> dict[str, Any]:
    """Contract, confirmations and devices of a task, with the forms for those who may record them."""
    contract = task.contracts.filter(cancelled_on=None).select_related("supplier", "device_model").first()
    may = user.has_right("installations.record", task.area_id)
    sets = Bundle.objects.filter(technology=task.technology) if record and may else Bundle.objects.none()
    bundle_form = BundleForm(auto_id="set_%s") if record and may and sets.exists() else None
    if bundle_form:
        bundle_form.fields["bundle"].queryset = sets  # type: ignore[attr-defined]
    return {
        "contract": contract,
        "confirmations": list(task.confirmations.all()),
        "may_record": may and task.state != Task.State.WITHDRAWN,
        "contract_form": ContractForm(auto_id="con_%s") if may and task.state == Task.State.LISTED else None,
        "confirm_form": ConfirmForm(auto_id="did_%s"),
        "bundle_form": bundle_form,
        "device_form": DeviceForm(auto_id="dev_%s"),
    }


def narrowed(request: HttpRequest, rows: ScopedQuerySet) -> ScopedQuerySet:
    """Rows of the programme and place chosen in the top bar."""
    programme, area = chosen_programme(request), chosen_area_code(request)
    rows = rows.within(area) if area else rows.none()
    return rows.filter(programme=programme) if programme else rows


def _views(rows: ScopedQuerySet) -> list[View]:
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("id")))
    all_of_them = View(_("All"), "", sum(counts.values()))
    return [all_of_them, *(View(label, f"state={code}", counts.get(code, 0)) for code, label in Task.State.choices)]


def _waiting(request: HttpRequest) -> int:
    """Approved rows that nobody has opened yet, for the person who may."""
    programme, area = chosen_programme(request), chosen_area_code(request)
    if programme is None or not area or not request.user.has_right("tasks.open", area):
        return 0
    return rows_to_open(programme, [area]).count()


def _steps(task: Task, record: Any, acceptances: Any) -> list[dict[str, Any]]:
    last = acceptances[0] if acceptances else None
    accepted = task.state == Task.State.ACCEPTED
    return [
        {"title": _("Listed"), "state": "did", "note": task.opened_at.date()},
        {"title": _("Installed"), "state": "did" if record else "now", "note": record.installed_on if record else ""},
        {
            "title": _("Accepted"),
            "state": "did" if accepted else ("now" if record else ""),
            "note": last.accepted_on if last else "",
        },
    ]
