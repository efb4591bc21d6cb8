"""Periodic reports: filled from data, worded by people, frozen once and never changed again (J-71, D-46, L-75)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.money import format_wan
from core.refusals import Refused
from programmes.models import Programme
from reports.models import NamedReporter, PeriodicReport
from reports.periods import Period
from reports.queries.periodic import figures_of
from reports.services.minutes import Minutes, keep_minutes, minutes_of

RIGHT = "reports.write"
LONGEST = 8000


@transaction.atomic
def open_report(
    *, programme: Programme, area_code: str, period: Period, by: User, on: dt.date | None = None
) -> PeriodicReport:
    """The report of that place and period, filled from the data; a second call finds the first one.

    Raises Refused NOT_OVER_YET before the period ends.
    """
    _demand(by, area_code)
    if not period.may_begin(on or clock.today()):
        raise Refused("NOT_OVER_YET", _("This period runs until %(day)s."), day=period.ends.isoformat())
    figures = figures_of(programme, area_code, period)
    with acting(by, reason=period.name):
        report, _made = PeriodicReport.objects.get_or_create(
            programme=programme, area_id=area_code, rhythm=period.rhythm, begins_on=period.begins,
            defaults={
                "ends_on": period.ends, "due_on": period.due, "figures": figures, "filled_at": clock.now(),
                "reporter": by, "words": draft_of(figures, period),
            },
        )  # fmt: skip
    return report


@transaction.atomic
def name_reporter(*, programme: Programme, area_code: str, rhythm: str, person: User, by: User) -> NamedReporter:
    """Name who writes the reports of a place (专人信息报送, J-71). Raises Refused NOT_A_WRITER, PermissionDenied."""
    _demand(by, area_code)
    if not person.is_active or not person.has_right(RIGHT, area_code):
        words = _("%(name)s has no right to write reports of this place.")
        raise Refused("NOT_A_WRITER", words, name=person.person_name)
    with acting(by, reason=rhythm):
        named, _made = NamedReporter.objects.update_or_create(
            programme=programme, area_id=area_code, rhythm=rhythm,
            defaults={"person": person, "named_by": by, "named_at": clock.now()},
        )  # fmt: skip
    return named


@transaction.atomic
def save_report(
    *, report: PeriodicReport, words: str, seen: int, by: User, refill: bool = False, minutes: Minutes | None = None
) -> PeriodicReport:
    """Keep the words and the minutes of the week's meeting (None: as they are); `refill` takes the figures anew.

    Raises Refused REPORT_FROZEN, CHANGED_MEANWHILE and those of `minutes.keep_minutes`.
    """
    row = _open(report, by)
    if row.version != seen:
        raise Refused("CHANGED_MEANWHILE", _("Somebody changed this report meanwhile. Open it again."), conflict=True)
    row.words, row.version = words.strip()[:LONGEST], row.version + 1
    if refill:
        row.figures = figures_of(row.programme, row.area_id, period_of_report(row))
        row.filled_at = clock.now()
    with acting(by, reason=row.rhythm):
        row.save()
        if minutes is not None:
            keep_minutes(report=row, minutes=minutes, by=by)
    return row


@transaction.atomic
def freeze_report(*, report: PeriodicReport, by: User, on: dt.date | None = None) -> PeriodicReport:
    """From now on neither figures nor words change. Raises Refused REPORT_FROZEN, WORDS_NEEDED."""
    row = _open(report, by)
    if not row.words.strip():
        raise Refused("WORDS_NEEDED", _("A report without a word is none: write what was done."))
    row.frozen_at, row.frozen_on, row.frozen_by = clock.now(), on or clock.today(), by
    row.version += 1
    row.content_hash = content_hash(row)
    with acting(by, reason=row.rhythm):
        row.save()
    return row


def content_hash(report: PeriodicReport) -> str:
    """SHA-256 over place, period, figures, words and, where there are any, minutes."""
    content: list[Any] = [
        report.programme.code, report.area_id, report.rhythm, report.begins_on.isoformat(), report.figures,
        report.words,
    ]  # fmt: skip
    minutes = minutes_of(report)
    content += [asdict(minutes)] if minutes != Minutes() else []
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def period_of_report(report: PeriodicReport) -> Period:
    return Period(report.rhythm, report.begins_on, report.ends_on, report.due_on)


def draft_of(figures: dict[str, Any], period: Period) -> str:
    """Sentences made of the figures, for people to go on with."""
    whole, done = figures["whole"], figures["done"]
    lines = [
        _g("From %(first)s to %(last)s %(installed)d homes were installed and %(accepted)d accepted.")
        % {"first": period.begins, "last": period.ends, "installed": done["installed"], "accepted": done["accepted"]},
        _g("Altogether %(accepted)d of %(confirmed)d confirmed homes are accepted.")
        % {"accepted": whole["accepted"], "confirmed": whole["confirmed"]},
        _g("%(n)d payments of %(wan)s (10,000 CNY) arrived.")
        % {"n": done["payments"], "wan": format_wan(done["paid_fen"])},
    ]
    units = figures.get("units", [])
    if units:
        came = [one["name"] for one in units if one["hash"]]
        lines.append(_g("%(n)d of %(all)d units have handed in theirs.") % {"n": len(came), "all": len(units)})
        if len(came) < len(units):
            names = "、".join(one["name"] for one in units if not one["hash"])
            lines.append(_g("Not handed in: %(names)s.") % {"names": names})
    if figures["behind"]:
        lines.append(_g("Behind the others: %(names)s.") % {"names": "、".join(figures["behind"])})
    return "\n".join(lines)


def _open(report: PeriodicReport, by: User) -> PeriodicReport:
    row = PeriodicReport.objects.select_for_update().select_related("programme").get(pk=report.pk)
    _demand(by, row.area_id)
    if row.frozen_at is not None:
        raise Refused("REPORT_FROZEN", _("This report is frozen; write the next one."), conflict=True)
    return row


def _demand(by: User, area_code: str) -> None:
    if not by.has_right(RIGHT, area_code):
        raise PermissionDenied(RIGHT)
