"""One-click roles of the demonstration. Every door here checks the mode; `accounts.checks` shuts production."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404
from django_otp.oath import hotp

from accounts.models import TOTPDevice, User
from accounts.rights import ROLES

MARK = "demonstration"


@dataclass(frozen=True)
class DemoAccount:
    username: str
    person: str
    role_label: str
    area_label: str


def accounts() -> list[DemoAccount]:
    """The accounts the login page offers; none outside demonstration mode."""
    if not settings.DEMONSTRATION:
        return []
    users = User.objects.filter(is_active=True, totpdevice__name=MARK).prefetch_related("grants__area").order_by("id")
    return [account for user in users for account in _offer(user)]


def user_or_404(username: str) -> User:
    if not settings.DEMONSTRATION:
        raise Http404
    user = User.objects.filter(username=username, is_active=True, totpdevice__name=MARK).first()
    if user is None:
        raise Http404
    return user


def verified_device(user: User) -> TOTPDevice:
    """The demonstration's second factor of a user."""
    return TOTPDevice.objects.get(user=user, name=MARK, confirmed=True)


def current_code(user: User, at: float | None = None) -> str:
    """The one-time code that the demonstration fills in for its people: the next one that has not been used yet.

    Several within one minute work too: the library takes the device for one whose clock runs ahead and follows it.
    Empty outside the demonstration and for people without its device.
    """
    if not settings.DEMONSTRATION:
        return ""
    device = TOTPDevice.objects.filter(user=user, name=MARK, confirmed=True).first()
    if device is None:
        return ""
    present = int(((time.time() if at is None else at) - device.t0) // device.step) + device.drift
    return f"{hotp(device.bin_key, max(present, device.last_t + 1), device.digits):06d}"


def give_device(user: User) -> TOTPDevice:
    """Mark an account as belonging to the demonstration by giving it a ready second factor."""
    if settings.PRODUCTION:
        raise RuntimeError("Demonstration accounts can't be made in production")
    return TOTPDevice.objects.get_or_create(user=user, name=MARK, defaults={"confirmed": True})[0]


def _offer(user: User) -> list[DemoAccount]:
    grants = list(user.grants.all())
    if not grants:
        return []
    areas = "、".join(dict.fromkeys(grant.area.name for grant in grants))
    return [DemoAccount(user.username, user.person_name, str(ROLES[grants[0].role].label), areas)]
