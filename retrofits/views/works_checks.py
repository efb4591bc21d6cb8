"""Measuring the works of a home: the programme's table with tolerance and tool, one field per item."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import get_visible_or_404, requires
from core import clock
from core.refusals import Refused
from programmes.queries import checklist_for
from retrofits.faults import Fault, Faulty
from retrofits.measuring import standard
from retrofits.models import Task, WorksCheck
from retrofits.queries import items_of
from retrofits.services.works_checks import KIND, RIGHT, record_works_check
from retrofits.views.pages import refused_page


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def works_check(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Task.objects.select_related(
        "dwelling__household", "area", "technology", "programme", "installation__supplier", "installation__recorded_by"
    )
    task = get_visible_or_404(rows, request.user, RIGHT, pk=pk)
    if request.method == "GET":
        return _page(request, task, {}, str(uuid.uuid4()), [])
    answers = {name.removeprefix("item-"): text[:40] for name, text in request.POST.items() if name.startswith("item-")}
    try:
        key = uuid.UUID(request.POST.get("request_id", ""))
        made = record_works_check(task=task, request_id=key, answers=answers, by=request.user, on=clock.today())
    except ValueError:
        words = _("The form has lost its number. Load the page again.")
        return refused_page(request, Refused("REQUEST_KEY", words, conflict=True))
    except Faulty as refusal:
        return _page(request, task, answers, str(key), list(refusal.faults), status=422)
    except Refused as refusal:
        return refused_page(request, refusal)
    say = messages.success if made.result == WorksCheck.Result.PASSED else messages.warning
    say(request, _("Measured: %(result)s") % {"result": made.get_result_display()})
    return redirect("retrofits:works-check-detail", pk=made.pk)


def _page(
    request: HttpRequest, task: Task, answers: dict[str, str], key: str, faults: list[Fault], *, status: int = 200
) -> HttpResponse:
    checklist = checklist_for(task.programme, KIND)
    items = items_of(checklist, task) if checklist else []
    shown = [{**item, "standard": standard(item), "answer": answers.get(item["code"], "")} for item in items]
    context = {"task": task, "checklist": checklist, "items": shown, "request_id": key, "faults": faults}
    return render(request, "retrofits/works_check_form.html", context, status=status)


@requires("tasks.view")
@require_GET
def works_check_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The filled table, to be read and printed."""
    rows = WorksCheck.objects.select_related("task__dwelling__household", "area", "checklist", "checked_by")
    check = get_visible_or_404(rows, request.user, pk=pk)
    lines = [
        {**item, "standard": standard(item), "answer": check.answers.get(item["code"], ""),
         "is_out": item["code"] in check.faults}
        for item in check.checklist.items
    ]  # fmt: skip
    return render(request, "retrofits/works_check_detail.html", {"check": check, "lines": lines})
