"""Many photos at once: upload, what found its home, what waits for the clerk, filing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.models import Photo, PhotoBatch, PhotoUpload
from retrofits.services import photo_batches as service
from retrofits.services.photos import NOT_USABLE
from retrofits.views.evidence import file_response
from retrofits.views.pages import refused_page

STAGES = [(stage.value, stage.label) for stage in (Photo.Stage.BEFORE, Photo.Stage.DURING, Photo.Stage.AFTER)]
PROBLEMS: dict[str, Any] = {
    "FAR": gettext_lazy("taken far from the address"),
    "AMBIGUOUS": gettext_lazy("fits several homes"),
    "NOT_FOUND": gettext_lazy("neither name, place nor time tells the home"),
    "REUSED": gettext_lazy("the very same photo already belongs to another home"),
    "SAME": gettext_lazy("sent twice"),
    **NOT_USABLE,
}


@requires(service.RIGHT)
@require_http_methods(["GET", "POST"])
def photo_batches(request: HttpRequest) -> HttpResponse:
    """Upload page with earlier batches; what is sent is kept and read by a job."""
    if request.method == "POST":
        files = [(str(file.name), file.chunks()) for file in request.FILES.getlist("photos")]
        try:
            made = service.start_batch(
                programme=chosen_programme(request), area_code=chosen_area_code(request),
                stage=request.POST.get("stage", ""), files=files, by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
        except Refused as refusal:
            return refused_page(request, refusal)
        return redirect("retrofits:photo-batch", pk=made.pk)
    earlier = PhotoBatch.objects.visible_to(request.user).select_related("area", "uploaded_by")[:20]
    context = {"stages": STAGES, "earlier": earlier, "most": service.MAX_FILES}
    return render(request, "retrofits/photo_batches.html", context)


@requires(service.RIGHT)
@require_GET
def photo_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """What found its home, what waits, what can't be used."""
    batch = _batch(request, pk)
    rows = batch.uploads.select_related("task__dwelling__household", "task__area", "twin__task__dwelling")
    groups: dict[str, list[PhotoUpload]] = {state: [] for state in PhotoUpload.State.values}
    for upload in rows:
        upload.words = PROBLEMS.get(upload.problem, upload.problem)
        groups[upload.state].append(upload)
    context = {
        "batch": batch,
        "groups": groups,
        "total": sum(map(len, groups.values())),
        "stages": STAGES,
        "homes": service.homes_of(batch) if groups["open"] else [],
    }
    return render(request, "retrofits/photo_batch.html", context)


@requires(service.RIGHT)
@require_POST
def photo_batch_file(request: HttpRequest, pk: int) -> HttpResponse:
    """File every photo that has its home."""
    try:
        n = service.file_batch(batch=_batch(request, pk), by=request.user)  # type: ignore[arg-type]
        words = ngettext("%(n)d photo is in its file", "%(n)d photos are in their files", n) % {"n": n}
        messages.success(request, words)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return redirect("retrofits:photo-batch", pk=pk)


@requires(service.RIGHT)
@require_POST
def photo_upload_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Put one photo to a home by its dwelling number, or leave it out."""
    upload = _upload(request, pk)
    try:
        if "leave_out" in request.POST:
            service.leave_out(upload=upload, by=request.user)  # type: ignore[arg-type]
        else:
            number, stage = request.POST.get("dwelling_no", ""), request.POST.get("stage", "")
            service.place_upload(upload=upload, dwelling_no=number, stage=stage, by=request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, f"{upload.file_name}: {refusal.sentence}")
    else:
        messages.success(request, _("%(file)s is placed.") % {"file": upload.file_name})
    return redirect("retrofits:photo-batch", pk=upload.batch_id)


@requires(service.RIGHT)
@require_GET
def photo_upload_show(request: HttpRequest, pk: int) -> HttpResponse:
    """The cleaned picture; what was sent is never handed out."""
    upload = _upload(request, pk)
    if upload.document is None:
        raise Http404
    return file_response(upload.document)


def _batch(request: HttpRequest, pk: int) -> PhotoBatch:
    rows = PhotoBatch.objects.select_related("area", "programme", "uploaded_by", "job")
    found: PhotoBatch = get_visible_or_404(rows, request.user, service.RIGHT, pk=pk)
    return found


def _upload(request: HttpRequest, pk: int) -> PhotoUpload:
    upload = PhotoUpload.objects.select_related("document").filter(pk=pk).first()
    if upload is None:
        raise Http404
    get_visible_or_404(PhotoBatch, request.user, service.RIGHT, pk=upload.batch_id)
    return upload
