"""One address that takes every form of the board and of a company's page; `deed` says which (`heatsupply.deeds`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.refusals import Refused
from heatsupply.deeds.companies import COMPANY_FORMS, company_form
from heatsupply.deeds.places import PLACE_FORMS, enter_for_place
from heatsupply.deeds.rows import ROW_DEEDS, row_of
from heatsupply.forms.networks import OnForm, with_rows
from heatsupply.models import HeatImport, HeatingCompany
from heatsupply.models.owned import MANAGE, OWN
from retrofits.views.posting import form_refusal


@requires(MANAGE, OWN)
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    deed = request.POST.get("deed", "")
    if deed in COMPANY_FORMS:
        return _of_company(request, deed)
    if deed in PLACE_FORMS:
        return _of_place(request, deed)
    if deed in ROW_DEEDS:
        return _of_row(request, deed)
    return _refused(request, Refused("DEED_UNKNOWN", _("Choose what is to be entered.")), reverse("heat:home"))


def _of_company(request: HttpRequest, deed: str) -> HttpResponse:
    key = request.POST.get("company", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Http404
    company = get_visible_or_404(HeatingCompany.objects.select_related("area"), request.user, pk=int(key))
    user: Any = request.user
    if COMPANY_FORMS[deed].county_only and not user.has_right(MANAGE, company.area_id):
        raise PermissionDenied(MANAGE)
    form = company_form(deed, company, user, request.POST, request.FILES)
    back = reverse("heat:company-detail", args=[company.pk])
    return _done(request, form, lambda: COMPANY_FORMS[deed].act(company, form, user), back)


def _of_place(request: HttpRequest, deed: str) -> HttpResponse:
    user: Any = request.user
    if not user.has_right(MANAGE):
        raise PermissionDenied(MANAGE)
    form = PLACE_FORMS[deed][1](request.POST, request.FILES)
    with_rows(form, area=Area.objects.visible_to(user, MANAGE))
    return _done(request, form, lambda: enter_for_place(deed, form, user), reverse("heat:home"))


def _of_row(request: HttpRequest, deed: str) -> HttpResponse:
    user: Any = request.user
    row = row_of(deed, user, request.POST.get("row", ""))
    if row is None:
        raise Http404
    form = OnForm(request.POST, request.FILES)
    company = getattr(getattr(row, "plan", row), "its_company", None)
    back = reverse("heat:company-detail", args=[company.pk]) if company else reverse("heat:home")
    return _done(request, form, lambda: ROW_DEEDS[deed][1](row, form, user), back)


def _done(request: HttpRequest, form: Any, deed: Callable[[], Any], back: str) -> HttpResponse:
    """Do it and go back there; a form or a service that refuses answers with every reason (422 or 409)."""
    try:
        if not form.is_valid():
            raise form_refusal(form)
        made = deed()
    except Refused as refusal:
        return _refused(request, refusal, back)
    if isinstance(made, HeatImport):
        return redirect("heat:file-detail", made.pk)
    messages.success(request, _("It is recorded."))
    return redirect(back)


def _refused(request: HttpRequest, refusal: Refused, back: str) -> HttpResponse:
    context = {"refusal": refusal, "faults": getattr(refusal, "faults", ()), "back": back}
    return render(request, "refused.html", context, status=refusal.status)
