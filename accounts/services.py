"""Changes to accounts and grants. Who gives rights is not who makes accounts (C7).

The system administrator opens and closes accounts and gives first passwords; the security administrator gives roles and
takes away a lost second factor. Neither can take over an approving account alone.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import demonstration, organisations
from accounts.acting import acting
from accounts.models import Area, Grant, Membership, SavedView, TOTPDevice, User
from accounts.passwords import KEPT_OLD, temporary_password
from accounts.rights import ROLES
from core import clock
from core.refusals import Refused
from core.table_layouts import Layout

IDLE_DAYS = 90
VIEWS_PER_PAGE = 50


@transaction.atomic
def create_user(
    *, username: str, person_name: str, person_no: str, unit: str = "", password: str | None = None, by: Any
) -> User:
    """Open an account without rights. A password given here must be changed at the first sign-in; without one nobody
    can sign in until one is set.
    """
    if User.objects.filter(username=username).exists():
        raise Refused(
            "USERNAME_TAKEN",
            _("There is already an account “%(name)s”. Choose another name.") % {"name": username},
        )
    fields = {"person_name": person_name, "person_no": person_no, "unit": unit}
    return User.objects.create_user(username, password, must_change_password=password is not None, **fields)


@transaction.atomic
def grant_role(
    *, user: User, role: str, area: Area, by: Any, expires_on: date | None = None, reason: str = "",
    organisation: tuple[str, int] | None = None,
) -> Grant:  # fmt: skip
    """Give `user` a role on an area, and with `organisation` (kind, key) a membership for the same time. Nobody grants
    to himself; administrators of two kinds can't be one person."""
    _not_oneself(user, by, _("Nobody can give rights to himself. Ask another security administrator."))
    with _because(by, reason):
        grant = _store_grant(user, role, area, by, expires_on)
        if organisation is not None:
            _store_bond(user, organisation, by, expires_on)
        bump_access(user)
    return grant


@transaction.atomic
def bind_organisation(
    *, user: User, organisation: tuple[str, int], by: Any, expires_on: date | None = None, reason: str = ""
) -> Membership:
    """The account works for that organisation (kind, key in its register), until a day or until it is ended."""
    _not_oneself(user, by, _("Nobody can give rights to himself. Ask another security administrator."))
    with _because(by, reason):
        bond = _store_bond(user, organisation, by, expires_on)
        bump_access(user)
    return bond


@transaction.atomic
def end_bond(*, bond: Membership, by: Any, reason: str = "") -> None:
    """The account no longer works there. The row stays, with its last day: what was done then is not the next one's."""
    _not_oneself(bond.user, by, _("Nobody changes his own rights. Ask another security administrator."))
    with _because(by, reason):
        _end_bonds(Membership.objects.filter(pk=bond.pk))
        bump_access(bond.user)


@transaction.atomic
def revoke_grant(*, grant: Grant, by: Any, reason: str = "") -> None:
    """End a grant now; what the person did with it stays in the history."""
    _not_oneself(grant.user, by, _("Nobody changes his own rights. Ask another security administrator."))
    user, kind = grant.user, organisations.bond_of(grant.role)
    with _because(by, reason):
        grant.delete()
        if not any(organisations.bond_of(role) == kind for role in user.grants.values_list("role", flat=True)):
            _end_bonds(user.memberships.filter(kind=kind))
        bump_access(user)


def bump_access(user: User) -> None:
    """Make the user's open sessions end at their next request, because rights have changed."""
    User.objects.filter(pk=user.pk).update(access_version=F("access_version") + 1)
    user.refresh_from_db(fields=["access_version"])


@transaction.atomic
def close_account(*, user: User, by: Any, reason: str = "") -> None:
    """Nobody signs in with it any more and open sessions end; rights and history stay."""
    _not_oneself(user, by, _("Nobody closes his own account. Ask another system administrator."))
    with _because(by, reason):
        User.objects.filter(pk=user.pk).update(is_active=False, access_version=F("access_version") + 1)


@transaction.atomic
def reopen_account(*, user: User, by: Any, reason: str = "", now: datetime | None = None) -> None:
    """Open a closed account again, with the rights it had."""
    _not_oneself(user, by, _("Nobody opens his own account. Ask another system administrator."))
    with _because(by, reason):
        User.objects.filter(pk=user.pk).update(is_active=True, reopened_at=now or clock.now())


@transaction.atomic
def give_temporary_password(*, user: User, by: Any, reason: str = "") -> str:
    """A random password to be told once; open sessions end and the next sign-in asks for a new one."""
    _not_oneself(user, by, _("Change your own password under “My password”."))
    password = temporary_password()
    with _because(by, reason):
        _store_password(user, password)
        user.must_change_password = True
        user.save()
        bump_access(user)
    return password


@transaction.atomic
def reset_second_factor(*, user: User, by: Any, reason: str = "") -> None:
    """Forget a lost phone: the next sign-in asks to set up a new one. The demonstration keeps its own device."""
    _not_oneself(user, by, _("Nobody resets his own second factor. Ask another security administrator."))
    with _because(by, reason):
        kept = demonstration.MARK if settings.DEMONSTRATION else None
        TOTPDevice.objects.filter(user=user).exclude(name=kept).delete()
        bump_access(user)


def close_idle_accounts(*, now: datetime | None = None) -> list[str]:
    """Close accounts nobody has used for 90 days; returns their names. The last administrator of a kind stays."""
    before = (now or clock.now()) - timedelta(days=IDLE_DAYS)
    last_used = Greatest(Coalesce("last_login", "created_at"), Coalesce("reopened_at", "created_at"))
    idle = User.objects.filter(is_active=True).annotate(last_used=last_used).filter(last_used__lt=before)
    closed = []
    for user in idle.order_by("last_used", "pk"):
        if not _is_last_administrator(user):
            close_account(user=user, by=None, reason=f"not used for {IDLE_DAYS} days")
            closed.append(user.username)
    return closed


@transaction.atomic
def change_password(*, user: User, new_password: str, by: Any, now: datetime | None = None) -> None:
    """Set a password that passes the profile; keeps the hashes of the last five against reuse."""
    validate_password(new_password, user)
    _store_password(user, new_password)
    user.password_changed_at = now or clock.now()
    user.must_change_password = False
    user.save()


@transaction.atomic
def enrol_second_factor(*, user: User, by: Any) -> TOTPDevice:
    """A fresh unconfirmed device; it counts once a code from it was typed."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    return TOTPDevice.objects.create(user=user, name="totp", confirmed=False)


@transaction.atomic
def save_view(*, page: str, name: str, query: str, shared: bool, by: User) -> SavedView:
    """Store a list's filter under a name; the same name again replaces it. At most 50 on one page."""
    mine = SavedView.objects.filter(owner=by, page=page)
    if not mine.filter(name=name).exists() and mine.exclude(name="").count() >= VIEWS_PER_PAGE:
        raise Refused("TOO_MANY_VIEWS", _("There are 50 views on this page already. Delete one first."))
    fields = {"query": QueryDict(query).urlencode(), "shared": "unit" if shared and by.unit else "private"}
    return SavedView.objects.update_or_create(owner=by, page=page, name=name, defaults=fields)[0]


def keep_layout(*, page: str, layout: Layout, by: User) -> None:
    """Remember how somebody likes a list: kept among the views, under no name. An empty layout forgets it."""
    if layout == Layout():
        SavedView.objects.filter(owner=by, page=page, name="").delete()
        return
    SavedView.objects.update_or_create(owner=by, page=page, name="", defaults={"query": layout.query})


def _store_grant(user: User, role: str, area: Area, by: Any, expires_on: date | None) -> Grant:
    given = {"expires_on": expires_on, "granted_by": by if isinstance(by, User) else None}
    try:
        with transaction.atomic():
            grant, _made = Grant.objects.update_or_create(user=user, role=role, area=area, defaults=given)
    except IntegrityError as error:
        raise Refused(
            "ADMIN_KINDS_MIXED",
            _(
                "%(person)s can't be “%(role)s” beside the present roles: system, security and audit administration "
                "and ordinary work belong to different people."
            )
            % {"person": user.person_name, "role": ROLES[role].label},
        ) from error
    return grant


def _store_bond(user: User, organisation: tuple[str, int], by: Any, expires_on: date | None) -> Membership:
    kind, key = organisation
    given = {"expires_on": expires_on, "granted_by": by if isinstance(by, User) else None}
    return Membership.objects.update_or_create(user=user, kind=kind, organisation_id=key, defaults=given)[0]


def _end_bonds(bonds: Any) -> None:
    """From today on they are over; by the calendar, as with roles."""
    bonds.active().update(expires_on=timezone.localdate() - timedelta(days=1))


def _store_password(user: User, password: str) -> None:
    user.old_passwords = [*user.old_passwords, user.password][-KEPT_OLD:]
    user.password = make_password(password)


def _not_oneself(user: User, by: Any, sentence: str) -> None:
    """By person, not by account: somebody with two accounts is still himself."""
    if getattr(by, "person_no", None) == user.person_no:
        raise Refused("OWN_ACCOUNT", sentence)


def _because(by: Any, reason: str) -> Any:
    """With a reason of its own the change names it; without one the surrounding `acting` speaks."""
    return acting(by or "account keeper", reason) if reason else nullcontext()


def _is_last_administrator(user: User) -> bool:
    kinds = {ROLES[grant.role].admin_kind for grant in user.active_grants} - {0}
    others = Grant.objects.active().filter(~Q(user=user), user__is_active=True)
    return any(not others.filter(admin_kind=kind).exists() for kind in kinds)
