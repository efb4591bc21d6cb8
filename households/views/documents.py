"""Papers of a household's file: upload, open for a reason, withdraw."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import reveal
from accounts.access import get_visible_or_404, requires
from core.files import open_file
from core.papers import MAX_BYTES
from core.refusals import Refused
from households.models import Document, Dwelling
from households.services import documents

FILES_AT_ONCE = 10
ENDINGS = {"image/jpeg": "jpg", "application/pdf": "pdf"}


@requires(documents.RIGHT)
@require_POST
def paper_add(request: HttpRequest, dwelling_no: str) -> HttpResponse:
    """Files of one item; what can't be kept is told by name, the others are kept."""
    dwelling = get_visible_or_404(Dwelling, request.user, documents.RIGHT, dwelling_no=dwelling_no)
    files = request.FILES.getlist("files")[:FILES_AT_ONCE]
    if not files:
        messages.warning(request, _("Choose at least one picture or PDF."))
    for file in files:
        try:
            documents.add_paper(
                dwelling=dwelling, paper=request.POST.get("paper", ""), content=file.read(MAX_BYTES + 1),
                file_name=str(file.name), by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            messages.success(request, _("%(file)s was added to the file.") % {"file": file.name})
        except Refused as refusal:
            messages.error(request, f"{file.name}: {refusal.sentence}")
    return redirect("reports:household-detail", dwelling_no)


@requires(reveal.RIGHT)
@require_POST
def paper_open(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper itself, which shows full numbers: a reason is written down before a byte leaves."""
    rows = Document.objects.filter(kind__in=documents.KINDS)
    document = get_visible_or_404(rows, request.user, reveal.RIGHT, pk=pk)
    reveal.note_look(
        row=document, field="file", reason=request.POST.get("reason", ""), by=request.user,  # type: ignore[arg-type]
        address=request.META.get("REMOTE_ADDR"),
    )  # fmt: skip
    response = FileResponse(open_file(document.stored_name), content_type=document.content_type)
    name = f"{document.kind}-{document.pk}.{ENDINGS.get(document.content_type, 'bin')}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@requires(documents.RIGHT)
@require_POST
def paper_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a paper out of the file, with a reason."""
    rows = Document.objects.filter(kind__in=documents.KINDS).select_related("dwelling")
    document = get_visible_or_404(rows, request.user, documents.RIGHT, pk=pk)
    try:
        documents.withdraw_paper(document=document, reason=request.POST.get("reason", ""), by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("The paper was withdrawn."))
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return redirect("reports:household-detail", document.dwelling.dwelling_no)
