"""One full number, once: a fragment that the page drops after a minute."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts import reveal as service
from accounts.access import requires
from accounts.models import User


@require_POST
@requires(service.RIGHT)
def reveal(request: HttpRequest) -> HttpResponse:
    """POST `table`, `pk`, `field`, `reason`; nothing of it stands in the address."""
    shown = service.reveal(
        table=request.POST.get("table", ""),
        pk=request.POST.get("pk", ""),
        field=request.POST.get("field", ""),
        reason=request.POST.get("reason", ""),
        by=cast(User, request.user),
        address=request.META.get("REMOTE_ADDR"),
    )
    response = render(request, "accounts/revealed.html", {"shown": shown})
    response["Cache-Control"] = "no-store"
    return response
