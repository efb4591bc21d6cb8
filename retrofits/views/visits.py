"""The inspector's phone: today's dwellings and one dwelling at the door. Works as a plain form post."""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import get_visible_or_404, requires
from core import clock
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_area_code
from retrofits import states
from retrofits.faults import Fault, Faulty
from retrofits.filters import AcceptanceFilter
from retrofits.models import Acceptance, Photo, Rectification, Task
from retrofits.queries import heater_of, items_for, stages_of, visits_for
from retrofits.services.acceptances import door_evidence, record_acceptance, report_rectified
from retrofits.services.photos import add_photo
from retrofits.views.evidence import read_photo
from retrofits.views.pages import person_of, refused_page
from retrofits.views.tasks import narrowed
from retrofits.visit_package import in_walking_order
from retrofits.visit_page import cards
from retrofits.visits import Visit, open_items
from telemetry.door import check_at_door, check_near, worded

RIGHT = "acceptances.record"
SIGNATURE_MAX = 400_000
PNG_HEAD = "data:image/png;base64,"
LIST_MAX = 60


@requires(RIGHT)
@require_GET
def visit_list(request: HttpRequest) -> HttpResponse:
    """Dwellings that wait for an inspector, in walking order."""
    waiting = visits_for(request.user).within(chosen_area_code(request))
    done_today = Acceptance.objects.filter(inspector=request.user, accepted_on=clock.today()).count()
    context = {"tasks": in_walking_order(list(waiting[:LIST_MAX])), "count": waiting.count(), "done_today": done_today}
    return render(request, "retrofits/visit_list.html", context)


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def visit_record(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Task.objects.select_related(
        "dwelling__household", "area", "technology", "programme", "installation__heater", "installation__supplier"
    )
    task = get_visible_or_404(rows, request.user, RIGHT, pk=pk)
    if request.method == "GET":
        if task.state != Task.State.INSTALLED:
            return redirect("retrofits:task-detail", pk=pk)
        return _page(request, task, Visit(), str(uuid.uuid4()))
    return _answer(request, task)


def _answer(request: HttpRequest, task: Task) -> HttpResponse:
    """Photos first, so that they are kept whatever comes after; then the verdict, when one was given."""
    visit, key = _visit(request, task), request.POST.get("request_id", "")
    photo_faults = _keep_photos(request, task)
    deed = request.POST.get("deed", "photo")
    if deed == "read":
        return _read(request, task, visit, key, photo_faults)
    if deed not in ("passed", "failed") or photo_faults:
        return _page(request, task, visit, key, photo_faults, status=422 if photo_faults else 200)
    try:
        acceptance = record_acceptance(task=task, request_id=_uuid(key), result=deed, visit=visit, by=request.user)
    except Faulty as refusal:
        return _page(request, task, visit, key, list(refusal.faults), status=422, refusing=deed == "failed")
    except Refused as refusal:
        return refused_page(request, refusal)
    words = _("Accepted: %(name)s") if acceptance.result == "passed" else _("Turned to rectification: %(name)s")
    messages.success(request, words % {"name": task.dwelling.household.head_name})
    return redirect("retrofits:visit-list")


def _read(request: HttpRequest, task: Task, visit: Visit, key: str, faults: list[Fault]) -> HttpResponse:
    """Ask the heater ten times now; what it said, or that it is silent, stands on the page and with the acceptance."""
    heater = heater_of(task)
    if heater is not None:
        check_at_door(heater=heater, by=person_of(request), now=clock.now())
    return _page(request, task, visit, key, faults, status=422 if faults else 200)


def _page(
    request: HttpRequest,
    task: Task,
    visit: Visit,
    key: str,
    faults: list[Fault] | None = None,
    *,
    status: int = 200,
    refusing: bool = False,
) -> HttpResponse:
    items, stages = items_for(task), stages_of(task)
    now, heater = clock.now(), heater_of(task)
    door = check_near(heater, now) if heater else None
    evidence = door_evidence(task, now=now)
    still_open = open_items(items, visit, stages=stages, evidence=evidence)
    made = cards(task, items, visit, still_open, list(task.photos.select_related("document").order_by("pk")))
    context = {
        "task": task,
        "visit": visit,
        "request_id": key or str(uuid.uuid4()),
        "cards": made,
        "open_items": still_open,
        "faults": faults or [],
        "refusing": refusing,
        "evidence": evidence,
        "door": door,
        "door_lines": worded(door.lines) if door else [],
        "done": sum(card.is_done for card in made),
        "guard": states.not_the_installer(task, request.user),
        "signature": request.POST.get("signature", "")[:SIGNATURE_MAX],
        "due_on": request.POST.get("due_on", ""),
    }
    return render(request, "retrofits/visit.html", context, status=status)


def _visit(request: HttpRequest, task: Task) -> Visit:
    answers = {item["code"]: request.POST.get(f"item-{item['code']}", "")[:40] for item in items_for(task)}
    return Visit(
        answers={code: answer for code, answer in answers.items() if answer},
        opinion=request.POST.get("opinion", "")[:300],
        signature_png=_drawing(request.POST.get("signature", "")),
        signer_name=request.POST.get("signer_name", "")[:40],
        defect=request.POST.get("defect", "")[:300],
        due_on=_day(request.POST.get("due_on", "")),
    )


def _drawing(text: str) -> bytes:
    """The pad's PNG; text that is none becomes bytes that the service will name as unusable."""
    if not text or len(text) > SIGNATURE_MAX:
        return b"" if not text else b"too long"
    try:
        return base64.b64decode(text.removeprefix(PNG_HEAD), validate=True)
    except (binascii.Error, ValueError):
        return b"not base64"


def _keep_photos(request: HttpRequest, task: Task) -> list[Fault]:
    faults = []
    for stage in Photo.Stage.values:
        for file in request.FILES.getlist(f"photo-{stage}")[:5]:
            try:
                add_photo(task=task, stage=stage, content=read_photo(file), by=request.user)
            except Refused as refusal:
                faults.append(Fault(f"photo-{stage}", refusal.code, refusal.sentence))
    return faults


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Refused("REQUEST_KEY", _("The form has lost its number. Load the page again."), conflict=True) from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


COLUMNS = (
    Column(
        "task.dwelling.dwelling_no",
        gettext_lazy("Dwelling"),
        kind="id",
        order_by="task__dwelling__dwelling_no",
        link=True,
    ),
    Column("task.dwelling.household.head_name", gettext_lazy("Head of household")),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("result", gettext_lazy("Result"), template="retrofits/parts/result_cell.html", order_by="result"),
    Column("room_temp_c", gettext_lazy("Room temperature"), kind="degrees", order_by="room_temp_c"),
    Column("accepted_on", gettext_lazy("Visited on"), kind="when", order_by="accepted_on"),
    Column("inspector.person_name", gettext_lazy("Inspector"), kind="soft", priority=2),
    Column("opinion", gettext_lazy("Household's words"), kind="soft", priority=3),
)


@requires("tasks.view")
@require_GET
def acceptance_list(request: HttpRequest) -> HttpResponse:
    rows = Acceptance.objects.visible_to(request.user)
    tasks = narrowed(request, Task.objects.visible_to(request.user))
    rows = rows.filter(task__in=tasks).select_related("task__dwelling__household", "area", "inspector")
    table = build_table(
        request,
        rows,
        COLUMNS,
        filterset=AcceptanceFilter,
        unit=_("visits"),
        default_sort="-accepted_on",
        row_url=lambda row: reverse("retrofits:acceptance-detail", args=[row.pk]),
        empty=(_("Nothing has been accepted yet"), _("Inspectors accept on the phone, under “Today's visits”.")),
    )
    return render_table(request, "retrofits/acceptance_list.html", table)


@requires("tasks.view")
@require_GET
def acceptance_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Acceptance.objects.select_related(
        "task__dwelling__household", "area", "inspector", "rectification", "checklist", "transmission", "agency"
    )
    acceptance = get_visible_or_404(rows, request.user, pk=pk)
    texts = {item["code"]: item for item in acceptance.checklist.items}
    answers = [(texts.get(code, {"text": code})["text"], answer) for code, answer in acceptance.answers.items()]
    rectification = getattr(acceptance, "rectification", None)
    may_report = rectification and states.find(acceptance.task, "report_rectified") and rectification.done_on is None
    photos = acceptance.task.photos.select_related("document").order_by("pk")
    context: dict[str, Any] = {
        "acceptance": acceptance,
        "task": acceptance.task,
        "answers": answers,
        "rectification": rectification,
        "transmission": getattr(acceptance, "transmission", None),
        "evidence": acceptance.telemetry_evidence,
        "photos": photos,
        "may_report": may_report and request.user.has_right("installations.record", acceptance.area_id),
    }
    return render(request, "retrofits/acceptance_detail.html", context)


@requires("installations.record")
@require_http_methods(["POST"])
def rectification_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The firm's answer to a defect: words and a photo in one form."""
    rows = Rectification.objects.select_related("acceptance__task")
    rectification = get_visible_or_404(rows, request.user, "installations.record", pk=pk)
    task = rectification.acceptance.task
    try:
        for file in request.FILES.getlist("photos")[:5]:
            add_photo(task=task, stage=Photo.Stage.REPAIRED, content=read_photo(file), by=request.user)
        report_rectified(rectification=rectification, note=request.POST.get("note", ""), by=request.user)
    except Refused as refusal:
        return refused_page(request, refusal)
    messages.success(request, _("Reported as put right; the dwelling waits for an inspector again."))
    return redirect("retrofits:task-detail", pk=task.pk)
