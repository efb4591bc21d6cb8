"""Supervision orders drafted from who lags behind in a report (T-70, L-73): one press, the figures filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Area, User
from reports.models import PeriodicReport
from reports.queries.periodic import behind, counted
from supervision.services.orders import Drafted, Laggard, draft_orders


def draft_for_report(*, report: PeriodicReport, by: User, now: datetime) -> Drafted:
    """Drafts for the places that lie behind in the report's own figures. Raises `Refused` NOBODY_LAGS."""
    source = _("%(rhythm)s of %(begins)s to %(ends)s") % {
        "rhythm": report.get_rhythm_display(), "begins": report.begins_on, "ends": report.ends_on,
    }  # fmt: skip
    laggards = laggards_of(report.figures["places"])
    return draft_orders(programme=report.programme, laggards=laggards, source=source, by=by, now=now)


def laggards_of(places: Sequence[Mapping[str, Any]]) -> list[Laggard]:
    """Places with “code”, “planned” and “accepted” that lie behind the others, as orders name them; worst first."""
    stated = [one for one in places if one["planned"]]
    planned, done = sum(one["planned"] for one in stated), sum(counted(dict(one)) for one in stated)
    late = behind([dict(one) for one in places])
    areas = Area.objects.in_bulk([one["code"] for one in late])
    return [
        Laggard(areas[one["code"]], one["planned"], counted(one), planned, done)
        for one in late if one["code"] in areas
    ]  # fmt: skip
