"""One-time codes of the household's own page: given out, sent, tried, used.

Every try writes the same row and asks the same question, whether the household exists or not: what is looked for is the
keyed fingerprint of number and code together. Nothing here answers “who”; it answers “opens” or “does not open”.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from itertools import islice

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.blind_index import blind_index
from households.models import Household
from reports.models import DoorTry, HouseholdCode
from reports.public.senders import Message, Sender, SendFailed

logger = logging.getLogger(__name__)
RIGHT = "households.slip"
LETTERS, SLIP_LENGTH = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 8
DIGITS, MESSAGE_LENGTH = "0123456789", 6
SLIP_LASTS = dt.timedelta(days=14)
MESSAGE_LASTS = VISIT_LASTS = dt.timedelta(minutes=10)
MOST_TRIES = 10
"""Tries at a number after its code was given out; with the tenth wrong one the code is dead."""
TRIES_KEPT = dt.timedelta(days=30)
AT_ONCE = 50

Channel = HouseholdCode.Channel


@transaction.atomic
def issue_slip(*, household: Household, by: User, now: dt.datetime) -> tuple[HouseholdCode, str]:
    """A code for a printed slip, and its letters, which are kept nowhere. Codes given out before open nothing more.

    Raises `PermissionDenied` without the right over the household's place.
    """
    if not by.has_right(RIGHT, household.area_id):
        raise PermissionDenied(RIGHT)
    return _issue(household, Channel.SLIP, now, by)


def _issue(household: Household, channel: str, now: dt.datetime, by: User | None = None) -> tuple[HouseholdCode, str]:
    code, lasts = _new_code(household, channel), SLIP_LASTS if channel == Channel.SLIP else MESSAGE_LASTS
    alive = HouseholdCode.objects.filter(household=household, used_at=None, expires_at__gt=now)
    alive.update(expires_at=now)
    made = HouseholdCode.objects.create(
        household=household, area_id=household.area_id, channel=channel, issued_by=by, issued_at=now,
        code_index=code_index(household.household_no, code), expires_at=now + lasts,
    )  # fmt: skip
    return made, code


def _new_code(household: Household, channel: str) -> str:
    """Drawn at random, and never one this household had before."""
    letters, length = (LETTERS, SLIP_LENGTH) if channel == Channel.SLIP else (DIGITS, MESSAGE_LENGTH)
    while True:
        code = "".join(secrets.choice(letters) for _n in range(length))
        if not HouseholdCode.objects.filter(code_index=code_index(household.household_no, code)).exists():
            return code


def code_index(number: str, code: str) -> str:
    return blind_index(f"{number}/{code}", "reports.household_code")


def number_index(number: str) -> str:
    return blind_index(number, "reports.door_number")


def visit_index(token: str) -> str:
    return blind_index(token, "reports.household_visit")


@transaction.atomic
def open_visit(*, number: str, code: str, now: dt.datetime) -> str | None:
    """The secret of a visit that lasts ten minutes, None where number and code open nothing. A code opens once."""
    index = number_index(number)
    DoorTry.objects.create(kind=DoorTry.Kind.OPEN, number_index=index, at=now)
    living = HouseholdCode.objects.select_for_update().filter(used_at=None, expires_at__gt=now)
    found = living.filter(code_index=code_index(number, code)).first()
    if found is None or _tries(index, found.issued_at) > MOST_TRIES:
        return None
    token = secrets.token_urlsafe(32)
    found.used_at, found.visit_index, found.visit_ends_at = now, visit_index(token), now + VISIT_LASTS
    found.save(update_fields=["used_at", "visit_index", "visit_ends_at"])
    return token


def _tries(index: str, since: dt.datetime) -> int:
    return DoorTry.objects.filter(kind=DoorTry.Kind.OPEN, number_index=index, at__gte=since).count()


def visit_of(token: str, now: dt.datetime) -> HouseholdCode | None:
    """The visit behind a browser's secret while it lasts."""
    if not token:
        return None
    rows = HouseholdCode.objects.filter(visit_index=visit_index(token[:100]), visit_ends_at__gt=now)
    return rows.filter(household__merged_into=None).select_related("household").first()


def end_visit(token: str, now: dt.datetime) -> None:
    if token:
        HouseholdCode.objects.filter(visit_index=visit_index(token[:100]), visit_ends_at__gt=now).update(
            visit_ends_at=now
        )


def ask_message(*, number: str, now: dt.datetime) -> None:
    """Note the wish and nothing else: whether there is such a household is looked up later, by a worker."""
    DoorTry.objects.create(kind=DoorTry.Kind.MESSAGE, number_index=number_index(number), number=number, at=now)


def send_waiting(*, via: Sender | None, now: dt.datetime) -> int:
    """Handle the wishes for text messages, each once; how many messages went out. Old tries are thrown away."""
    DoorTry.objects.filter(at__lt=now - TRIES_KEPT).delete()
    handled = islice(iter(lambda: _taken(now), None), AT_ONCE)
    return sum(_sent(letters, via, now) for letters in handled if via and letters)


@transaction.atomic
def _taken(now: dt.datetime) -> list[Message] | None:
    """The next wish, handled: its message, or none for a number nobody has; None when no wish waits."""
    waiting = DoorTry.objects.select_for_update(skip_locked=True).filter(kind=DoorTry.Kind.MESSAGE, handled_at=None)
    wish = waiting.order_by("at").first()
    if wish is None:
        return None
    number, asked_at = wish.number, wish.at
    wish.number, wish.handled_at = "", now
    wish.save(update_fields=["number", "handled_at"])
    household = Household.objects.filter(household_no=number.strip().upper(), merged_into=None).first()
    if household is None or not household.phone or now - asked_at > MESSAGE_LASTS:
        return []
    made, code = _issue(household, Channel.MESSAGE, now)
    words = _("Your code for the clean heating page is %(code)s. It opens once, within ten minutes.") % {"code": code}
    return [Message(household.pk, household.phone, words, made.expires_at)]


def _sent(letters: list[Message], via: Sender, now: dt.datetime) -> int:
    for letter in letters:
        try:
            via.send(letter)
        except SendFailed as failure:
            logger.warning("A code could not be sent: %s", failure)
            alive = HouseholdCode.objects.filter(household_id=letter.reference, used_at=None, expires_at__gt=now)
            alive.update(expires_at=now)
            return 0
    return len(letters)
