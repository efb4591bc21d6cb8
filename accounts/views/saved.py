"""Named lists: the address of a filtered list under a name, for oneself or for the unit."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.core import signing
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
from core import undo
from core.refusals import Refused
from core.table_layouts import MOST_COLUMNS, Kept, Layout, moved_up

LONGEST_KEY = 60
UNDO, UNDO_S = "accounts.view-undo", 60


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
    kept = {"page": saved.page, "name": saved.name, "query": saved.query, "shared": saved.shared == "unit"}
    saved.delete()
    undo.offer(request, _("The view is deleted."), _inverse(request, kept, address))
    return redirect(address)


def _inverse(request: HttpRequest, kept: dict[str, Any], back: str) -> str:
    """An address that brings back what was there; signed, so that it can't say anything else, and for a minute."""
    said = {**kept, "back": back, "by": cast(User, request.user).pk}
    return reverse("accounts:view-undo", args=[signing.dumps(said, salt=UNDO, compress=True)])


@require_POST
@signed_in
def view_undo(request: HttpRequest, token: str) -> HttpResponse:
    """Bring back a deleted view, or the columns as they were: what the toast offers."""
    user = cast(User, request.user)
    try:
        kept = signing.loads(token, salt=UNDO, max_age=UNDO_S)
    except signing.BadSignature as error:
        raise Refused("UNDO_OVER", _("This can't be undone any more."), conflict=True) from error
    if kept.pop("by") != user.pk:
        raise Http404
    back = kept.pop("back")
    if "layout" in kept:
        query = QueryDict(kept["layout"])
        services.keep_layout(page=kept["page"], layout=Layout.of(query, Kept()), by=user)
    else:
        services.save_view(by=user, **kept)
    messages.success(request, _("Undone."))
    return redirect(back)


@require_POST
@signed_in
def layout_keep(request: HttpRequest) -> HttpResponse:
    """POST `page`, the ticked `col` in their order, `dense`; `up` moves one forward, `reset` forgets; to `next`."""
    form = LayoutForm(request.POST)
    if not form.is_valid():
        raise Refused("LAYOUT_UNREADABLE", _("These columns are not those of a list; open the list once more."))
    given = form.cleaned_data
    keys = [key for key in request.POST.getlist("col") if 0 < len(key) <= LONGEST_KEY][:MOST_COLUMNS]
    keys = moved_up(keys, given["up"])
    layout = Layout() if "reset" in request.POST else Layout(keys, given["dense"])
    user, back = cast(User, request.user), _back_to_list(request)
    before = SavedView.objects.filter(owner=user, page=given["page"], name="").values_list("query", flat=True).first()
    services.keep_layout(page=given["page"], layout=layout, by=user)
    kept = {"page": given["page"], "layout": before or ""}
    undo.offer(request, _("The columns are kept for you."), _inverse(request, kept, back))
    return redirect(back)


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
