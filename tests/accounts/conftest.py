"""People with passwords, and browsers of two kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from accounts.models import TOTPDevice, User
from tests import people

PASSWORD = "Sturm-17-Kiesel"
DESKTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/86.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 12; Phone) Chrome/86.0 Mobile Safari/537.36"

Make = Callable[..., User]


@pytest.fixture
def person(db: Any) -> Make:
    """`person("town_staff", "370999001")`: somebody with that role and the password `PASSWORD`."""

    def make(role: str = "town_staff", area: str = "370999001", **fields: Any) -> User:
        user = people.user(role, area, **fields)
        user.set_password(PASSWORD)
        user.password_changed_at = timezone.now()
        user.save()
        return user

    return make


@pytest.fixture
def phone_of() -> Callable[[User], TOTPDevice]:
    """The confirmed second factor of a person."""

    def make(user: User) -> TOTPDevice:
        return TOTPDevice.objects.get_or_create(user=user, name="totp", defaults={"confirmed": True})[0]

    return make


def code_of(device: TOTPDevice, step: int = 0) -> str:
    """The code the phone shows now, or some steps of 30 s later."""
    return f"{totp(device.bin_key, drift=step):06d}"


def sign_in(client: Client, user: User | str, password: str = PASSWORD, **extra: Any) -> Any:
    name = user if isinstance(user, str) else user.username
    return client.post("/account/login/", {"username": name, "password": password}, **extra)


@pytest.fixture
def inside(client: Client) -> Callable[[User], Client]:
    """A client signed in as that person, second factor given where the role needs one."""

    def enter(user: User) -> Client:
        client.force_login(user)
        device, _made = TOTPDevice.objects.get_or_create(user=user, name="totp", defaults={"confirmed": True})
        session = client.session
        session["otp_device_id"] = device.persistent_id
        session.save()
        return client

    return enter
