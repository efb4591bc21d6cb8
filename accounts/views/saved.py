"""Named lists: the address of a filtered list under a name, for oneself or for the unit."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import services
from accounts.access import signed_in
from accounts.forms import LayoutForm, SavedViewForm
from accounts.models import SavedView, User
from accounts.queries import saved_views_of
from core.refusals import Refused
from core.table_layouts import MOST_COLUMNS, Layout, moved_up


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


@require_POST
@signed_in
def layout_keep(request: HttpRequest) -> HttpResponse:
    """POST `page`, the ticked `col` in their order, `dense`; `up` moves one forward, `reset` forgets; to `next`."""
    form = LayoutForm(request.POST)
    if not form.is_valid():
        raise Refused("LAYOUT_UNREADABLE", _("These columns are not those of a list; open the list once more."))
    given = form.cleaned_data
    keys = moved_up([key for key in request.POST.getlist("col") if key][:MOST_COLUMNS], given["up"])
    layout = Layout() if "reset" in request.POST else Layout(keys, given["dense"])
    services.keep_layout(page=given["page"], layout=layout, by=cast(User, request.user))
    return redirect(_back_to_list(request))


def _back_to_list(request: HttpRequest) -> str:
    """The list as it was, without columns in its address; never another host."""
    target = urlsplit(request.POST.get("next", "/"))
    query = QueryDict(target.query, mutable=True)
    for key in ("cols", "dense", "page"):
        query.pop(key, None)
    address = f"{target.path}?{query.urlencode()}" if query else target.path
    return address if url_has_allowed_host_and_scheme(address, None) and address.startswith("/") else "/"


def _address(page: str) -> str:
    """Only lists of this portal have views."""
    try:
        return reverse(page)
    except NoReverseMatch:
        raise Http404 from None
