"""Non-use and relapse: lists from heaters, meters and patrols; one open case per dwelling (J-76, J-77)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Area, User
from programmes.models import Programme
from subsidies.models import OperationCheck
from supervision.kinds import Category, Kind, Source
from supervision.models import Case
from supervision.models.cases import OVER
from supervision.services.cases import Opening, store_case

RIGHT = "hazards.record"
LOW_USE = Decimal(100)
"""Metered use of a season below which a home counts as hardly heated; our proposal, `settings.supervision.low_use`."""
NOT_RUN = (OperationCheck.Verdict.NEVER_RAN, OperationCheck.Verdict.IDLE)


@dataclass(frozen=True)
class Listed:
    """What a run found: new cases by category, and homes that were on the list already."""

    not_running: int
    low_use: int
    known: int
    relapsed: int = 0


@transaction.atomic
def list_non_use(*, programme: Programme, area: Area, season: str, by: User, now: datetime) -> Listed:
    """Opens a case for every converted home that did not run or hardly used anything in the season; safe to repeat."""
    if not by.has_right(RIGHT, area.code):
        raise PermissionDenied(RIGHT)
    suspects = list(not_used(programme, area, season).select_related("dwelling__household", "area"))
    known = set(open_cases(programme, area).values_list("dwelling_id", flat=True))
    made = [
        store_case(programme=programme, area=check.area, opening=_opening(check, season), by=by, now=now).category
        for check in suspects if check.dwelling_id not in known
    ]  # fmt: skip
    counts = {category: made.count(category) for category in (Category.NOT_RUNNING, Category.LOW_USE)}
    return Listed(counts[Category.NOT_RUNNING], counts[Category.LOW_USE], len(suspects) - len(made))


def not_used(programme: Programme, area: Area, season: str) -> QuerySet[OperationCheck]:
    """Homes whose heater never ran in the season, or whose meter counted less than the limit; unknown is neither."""
    checks = OperationCheck.objects.within(area.code).filter(programme=programme, season=season)
    return checks.filter(Q(verdict__in=NOT_RUN) | Q(claimed__lt=low_use(programme))).order_by("pk")  # type: ignore[no-any-return]


def low_use(programme: Programme) -> Decimal:
    stated = (programme.settings.get("supervision") or {}).get("low_use")
    return LOW_USE if stated is None else Decimal(str(stated))


def open_cases(programme: Programme, area: Area) -> QuerySet[Case]:
    rows = Case.objects.within(area.code).filter(programme=programme, kind=Kind.NON_USE)
    return rows.exclude(state__in=OVER)  # type: ignore[no-any-return]


def _opening(check: OperationCheck, season: str) -> Opening:
    ran_not = check.verdict in NOT_RUN
    return Opening(
        kind=Kind.NON_USE,
        category=Category.NOT_RUNNING if ran_not else Category.LOW_USE,
        source=Source.TELEMETRY if ran_not else Source.CONSUMPTION,
        title=_("%(season)s: %(home)s") % {"season": season, "home": check.dwelling.dwelling_no},
        words="\n".join(_evidence(check)),
        dwelling=check.dwelling,
    )


def _evidence(check: OperationCheck) -> Iterator[str]:
    """What is known, in words; what is not known is not said to be zero."""
    if check.hours_on is not None:
        yield _("running: %(hours)s h, of %(known)s h with readings") % {
            "hours": check.hours_on, "known": check.hours_known}  # fmt: skip
    if check.claimed is not None:
        yield _("metered use: %(amount)s") % {"amount": check.claimed.normalize()}
