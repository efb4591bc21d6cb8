"""What the small forms of the room have in common: a form, a service, and where to go then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from core.refusals import Refused
from retrofits.faults import Fault, Faulty
from retrofits.views.pages import refused_page


def posted(
    request: HttpRequest, form: Any, deed: Callable[[dict[str, Any]], Any], said: str, to: str, *args: Any
) -> HttpResponse:
    """Do it and go on; a form or a service that refuses answers with every reason (422 or 409)."""
    if not form.is_valid():
        return refused_page(request, form_refusal(form))
    return done(request, lambda: deed(form.cleaned_data), said, to, *args)


def done(request: HttpRequest, deed: Callable[[], Any], said: str, to: str, *args: Any) -> HttpResponse:
    """The same without a form."""
    try:
        deed()
    except Refused as refusal:
        return refused_page(request, refusal)
    messages.success(request, said)
    return redirect(to, *args)


def form_refusal(form: Any) -> Faulty:
    """Every fault of a form, each with the name of its field."""
    faults = [
        Fault(name, "FIELD", f"{form.fields[name].label}：{problem}" if name in form.fields else str(problem))
        for name, problems in form.errors.items()
        for problem in problems
    ]
    return Faulty("FORM_FAULTY", _("%(count)d things of the form need a change."), faults)
