"""What people do with alerts: acknowledge, give to somebody, write beside, say what was found; and quiet times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core.refusals import Refused
from devices.models import Heater
from telemetry.models import Alert, AlertNote, QuietTime

RIGHT = "alerts.handle"
LONGEST_QUIET = dt.timedelta(days=400)
VILLAGE = 12
"""Digits of a village's code."""


@transaction.atomic
def acknowledge_alerts(*, alerts: Iterable[Alert], by: User, now: dt.datetime) -> int:
    """Somebody has seen these. Whether they are over is another question, answered by the heaters.

    Those already acknowledged keep their first name and time. Returns how many were new.
    """
    rows = Alert.objects.select_for_update().filter(pk__in=[alert.pk for alert in alerts], acknowledged_at__isnull=True)
    fresh = list(rows.order_by("pk").values_list("pk", flat=True))
    return Alert.objects.filter(pk__in=fresh).update(acknowledged_at=now, acknowledged_by=by)


@transaction.atomic
def assign_alert(*, alert: Alert, to: User | None, by: User, now: dt.datetime) -> Alert:
    """Give an alert to somebody who sees the place, or to nobody. Raises `Refused` NOT_THEIRS for anybody else."""
    _demand_right(alert, by)
    if to is not None and not (to.is_active and to.has_right(Alert.view_right, alert.area_id)):
        raise Refused("NOT_THEIRS", _("%(name)s has no heaters of this place to look after."), name=to.person_name)
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    alert.assigned_to, alert.assigned_at = to, now if to else None
    alert.save(update_fields=["assigned_to", "assigned_at"])
    acknowledge_alerts(alerts=[alert], by=by, now=now)
    return alert


@transaction.atomic
def add_note(*, alert: Alert, words: str, by: User, now: dt.datetime, finding: str = "") -> AlertNote | None:
    """Write beside an alert, and with `finding` say what was found at the door. Whoever it was given to may as well."""
    if by.pk != alert.assigned_to_id:
        _demand_right(alert, by)
    words = words.strip()
    if not words and not finding:
        raise Refused("NOTHING_SAID", _("Write a note or choose what was found."))
    if finding:
        _settle(alert, finding, by, now)
    if not words:
        return None
    return AlertNote.objects.create(alert=alert, area_id=alert.area_id, at=now, by=by, words=words)


def _settle(alert: Alert, finding: str, by: User, now: dt.datetime) -> None:
    if finding not in Alert.Finding.values:
        raise Refused("NO_SUCH_FINDING", _("“%(code)s” is no finding."), code=finding[:20])
    Alert.objects.filter(pk=alert.pk).update(finding=finding, found_at=now, found_by=by)
    if finding == Alert.Finding.NOBODY_LIVES:
        _begin_quiet(alert.heater, QuietTime.Reason.VACANT, now, None, by, "", alert.area_id)


@transaction.atomic
def keep_quiet(
    *, alert: Alert, reason: str, by: User, starts_at: dt.datetime, ends_at: dt.datetime | None, note: str = "",
    whole_village: bool = False,
) -> QuietTime:  # fmt: skip
    """Say that works go on at the heater until a time, or that nobody lives there until somebody says otherwise.

    `whole_village`: works on what its heaters hang on (a power cut, a mast). The newest word of a kind counts: one that
    still runs ends here. Raises `Refused` NOT_YOURS, QUIET_SPAN.
    """
    place = alert.area_id[:VILLAGE] if whole_village else alert.area_id
    _demand_right(alert, by)
    if whole_village and not by.has_right(RIGHT, place):
        raise Refused("NOT_YOURS", _("You look after a part of this village only."))
    if ends_at is not None and not starts_at < ends_at <= starts_at + LONGEST_QUIET:
        raise Refused("QUIET_SPAN", _("The end must lie after the beginning, at most 400 days later."))
    if ends_at is None and (whole_village or reason == QuietTime.Reason.MAINTENANCE):
        raise Refused("QUIET_SPAN", _("Say until when the works go on."))
    return _begin_quiet(None if whole_village else alert.heater, reason, starts_at, ends_at, by, note, place)


def _begin_quiet(
    heater: Heater | None, reason: str, starts_at: dt.datetime, ends_at: dt.datetime | None, by: User, note: str,
    place: str,
) -> QuietTime:  # fmt: skip
    same = QuietTime.objects.filter(heater=heater, reason=reason, **({} if heater else {"area": place}))
    _running(same, starts_at).update(ends_at=starts_at)
    return QuietTime.objects.create(
        area_id=place, heater=heater, reason=reason, starts_at=starts_at, ends_at=ends_at, note=note.strip()[:200],
        made_by=by,
    )  # fmt: skip


def quiet_now(heater: Heater, now: dt.datetime) -> QuerySet[QuietTime]:
    """What silences a heater at a moment: its own quiet times and those of every place it lies in."""
    above = Q(heater=None, area_id__in=[heater.area_id[:length] for length in range(2, len(heater.area_id) + 1)])
    return _running(QuietTime.objects.filter(Q(heater=heater) | above), now)


def end_quiet(*, alert: Alert, by: User, now: dt.datetime) -> int:
    """Quiet times of the heater that still run end now, those of a place where `by` looks after all of it; how many."""
    _demand_right(alert, by)
    mine = [one.pk for one in quiet_now(alert.heater, now) if one.heater_id or by.has_right(RIGHT, one.area_id)]
    return QuietTime.objects.filter(pk__in=mine).update(ends_at=now)


def _running(rows: QuerySet[QuietTime], now: dt.datetime) -> QuerySet[QuietTime]:
    return rows.filter(starts_at__lt=now).exclude(ends_at__lte=now)


def _demand_right(alert: Alert, by: User) -> None:
    if not by.has_right(RIGHT, alert.area_id):
        raise Refused("NOT_YOURS", _("This alert has not been given to you."))
