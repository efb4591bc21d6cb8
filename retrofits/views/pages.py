"""Answers that several views of the room give."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.refusals import Refused
from retrofits.faults import Fault


def refused_page(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """422 or 409 with the service's sentence and every fault."""
    faults: tuple[Fault, ...] = getattr(refusal, "faults", ())
    context = {"refusal": refusal, "faults": faults}
    return render(request, "retrofits/refused.html", context, status=refusal.status)
