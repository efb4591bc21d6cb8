"""Recording installations: one by form, many by workbook."""

from __future__ import annotations

import io
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from devices.models import Supplier
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits import states
from retrofits.faults import Faulty
from retrofits.forms import InstallationForm, WorkbookForm, known_values, model_numbers
from retrofits.models import InstallationImport, Task
from retrofits.services.installations import record_installation
from retrofits.services.workbooks import start_workbook
from retrofits.views.pages import refused_page
from retrofits.workbook_template import empty_workbook

RIGHT = "installations.record"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def installation_record(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Task.objects.select_related("dwelling__household", "area__parent", "technology", "programme")
    task = get_visible_or_404(rows, request.user, RIGHT, pk=pk)
    firms = _own_firms(request, task)
    if request.method == "GET":
        return _page(request, task, InstallationForm(task, initial=known_values(task), firms=firms))
    form = InstallationForm(task, request.POST, firms=firms)
    if not form.is_valid():
        return _page(request, task, form)
    try:
        record_installation(task=task, entry=form.entry(), by=request.user)
    except Faulty as refusal:
        form.add_faults(refusal.faults)
        return _page(request, task, form)
    except Refused as refusal:
        return refused_page(request, refusal)
    messages.success(request, _("The installation is recorded; the dwelling waits for acceptance."))
    return redirect("retrofits:task-detail", pk=pk)


def _own_firms(request: HttpRequest, task: Task) -> Any:
    """A firm's account records its own installations; None for who records everybody's."""
    user: Any = request.user
    if any(task.area_id.startswith(code) for code in user.whole_codes_for(RIGHT)):
        return None
    return Supplier.objects.filter(pk__in=user.works_for("firm"))


def _page(request: HttpRequest, task: Task, form: InstallationForm) -> HttpResponse:
    if states.find(task, "install") is None and request.method == "GET":
        return redirect("retrofits:task-detail", pk=task.pk)
    context = {"task": task, "form": form, "models": model_numbers()}
    return render(request, "retrofits/installation_form.html", context, status=422 if form.errors else 200)


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def workbook_upload(request: HttpRequest) -> HttpResponseBase:
    """The upload page; a file is kept and read by a job. `?template` hands out an empty workbook."""
    if request.method == "GET" and "template" in request.GET:
        return _template()
    form = WorkbookForm(request.POST or None, request.FILES or None)
    programme, area = chosen_programme(request), chosen_area_code(request)
    if request.method == "POST" and form.is_valid():
        try:
            made = start_workbook(
                programme=programme, area_code=area, file_name=form.cleaned_data["file"].name,
                content=form.cleaned_data["file"].chunks(), by=request.user, is_ledger=form.cleaned_data["is_ledger"],
            )  # fmt: skip
        except Refused as refusal:
            return refused_page(request, refusal)
        return redirect("retrofits:workbook-detail", pk=made.pk)
    earlier = InstallationImport.objects.visible_to(request.user).select_related("file", "uploaded_by")[:20]
    context = {"form": form, "earlier": earlier, "max_mb": settings.UPLOAD_MAX_BYTES >> 20}
    return render(request, "retrofits/workbook_upload.html", context, status=422 if form.errors else 200)


def _template() -> FileResponse:
    return FileResponse(io.BytesIO(empty_workbook()), as_attachment=True, filename="安装记录.xlsx", content_type=XLSX)


@requires(RIGHT)
@require_GET
def workbook_detail(request: HttpRequest, pk: int) -> HttpResponse:
    made = get_visible_or_404(InstallationImport.objects.select_related("file", "job"), request.user, RIGHT, pk=pk)
    return render(request, "retrofits/workbook_detail.html", {"made": made, "faults": made.faults.get("rows", [])})
