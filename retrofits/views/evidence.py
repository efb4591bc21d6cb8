"""Photos and signatures: stored encrypted, handed out one by one to whoever may see the task."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from core.files import open_file
from core.pictures import MAX_BYTES
from core.refusals import Refused
from households.models import Document
from retrofits.models import Acceptance, Photo, Task
from retrofits.services.photos import NOT_USABLE, add_photo
from retrofits.views.pages import refused_page

AT_ONCE = 20


@requires("tasks.view")
@require_GET
def photo_show(request: HttpRequest, pk: int) -> HttpResponse:
    return file_response(get_visible_or_404(Photo.objects.select_related("document"), request.user, pk=pk).document)


@requires("tasks.view")
@require_GET
def signature_show(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Acceptance.objects.select_related("signature").filter(signature__isnull=False)
    return file_response(get_visible_or_404(rows, request.user, pk=pk).signature)


@requires("installations.record")
@require_POST
def photo_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Photos from the desktop, several at once; what is no photo is told, the others are kept."""
    task = get_visible_or_404(Task, request.user, "installations.record", pk=pk)
    stage = request.POST.get("stage", "")
    files = request.FILES.getlist("photos")[:AT_ONCE]
    if stage not in Photo.Stage.values or not files:
        return refused_page(request, Refused("PHOTO_MISSING", _("Choose the stage and at least one photo.")))
    for file in files:
        try:
            add_photo(task=task, stage=stage, content=read_photo(file), by=request.user)
        except Refused as refusal:
            messages.error(request, f"{file.name}: {refusal.sentence}")
    return redirect("retrofits:task-detail", pk=pk)


def read_photo(file: object) -> bytes:
    """The upload's bytes, unless there are too many of them."""
    if file.size > MAX_BYTES:  # type: ignore[attr-defined]
        raise Refused("PHOTO_UNUSABLE", NOT_USABLE["TOO_LARGE"])
    return file.read()  # type: ignore[attr-defined, no-any-return]


def file_response(document: Document) -> HttpResponse:
    """The content type is ours, never the sender's; the browser may keep it for this person for an hour."""
    response = FileResponse(open_file(document.stored_name), content_type=document.content_type)
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline"
    return response
