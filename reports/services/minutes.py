"""Minutes of the weekly meeting (周例会, J-71): written with the report of the week, frozen with it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from reports.models import MeetingMinutes, PeriodicReport
from reports.periods import WEEK

NAMES = {
    "held_on": _("day of the meeting"), "chaired_by": _("chaired by"), "present": _("present"), "words": _("minutes"),
}  # fmt: skip
LONGEST = {"held_on": 10, "chaired_by": 40, "present": 500, "words": 8000}


@dataclass(frozen=True)
class Minutes:
    """As they are typed: an ISO date and texts. All empty: there are none."""

    held_on: str = ""
    chaired_by: str = ""
    present: str = ""
    words: str = ""


def typed(values: dict[str, str]) -> Minutes:
    """From a form's `minutes_…` fields, cut to what the columns hold."""
    return Minutes(**{name: values.get(f"minutes_{name}", "").strip()[:most] for name, most in LONGEST.items()})


def minutes_of(report: PeriodicReport) -> Minutes:
    """What is kept; all empty where nothing was written."""
    kept = MeetingMinutes.objects.filter(report=report).first()
    return Minutes(kept.held_on.isoformat(), kept.chaired_by, kept.present, kept.words) if kept else Minutes()


def keep_minutes(*, report: PeriodicReport, minutes: Minutes, by: User) -> None:
    """Inside the report's own transaction. Emptied ones are taken away; history keeps what they said.

    Raises Refused MINUTES_LACK (names every missing part), MINUTES_DAY, MINUTES_WEEKLY.
    """
    if minutes == minutes_of(report):
        return
    if report.rhythm != WEEK:
        raise Refused("MINUTES_WEEKLY", _("Minutes belong to the report of a week."))
    if minutes == Minutes():
        MeetingMinutes.objects.filter(report=report).delete()
        return
    lacking = [name for name, value in asdict(minutes).items() if not value]
    if lacking:
        names = format_lazy("、".join("{}" for _one in lacking), *(NAMES[name] for name in lacking))
        raise Refused("MINUTES_LACK", _("The minutes lack: %(names)s."), names=names)
    values = {
        "area_id": report.area_id, "held_on": _day(minutes.held_on, report), "chaired_by": minutes.chaired_by,
        "present": minutes.present, "words": minutes.words, "written_by": by, "written_at": clock.now(),
    }  # fmt: skip
    MeetingMinutes.objects.update_or_create(report=report, defaults=values)


def _day(text: str, report: PeriodicReport) -> dt.date:
    """A day from the beginning of the week to today."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not report.begins_on <= day <= clock.today():
        words = _("The meeting was held between %(first)s and today; “%(given)s” is no such day.")
        raise Refused("MINUTES_DAY", words, first=report.begins_on.isoformat(), given=text)
    return day
