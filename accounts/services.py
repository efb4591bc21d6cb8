"""Changes to accounts and grants. Who gives rights is not who makes accounts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Area, Grant, User
from accounts.passwords import KEPT_OLD
from accounts.rights import ROLES
from core import clock
from core.refusals import Refused


@transaction.atomic
def create_user(
    *, username: str, person_name: str, person_no: str, unit: str = "", password: str | None = None, by: Any
) -> User:
    """Open an account without rights. Without a password it can't sign in until one is set."""
    if User.objects.filter(username=username).exists():
        raise Refused(
            "USERNAME_TAKEN",
            _("There is already an account “%(name)s”. Choose another name.") % {"name": username},
        )
    return User.objects.create_user(username, password, person_name=person_name, person_no=person_no, unit=unit)


@transaction.atomic
def grant_role(*, user: User, role: str, area: Area, by: Any, expires_on: date | None = None) -> Grant:
    """Give `user` a role on an area. Nobody grants to himself; administrators of two kinds can't be one person."""
    if getattr(by, "person_no", None) == user.person_no:
        raise Refused("OWN_GRANT", _("Nobody can give rights to himself. Ask another security administrator."))
    try:
        with transaction.atomic():
            grant, _made = Grant.objects.update_or_create(
                user=user,
                role=role,
                area=area,
                defaults={"expires_on": expires_on, "granted_by": by if isinstance(by, User) else None},
            )
    except IntegrityError as error:
        raise Refused(
            "ADMIN_KINDS_MIXED",
            _(
                "%(person)s can't be “%(role)s” beside the present roles: system, security and audit administration and "
                "ordinary work belong to different people."
            )
            % {"person": user.person_name, "role": ROLES[role].label},
        ) from error
    bump_access(user)
    return grant


@transaction.atomic
def revoke_grant(*, grant: Grant, by: Any) -> None:
    """End a grant today; what the person did with it stays in the history."""
    user = grant.user
    grant.delete()
    bump_access(user)


def bump_access(user: User) -> None:
    """Make the user's open sessions notice at their next request that rights have changed."""
    User.objects.filter(pk=user.pk).update(access_version=F("access_version") + 1)


@transaction.atomic
def close_account(*, user: User, by: Any) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False, access_version=F("access_version") + 1)


@transaction.atomic
def change_password(*, user: User, new_password: str, by: Any) -> None:
    """Set a password that passes the profile; keeps the hashes of the last five against reuse."""
    validate_password(new_password, user)
    user.old_passwords = [*user.old_passwords, user.password][-KEPT_OLD:]
    user.password = make_password(new_password)
    user.password_changed_at = clock.now()
    user.save()


@transaction.atomic
def enrol_second_factor(*, user: User, by: Any) -> TOTPDevice:
    """A fresh unconfirmed device; it counts once a code from it was typed."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    return TOTPDevice.objects.create(user=user, name="totp", confirmed=False)
