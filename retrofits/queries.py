"""Reads about the works that have more than one caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.records import ScopedQuerySet
from core.areas import code_range
from core.beside import hang
from core.together import Reading
from devices.models import Heater
from households.models import Dwelling, Roster, RosterRow
from programmes.models import Checklist, Programme
from programmes.queries import checklist_for
from retrofits.models import Acceptance, Photo, Task
from telemetry.models import DoorCheck, LatestReading

FRESH_PERIODS = 3
EARTH_M = 6_371_000


def rows_to_open(programme: Programme, area_codes: Sequence[str]) -> QuerySet[RosterRow]:
    """Rows of approved rosters that have no task yet, excluded dwellings left out, in the order of their approval."""
    inside = Q()
    for code in area_codes:
        low, high = code_range(code)
        inside |= Q(roster__area_id__gte=low, roster__area_id__lt=high)
    rows = RosterRow.objects.filter(
        inside, roster__programme=programme, roster__state=Roster.State.APPROVED, exclusion=""
    )
    alive = Task.objects.filter(programme=programme, dwelling=OuterRef("dwelling")).exclude(state=Task.State.WITHDRAWN)
    rows = rows.filter(~Exists(alive), task__isnull=True)
    return rows.order_by("roster__approved_at", "id") if area_codes else rows.none()


@dataclass(frozen=True)
class TelemetryEvidence:
    """What the platform knows about a heater at this moment. `state`: fresh, stale, never, or not_networked.

    `age_s` is the age of the last reading in seconds, `limit_s` the oldest age that counts as live; `door_check` the
    reads made while somebody stood before the heater (`telemetry.DoorCheck`), where these are what counts.
    """

    state: str
    heater: str = ""
    at: str = ""
    age_s: int | None = None
    limit_s: int | None = None
    supply_c: str | None = None
    return_c: str | None = None
    room_c: str | None = None
    good_reads: int = 0
    needed_reads: int = 0
    door_check: int = 0

    @property
    def is_live(self) -> bool:
        """A recent reading that holds at least one temperature."""
        return self.state == "fresh" and any(value is not None for value in (self.supply_c, self.return_c, self.room_c))

    @property
    def suffices(self) -> bool:
        """Live, with as many good readings as the programme asks for at the door (J-31)."""
        return self.is_live and self.good_reads >= self.needed_reads

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def evidence_for(heater: Heater | None, *, poll_period_s: int, now: datetime) -> TelemetryEvidence:
    """From the latest real reading: live while it is not older than three poll periods."""
    if heater is None:
        return TelemetryEvidence("not_networked")
    limit_s = FRESH_PERIODS * poll_period_s
    latest = LatestReading.objects.filter(heater=heater, at__isnull=False).first()
    if latest is None or latest.at is None:
        return TelemetryEvidence("never", heater.platform_no, limit_s=limit_s)
    age_s = max(0, int((now - latest.at).total_seconds()))
    state = "fresh" if age_s <= limit_s else "stale"
    degrees = (_degrees(value) for value in (latest.supply_dc, latest.return_dc, latest.room_dc))
    return TelemetryEvidence(state, heater.platform_no, latest.at.isoformat(), age_s, limit_s, *degrees)


def with_door(evidence: TelemetryEvidence, check: DoorCheck | None, *, now: datetime) -> TelemetryEvidence:
    """With the reads made at the door, where there are more good ones of them than the polls have brought."""
    if check is None or check.good == 0 or (evidence.is_live and evidence.good_reads >= check.good):
        return evidence
    degrees = (_degrees(check.values.get(name)) for name in ("supply_t", "return_t", "room_t"))
    seen = TelemetryEvidence(
        "fresh", evidence.heater, check.at.isoformat(), max(0, int((now - check.at).total_seconds())),
        evidence.limit_s, *degrees, check.good, evidence.needed_reads, check.pk,
    )  # fmt: skip
    return seen if seen.is_live else evidence


def heater_of(task: Task) -> Heater | None:
    """The heater the task's installation put in, None before the installation or where the route has none."""
    record = getattr(task, "installation", None)
    return record.heater if record else None


def items_for(task: Task) -> list[dict[str, Any]]:
    """The questions of the programme's checklist that concern the task's technology, in their order."""
    checklist = checklist_for(task.programme)
    return items_of(checklist, task) if checklist else []


def items_of(checklist: Checklist, task: Task) -> list[dict[str, Any]]:
    """Questions of this checklist that concern the task's technology."""
    code = task.technology.code
    return [item for item in checklist.items if not item.get("technologies") or code in item["technologies"]]


def stages_of(task: Task) -> set[str]:
    """Stages the task has photos of; a defect counts only when it was photographed after the last visit."""
    last = task.acceptances.order_by("-recorded_at").first()
    photos = task.photos.all()
    if last:
        photos = photos.exclude(stage=Photo.Stage.DEFECT, document__uploaded_at__lte=last.recorded_at)
    return set(photos.values_list("stage", flat=True))


def visits_for(user: Any) -> ScopedQuerySet:
    """Tasks that wait for an inspector, those already refused once first, then village by village, door by door."""
    waiting = Task.objects.visible_to(user, "acceptances.record").filter(state=Task.State.INSTALLED)
    refused = Count("acceptances", filter=Q(acceptances__result="failed"))
    waiting = waiting.select_related("area", "technology", "dwelling__household", "installation__heater", "programme")
    return waiting.annotate(refused=refused).order_by("-refused", "area_id", "dwelling__dwelling_no")


def panel_of(dwelling: Dwelling) -> Reading[list[Task]]:
    """Works at one dwelling for the household's file, newest first, with photos and visits. A reading of one turn."""
    tasks = Task.objects.filter(dwelling=dwelling).select_related("technology", "programme", "installation__heater")
    tasks = tasks.order_by("-id")
    photos = Photo.objects.filter(task__dwelling=dwelling).select_related("document")
    visits = Acceptance.objects.filter(task__dwelling=dwelling).select_related("rectification")
    yield [tasks, photos, visits]
    hang(tasks, "photos", photos, "task_id")
    hang(tasks, "acceptances", visits, "task_id")
    return list(tasks)


def metres_between(
    longitude: Decimal | float,
    latitude: Decimal | float,
    other_longitude: Decimal | float,
    other_latitude: Decimal | float,
) -> int:
    """Distance of two places on the ground in metres (haversine; good to a metre within a village)."""
    lon, lat, lon2, lat2 = (radians(float(value)) for value in (longitude, latitude, other_longitude, other_latitude))
    half = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return round(2 * EARTH_M * asin(sqrt(half)))


def _degrees(tenths: int | None) -> str | None:
    return None if tenths is None else f"{Decimal(tenths) / 10:.1f}"
