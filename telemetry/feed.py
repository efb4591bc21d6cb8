"""Readings since a cursor, each handed out once and none left out.

Turns are stored one after another, but a turn that began earlier may be stored later. So only readings are given that
are older than every turn still under way: what is behind the cursor can't come any more.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from devices.models import Heater
from telemetry.models import PollCycle

COLUMNS = (
    "at", "supply_dc", "return_dc", "outdoor_dc", "room_dc", "set_room_dc", "running", "mode", "fault", "power_w",
    "energy_dkwh", "flags",
)  # fmt: skip
USUAL, MOST = 1000, 5000
FIRST = dt.timedelta(hours=1)
DEAD_AFTER = dt.timedelta(hours=1)


class BadQuestion(ValueError):
    """What was asked can't be answered; `field` names the parameter."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


@dataclass(frozen=True)
class Asked:
    """Readings after (`at`, `heater`), at most `limit`; with `until` (the same kind of place) none behind it."""

    at: dt.datetime
    heater: int
    limit: int
    until: tuple[dt.datetime, int] | None = None

    @classmethod
    def of(cls, said: Mapping[str, str], now: dt.datetime) -> Asked:
        """From the parameters of an address. Raises `BadQuestion`."""
        limit = _limit(said.get("limit", ""))
        if cursor := said.get("cursor", ""):
            return cls(*_place(cursor), limit)
        since = said.get("since", "")
        at = _moment(since) if since else now - FIRST
        return cls(at, 0, limit)


def between(cursor: str, end: str, limit: int) -> Asked:
    """Readings after one cursor and, where `end` is given, up to another. Raises `BadQuestion`."""
    return Asked(*_place(cursor), limit, _place(end) if end else None)


def _limit(text: str) -> int:
    if not text:
        return USUAL
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST):
        raise BadQuestion("limit", _("A whole number from 1 to %(n)d.") % {"n": MOST})
    return int(text)


def _moment(text: str) -> dt.datetime:
    try:
        found = parse_datetime(text[:40])
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadQuestion("since", _("A moment with its zone, like 2026-01-31T08:00:00+08:00."))
    return found


def _place(cursor: str) -> tuple[dt.datetime, int]:
    """The place a cursor stands for; made by `cursor_of`."""
    try:
        micros, heater = base64.urlsafe_b64decode(cursor[:80].encode()).decode().split(".")
        return _EPOCH + dt.timedelta(microseconds=int(micros)), int(heater)
    except (ValueError, binascii.Error, OverflowError):
        raise BadQuestion("cursor", _("Not a cursor of ours: send back what the last answer gave.")) from None


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def cursor_of(at: dt.datetime, heater: int) -> str:
    """Where to go on after this reading."""
    micros = (at - _EPOCH) // dt.timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{heater}".encode()).decode()


@dataclass(frozen=True)
class Page:
    """Readings in the order of (time, heater); `cursor` goes on after the last, or where it began."""

    rows: list[dict[str, Any]]
    cursor: str
    more: bool


def readings_since(heaters: QuerySet[Heater], asked: Asked, now: dt.datetime) -> Page:
    """Readings of these heaters after a place, none newer than turns still under way."""
    settled = settled_until(now)
    last_at, last_heater = asked.until or (settled, 0)
    with connection.cursor() as cursor:
        numbers = dict(heaters.order_by().values_list("pk", "platform_no"))
        places = [asked.at, settled, asked.at, asked.heater, last_at, last_heater]
        cursor.execute(_SINCE, [*places, list(numbers), asked.limit + 1])
        found = cursor.fetchall()
    rows = [dict(zip(("heater", *COLUMNS), (numbers[row[0]], *row[1:]), strict=True)) for row in found[: asked.limit]]
    last = found[: asked.limit][-1] if rows else None
    return Page(
        rows, cursor_of(last[1], last[0]) if last else cursor_of(asked.at, asked.heater), len(found) > len(rows)
    )


def settled_until(now: dt.datetime) -> dt.datetime:
    """Readings older than this are all stored: no turn under way began before. A turn that died does not count."""
    under_way = PollCycle.objects.filter(
        finished_at__isnull=True, started_at__isnull=False, started_at__gt=now - DEAD_AFTER,
        started_at__gte=now - F("period_s") * 2 * dt.timedelta(seconds=1),
    )  # fmt: skip
    first = under_way.order_by("started_at").values_list("started_at", flat=True).first()
    return min(first, now) if first else now


_SINCE = f"""
SELECT heater_id, {", ".join(COLUMNS)} FROM telemetry_reading
WHERE at >= %s AND at < %s AND (at, heater_id) > (%s, %s)
    AND (at, heater_id) <= (%s, %s) AND heater_id = ANY(%s) ORDER BY at, heater_id LIMIT %s
"""  # noqa: S608 - names of columns are our own constants
