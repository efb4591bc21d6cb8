"""Accounts and roles: the system administrator opens and closes, the security administrator gives and takes."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import organisations, queries, services
from accounts.access import requires
from accounts.filters import UserFilter
from accounts.forms import AccountForm, GrantForm, ReasonForm
from accounts.history.queries import history_of
from accounts.models import Grant, Membership, TOTPDevice, User
from accounts.passwords import temporary_password
from accounts.rights import ROLES
from core.refusals import Refused
from core.tables import Column, build_table, render_table

COLUMNS = (
    Column("username", gettext_lazy("Account"), kind="id", order_by="username", link=True),
    Column("person_name", gettext_lazy("Person"), order_by="person_name"),
    Column("person_no", gettext_lazy("Staff number"), kind="mono", priority=3),
    Column("unit", gettext_lazy("Organisation"), order_by="unit", priority=3),
    Column("roles", gettext_lazy("Roles and places"), value=lambda user: role_words(user)),
    Column("is_active", gettext_lazy("State"), template="accounts/cell_state.html"),
    Column("last_login", gettext_lazy("Last signed in"), kind="when", order_by="last_login", priority=2),
)


def role_words(user: User) -> str:
    """“Town staff · Nancun, Beidong and others, 8 in all”: each role once, with at most two of its places."""
    places: dict[str, list[str]] = {}
    for grant in user.active_grants:
        places.setdefault(grant.role, []).append(grant.area.name)
    return "；".join(f"{ROLES[role].label} · {_place_words(names)}" for role, names in places.items())


def _place_words(names: list[str]) -> str:
    shown = "、".join(names[:2])
    return _("%(places)s and others, %(n)d in all") % {"places": shown, "n": len(names)} if len(names) > 2 else shown


@require_GET
@requires("users.view")
def user_list(request: HttpRequest) -> HttpResponse:
    rows = queries.with_roles(queries.administered_by(cast(User, request.user)))
    table = build_table(
        request,
        rows,
        COLUMNS,
        filterset=UserFilter,
        unit=_("accounts"),
        default_sort="username",
        row_url=lambda user: reverse("accounts:user-detail", args=[user.pk]),
    )
    return render_table(request, "accounts/user_list.html", table)


@require_GET
@requires("users.view")
def user_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _account(request, pk))


@require_http_methods(["GET", "POST"])
@requires("users.manage")
def user_create(request: HttpRequest) -> HttpResponse:
    """A new account with a first password, shown once."""
    form = AccountForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return render(request, "accounts/user_create.html", {"form": form}, status=422 if form.errors else 200)
    password = temporary_password()
    try:
        user = services.create_user(**form.cleaned_data, password=password, by=request.user)
    except Refused as refused:
        form.add_error("username", refused.sentence)
        return render(request, "accounts/user_create.html", {"form": form}, status=422)
    return _page(request, user, password=password)


@require_POST
@requires("users.manage")
def user_close(request: HttpRequest, pk: int) -> HttpResponse:
    return _deed(request, pk, services.close_account, _("The account is closed; open sessions have ended."))


@require_POST
@requires("users.manage")
def user_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    return _deed(request, pk, services.reopen_account, _("The account is open again."))


@require_POST
@requires("users.manage")
def user_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A temporary password, shown once on the page that answers; it stands nowhere else."""
    user, form = _account(request, pk), ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, user, reason_form=form)
    password = services.give_temporary_password(user=user, by=request.user, **form.cleaned_data)
    return _page(request, user, password=password)


@require_POST
@requires("grants.manage")
def user_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("The second factor is forgotten; the next sign-in sets up a new one.")
    return _deed(request, pk, services.reset_second_factor, done)


@require_POST
@requires("grants.manage")
def grant_create(request: HttpRequest, pk: int) -> HttpResponse:
    user, form = _account(request, pk), GrantForm(cast(User, request.user), request.POST)
    if not form.is_valid():
        return _page(request, user, grant_form=form)
    services.grant_role(user=user, by=request.user, **form.cleaned_data)
    messages.success(request, _("The role is given and holds from now on."))
    return redirect("accounts:user-detail", pk=pk)


@require_POST
@requires("grants.manage")
def grant_end(request: HttpRequest, pk: int) -> HttpResponse:
    grant = Grant.objects.select_related("user").filter(pk=pk).first()
    if grant is None:
        raise Http404
    user, form = _account(request, grant.user_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, user, reason_form=form)
    if request.POST.get("bond"):
        bond = _bond(user, request.POST["bond"])
        services.end_bond(bond=bond, by=request.user, **form.cleaned_data)
        messages.success(request, _("The account no longer works for that organisation."))
        return redirect("accounts:user-detail", pk=user.pk)
    services.revoke_grant(grant=grant, by=request.user, **form.cleaned_data)
    messages.success(request, _("The role has ended."))
    return redirect("accounts:user-detail", pk=user.pk)


def _account(request: HttpRequest, pk: int) -> User:
    user = queries.with_roles(queries.administered_by(cast(User, request.user))).filter(pk=pk).first()
    if user is None:
        raise Http404
    return user


def _bond(user: User, key: str) -> Membership:
    bond = user.memberships.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
    if bond is None:
        raise Http404
    return bond


def _deed(request: HttpRequest, pk: int, service: Any, done: str) -> HttpResponse:
    """One change of one account with a reason."""
    user, form = _account(request, pk), ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, user, reason_form=form)
    service(user=user, by=request.user, **form.cleaned_data)
    messages.success(request, done)
    return redirect("accounts:user-detail", pk=pk)


def _page(
    request: HttpRequest, user: User, *, password: str = "", reason_form: Any = None, grant_form: Any = None
) -> HttpResponse:
    admin = cast(User, request.user)
    wrong = any(form is not None and form.errors for form in (reason_form, grant_form))
    values = {
        "account": user,
        "facts": _facts(user),
        "grants": _grants(user),
        "password": password,
        "form": grant_form if grant_form is not None and grant_form.errors else reason_form,
        "grant_form": grant_form or GrantForm(admin),
        "own": admin.person_no == user.person_no,
        "may_manage": admin.has_right("users.manage"),
        "may_grant": admin.has_right("grants.manage"),
        "entries": history_of(user)[:10] if admin.has_right("audit.admin_log") else [],
    }
    return render(request, "accounts/user_detail.html", values, status=422 if wrong else 200)


def _grants(user: User) -> list[tuple[Grant, Any, list[tuple[Membership, str]]]]:
    """Each role with the organisations it is for; only people of organisations are asked about."""
    own = {role: organisations.bond_of(role) for role in user.role_codes}
    bonds = organisations.named(user.memberships.active().order_by("pk")) if any(own.values()) else []
    return [
        (grant, ROLES[grant.role].label, [one for one in bonds if one[0].kind == own[grant.role]])
        for grant in user.active_grants
    ]


def _facts(user: User) -> list[tuple[Any, Any]]:
    factor = TOTPDevice.objects.filter(user=user, confirmed=True).exists()
    return [
        (_("Person"), user.person_name),
        (_("Staff number"), user.person_no),
        (_("Organisation"), user.unit),
        (_("Second factor"), _("set up") if factor else _("not set up")),
        (_("Password"), _password_words(user)),
    ]


def _password_words(user: User) -> str:
    if not user.has_usable_password():
        return _("none: nobody can sign in with one")
    return _("must be changed at the next sign-in") if user.must_change_password else _("chosen by the person")
