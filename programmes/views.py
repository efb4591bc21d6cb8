"""Programmes to read: what the document asks of whom, until when, by which means, and in which words."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import requires
from core import clock
from programmes.chosen import programmes_for
from programmes.models import Programme
from programmes.queries import target_tables


@requires("programmes.view")
@require_GET
def programme_list(request: HttpRequest) -> HttpResponse:
    return render(request, "programmes/list.html", {"programmes": programmes_for(request.user)})


@requires("programmes.view")
@require_GET
def programme_detail(request: HttpRequest, code: str) -> HttpResponse:
    programme = _programme_or_404(request, code)
    context = {
        "programme": programme,
        "tables": target_tables(programme),
        "phases": [(phase, _state(phase)) for phase in programme.phases.all()],
        "documents": programme.documents.prefetch_related("clauses"),
        "technologies": programme.technologies.all(),
        "checklists": programme.checklists.order_by("kind", "-version"),
    }
    return render(request, "programmes/detail.html", context)


def _programme_or_404(request: HttpRequest, code: str) -> Programme:
    """A town reads the programme of its county, so the programmes of the areas above count as visible."""
    for programme in programmes_for(request.user):
        if programme.code == code:
            return programme
    raise Http404


def _state(phase: object) -> str:
    today = clock.today()
    return "did" if phase.ends_on < today else "now" if phase.starts_on <= today else ""  # type: ignore[attr-defined]
