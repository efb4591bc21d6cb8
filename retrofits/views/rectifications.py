"""Rectification (UX page 21): what has to be put right, overdue first; and the acceptance sheet on paper."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import get_visible_or_404, requires
from core import clock
from core.tables import Column, build_table, render_table
from retrofits.filters import RectificationFilter
from retrofits.measuring import standard
from retrofits.models import Acceptance, Rectification, Task
from retrofits.views.tasks import narrowed

COLUMNS = (
    Column("acceptance.task.dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", link=True,
           order_by="acceptance__task__dwelling__dwelling_no"),
    Column("acceptance.task.dwelling.household.head_name", gettext_lazy("Head of household")),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("defect", gettext_lazy("Defect"), kind="soft"),
    Column("due_on", gettext_lazy("until"), kind="when", order_by="due_on"),
    Column("state", gettext_lazy("State"), template="retrofits/parts/rectification_cell.html"),
    Column("acceptance.task.installation.supplier.name", gettext_lazy("Installed by"), kind="soft", priority=3),
)  # fmt: skip


@requires("tasks.view")
@require_GET
def rectification_list(request: HttpRequest) -> HttpResponse:
    rows = Rectification.objects.visible_to(request.user)
    tasks = narrowed(request, Task.objects.visible_to(request.user))
    rows = rows.filter(acceptance__task__in=tasks).select_related(
        "acceptance__task__dwelling__household", "acceptance__task__installation__supplier", "area"
    )
    today = clock.today()
    table = build_table(
        request, rows.order_by(F("done_on").asc(nulls_first=True), "due_on"), COLUMNS, filterset=RectificationFilter,
        unit=_("defects"), row_url=lambda row: reverse("retrofits:acceptance-detail", args=[row.acceptance_id]),
        empty=(_("Nothing has to be put right"), _("Defects come from visits that were not passed.")),
    )  # fmt: skip
    overdue = rows.filter(done_on__isnull=True, due_on__lt=today).count()
    return render_table(request, "retrofits/rectification_list.html", table, {"overdue": overdue, "today": today})


@requires("tasks.view")
@require_GET
def acceptance_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The acceptance sheet of a home on A4, with areas for seals and signatures."""
    rows = Acceptance.objects.select_related(
        "task__dwelling__household", "task__technology", "task__programme", "task__installation__supplier",
        "area__parent", "inspector", "checklist", "agency", "transmission",
    )  # fmt: skip
    acceptance = get_visible_or_404(rows, request.user, pk=pk)
    code = acceptance.task.technology.code
    lines = [
        {**item, "standard": standard(item), "answer": acceptance.answers.get(item["code"], "")}
        for item in acceptance.checklist.items
        if not item.get("technologies") or code in item["technologies"]
    ]
    context = {"acceptance": acceptance, "task": acceptance.task, "lines": lines}
    return render(request, "retrofits/acceptance_print.html", context)
