"""Name and password: how many tries are looked at, what is written down, and what a stranger can learn (C4).

Two limits. The library's: five wrong tries of one name from one address, then a rest of 15 minutes. Ours: ten wrong
tries of one name within an hour from anywhere, then only addresses from which the person has signed in lately are
still heard. So guessing from a thousand addresses gets ten tries an hour, and nobody can lock a person out of his desk.
A name that does not exist meets the same limits, the same answers and the same amount of hashing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import structlog
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.http import HttpRequest

from accounts.acting import acting
from accounts.addresses import client_address, device_of
from accounts.models import SignIn, User
from core import clock
from core.blind_index import blind_index
from core.refusals import Refused

log = structlog.get_logger(__name__)

WRONG_PER_HOUR = 10
FAMILIAR_FOR = dt.timedelta(days=30)
TWO_PLACES_WITHIN = dt.timedelta(minutes=10)


class TooManyTries(Refused):
    """The name rests for strangers; nothing was evaluated."""


def check_password_of(
    request: HttpRequest, username: str, password: str, now: dt.datetime | None = None
) -> User | None:
    """The person, or None. One try per name at a time, so that a burst of guesses is counted one by one.

    Raises `TooManyTries` before anything is evaluated.
    """
    now, name_index = now or clock.now(), index_of(username)
    with transaction.atomic():
        _one_at_a_time(name_index)
        if rests(name_index, client_address(request), now):
            raise TooManyTries("TOO_MANY_TRIES", "Too many tries.")
        user: Any = authenticate(request, username=username, password=password)
        if not getattr(request, "axes_locked_out", False):
            _write_down(request, name_index, user, now)
    return user


def index_of(username: str) -> str:
    """The keyed fingerprint under which tries of one name are counted, whether or not it exists."""
    return blind_index(f"name {username}", "sign_in")


def rests(name_index: str, address: str | None, now: dt.datetime) -> bool:
    """Whether tries of this name from this address are not looked at for the time being."""
    tries = SignIn.objects.filter(name_index=name_index)
    wrong = tries.filter(outcome=SignIn.Outcome.WRONG, at__gt=now - dt.timedelta(hours=1)).count()
    if wrong < WRONG_PER_HOUR:
        return False
    familiar = tries.filter(outcome=SignIn.Outcome.OK, at__gt=now - FAMILIAR_FOR, address=address)
    return address is None or not familiar.exists()


def alerts(limit: int = 50) -> list[SignIn]:
    """The newest sign-ins that look like one account in two hands."""
    return list(SignIn.objects.exclude(alert="").select_related("user").order_by("-at")[:limit])


def _write_down(request: HttpRequest, name_index: str, user: User | None, now: dt.datetime) -> None:
    address, device = client_address(request), device_of(request)
    alert = _alert(user, address, device, now) if user else ""
    outcome = SignIn.Outcome.OK if user else SignIn.Outcome.WRONG
    row = SignIn(at=now, name_index=name_index, user=user, address=address, device=device, outcome=outcome, alert=alert)
    with acting(user or "visitor"):
        row.save()
    if alert and user:
        log.warning("sign_in_alert", alert=alert, user_id=user.pk, address=address)


def _alert(user: User, address: str | None, device: str, now: dt.datetime) -> str:
    """The same account on the same kind of device at another address a moment ago: probably two people."""
    recent = user.sign_ins.filter(outcome=SignIn.Outcome.OK, device=device, at__gt=now - TWO_PLACES_WITHIN)
    return SignIn.Alert.TWO_PLACES if recent.exclude(address=address).exists() else ""


def _one_at_a_time(name_index: str) -> None:
    """Held until the transaction ends. PostgreSQL wants a number: the first 60 bits of the fingerprint."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(name_index[:15], 16)])
