"""Deny by default: every view says who may open it, and no view holds a row its user may not touch.

`@requires` sits on views bound to a right, `@signed_in` on personal pages, `@public` on the few pages open to all.
A URL whose view says none of the three fails the start-up check in `heating_portal.checks`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse

from accounts.passwords import must_change
from accounts.rights import RIGHTS

View = Callable[..., HttpResponse]
Row = TypeVar("Row")


def requires(*rights: str) -> Callable[[View], View]:
    """Only people who hold one of `rights` somewhere get in; where exactly is decided row by row."""
    unknown = set(rights) - set(RIGHTS)
    if unknown or not rights:
        raise ValueError(f"Unknown rights {sorted(unknown)}" if unknown else "requires() needs a right")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            waiting = _ask_to_sign_in(request)
            if waiting is not None:
                return waiting
            if not any(request.user.has_right(right) for right in rights):
                raise PermissionDenied(rights[0])
            return view(request, *args, **kwargs)

        return _declared(guarded, " or ".join(rights))

    return decorate


def signed_in(view: View) -> View:
    """Open to everybody with an account (and the second factor where the role demands one)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        waiting = _ask_to_sign_in(request)
        return waiting if waiting is not None else view(request, *args, **kwargs)

    return _declared(guarded, "signed_in")


def public(view: View) -> View:
    """Open to the whole world."""

    @wraps(view)
    def open_view(*args: Any, **kwargs: Any) -> HttpResponse:
        return view(*args, **kwargs)

    return _declared(open_view, "public")


def get_visible_or_404(source: Any, user: Any, right: str = "", **lookup: Any) -> Any:
    """The one row of `source` (model or queryset) that `lookup` names, inside the user's area.

    Outside the area: 404, as if it did not exist. Inside, but without `right` over that place: 403.
    `source` is narrowed by its own `view_right`; `right` is what the caller wants to do with the row.
    """
    rows = source.objects.all() if hasattr(source, "objects") else source
    row = rows.visible_to(user).filter(**lookup).first()
    if row is None:
        raise Http404
    if right and not user.has_right(right, area_code_of(row)):
        raise PermissionDenied(right)
    return row


def may_open(user: Any, address: str) -> bool:
    """Whether the page at `address` lets the person in: a link that ends at a closed door is none."""
    declared = _declared_at(urlsplit(address).path)
    rights = declared.split(" or ")
    return declared in ("public", "signed_in") or any(right in RIGHTS and user.has_right(right) for right in rights)


@lru_cache(maxsize=512)
def _declared_at(path: str) -> str:
    try:
        return str(getattr(resolve(path).func, "required_right", ""))
    except Resolver404:
        return ""


def area_code_of(row: Any) -> str:
    """The code of the area a row belongs to."""
    return str(getattr(row, "area_id", None) or row.pk)


def _declared(view: View, declaration: str) -> View:
    view.required_right = declaration  # type: ignore[attr-defined]
    return view


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse | None:
    """Where somebody has to go first: sign in, give the second factor, choose a password of his own."""
    if not request.user.is_authenticated:
        return _send(request, "accounts:login", getattr(request, "session_ended", ""))
    if request.user.needs_second_factor and not request.user.is_verified():
        return _send(request, "accounts:second-factor")
    if must_change(request.user) and request.path != reverse("accounts:change-password"):
        return _send(request, "accounts:change-password")
    return None


def _send(request: HttpRequest, name: str, ended: str = "") -> HttpResponse:
    """To that page and back afterwards. A fragment can't be redirected: it gets 401 and tells htmx where to go."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": reverse(name)})
    words = {"next": request.get_full_path()} if request.method == "GET" else {}
    words |= {"ended": ended} if ended else {}
    return HttpResponseRedirect(f"{reverse(name)}?{urlencode(words)}" if words else reverse(name))
