"""Signing in, addresses and words of the pages of heaters; a plant behind a real hub where a page needs one."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp

from accounts.models import TOTPDevice, User
from devices.models import Heater

PLACES = [("dtu:861990000000018", 1), ("dtu:861990000000018", 2), ("serial:serial0", 1)]
VILLAGE, OTHER_TOWN = "370999001001", "370999002"
PARTS = [
    "heater-detail",
    "heater-now",
    "heater-state",
    "heater-band",
    "heater-series",
    "heater-table",
    "heater-commands",
]


def sign_in(user: User) -> Client:
    """A browser of that person, second factor given."""
    device = TOTPDevice.objects.create(user=user, name="test", confirmed=True)
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client


def code_of(user: User) -> str:
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key):06d}"


def detail(heater: Heater, name: str = "heater-detail") -> str:
    return reverse(f"telemetry:{name}", args=[heater.platform_no])


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def say(heater: Heater, moment: dt.datetime, **values: Any) -> None:
    """A stored reading at a moment, as a poll would have left it."""
    names = ["heater_id", "at", *values]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO telemetry_reading ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
            [heater.pk, moment, *values.values()],
        )
