"""What this room knows of a heating company's credit (B-26, B-27, B-38): repairs and complaints ended in time."""

from __future__ import annotations

from django.db.models import Count, F, Max, Q

from core.together import Reading, sums_in, sums_of
from heatsupply.components import Asked, Figure, figure, reads
from heatsupply.queries.credit import day_of
from supervision.kinds import Kind
from supervision.models import Case


@reads("repairs")
def repairs(asked: Asked) -> Reading[Figure | None]:
    return (yield from _in_time(asked, [Kind.REPAIR]))


@reads("complaints")
def complaints(asked: Asked) -> Reading[Figure | None]:
    return (yield from _in_time(asked, [Kind.COMPLAINT, Kind.QUESTION]))


def _in_time(asked: Asked, kinds: list[str]) -> Reading[Figure | None]:
    """Cases of the season whose day has come or that are answered: of these, those answered or closed by their day."""
    season = asked.season
    rows = Case.objects.filter(
        kind__in=kinds, company__heating_company=asked.company, due_at__isnull=False,
        opened_at__date__range=(season.first_day, season.last_day),
    )  # fmt: skip
    ended = Q(answered_at__lte=F("due_at")) | Q(answered_at=None, closed_at__lte=F("due_at"))
    settled = Q(answered_at__isnull=False) | Q(closed_at__isnull=False) | Q(due_at__date__lt=asked.today)
    sums = sums_of(rows.filter(settled), part=Count("pk", filter=ended), whole=Count("pk"), on=Max("opened_at"))
    yield [sums]
    found = sums_in(sums)
    return figure(found["part"], found["whole"], day_of(found["on"]))
