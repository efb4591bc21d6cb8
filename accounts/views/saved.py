"""Named lists: the address of a filtered list under a name, for oneself or for the unit."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import services
from accounts.access import signed_in
from accounts.forms import SavedViewForm
from accounts.models import SavedView, User
from accounts.queries import saved_views_of
from core.refusals import Refused


@require_POST
@signed_in
def view_save(request: HttpRequest) -> HttpResponse:
    """POST `page` (URL name of a list), `name`, `query`, `shared`: stores and opens it. The same name replaces."""
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        raise Refused("VIEW_UNNAMED", _("Give the view a name of at most 60 letters."))
    address = _address(form.cleaned_data["page"])
    saved = services.save_view(by=cast(User, request.user), **form.cleaned_data)
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": saved.name})
    return redirect(f"{address}?{saved.query}")


@require_GET
@signed_in
def view_open(request: HttpRequest, pk: int) -> HttpResponse:
    """To the list with the stored filter; only one's own views and those shared in one's unit."""
    saved = SavedView.objects.filter(pk=pk).first()
    if saved is None or not saved_views_of(cast(User, request.user), saved.page).filter(pk=pk).exists():
        raise Http404
    return redirect(f"{_address(saved.page)}?{QueryDict(saved.query).urlencode()}")


@require_POST
@signed_in
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    saved = SavedView.objects.filter(pk=pk, owner=cast(User, request.user)).first()
    if saved is None:
        raise Http404
    address = _address(saved.page)
    saved.delete()
    messages.success(request, _("The view is deleted."))
    return redirect(address)


def _address(page: str) -> str:
    """Only lists of this portal have views."""
    try:
        return reverse(page)
    except NoReverseMatch:
        raise Http404 from None
