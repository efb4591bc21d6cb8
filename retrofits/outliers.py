"""What a reviewer should look at first: visits that went too fast, and pictures that look alike in two homes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import Coalesce, Lag, RowNumber

from programmes.models import Programme
from retrofits.models import Acceptance, Photo

QUICK = timedelta(minutes=3)  # UX page 22
SHOWN_MAX = 100
GROUPS_MAX, ALIKE_MAX = 30, 6  # groups of pictures on the page, and pictures of each
_WHEN = Coalesce("visited_at", "recorded_at")


@dataclass(frozen=True)
class QuickVisit:
    """`gap` is the time since the same inspector's visit before, or the visit's own length by the phone's clock."""

    acceptance: Acceptance
    gap: timedelta
    is_own_length: bool


def quick_visits(programme: Programme, area_code: str) -> list[QuickVisit]:
    """Visits begun or ended within three minutes of the one before, made on the phone; fastest first. One query."""
    rows = Acceptance.objects.within(area_code).filter(task__programme=programme, visited_at__isnull=False)
    before = Window(Lag(_WHEN), partition_by=[F("inspector_id")], order_by=[_WHEN, F("pk")])
    rows = rows.annotate(gap=F("visited_at") - before, own=F("visited_at") - F("began_at"))
    rows = rows.filter(Q(gap__lt=QUICK) | Q(own__lt=QUICK)).select_related(
        "task__dwelling__household", "inspector", "area"
    )
    found = [_quick(row) for row in rows.order_by("gap")[:SHOWN_MAX]]
    return sorted(found, key=lambda one: one.gap)


def _quick(row: Acceptance) -> QuickVisit:
    own, gap = row.own, row.gap  # type: ignore[attr-defined]
    is_own = gap is None or (own is not None and own < gap)
    return QuickVisit(row, own if is_own else gap, is_own)


def alike_photos(programme: Programme, area_code: str) -> list[list[Photo]]:
    """Groups of photos that look the same though they belong to different homes, six of each. Two queries."""
    photos = Photo.objects.within(area_code).filter(task__programme=programme).exclude(likeness="")
    doubles: QuerySet[Photo, str] = (
        photos.values("likeness").annotate(homes=Count("task", distinct=True)).filter(homes__gt=1)
        .order_by("-homes", "likeness").values_list("likeness", flat=True)[:GROUPS_MAX]
    )  # fmt: skip
    groups: dict[str, list[Photo]] = {}
    number = Window(RowNumber(), partition_by=[F("likeness")], order_by=[F("pk")])
    rows = photos.filter(likeness__in=list(doubles)).annotate(number=number).filter(number__lte=ALIKE_MAX)
    for photo in rows.select_related("task__dwelling__household").order_by("likeness", "pk"):
        groups.setdefault(photo.likeness, []).append(photo)
    return list(groups.values())
