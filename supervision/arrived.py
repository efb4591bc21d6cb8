"""How far the heaters of a place are (T-48): arrived, installed, answering, heating; by town or by village."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum

from accounts.models import Area, User
from core.areas import CODE_LENGTHS
from core.together import Reading
from devices.models import Heater
from programmes.models import Programme
from retrofits.models import Installation
from supervision.models import DeviceArrival
from telemetry.models import Alert
from telemetry.states import fresh


@dataclass(frozen=True)
class Standing:
    """One place below the chosen one. `heaters` are those with a line; `answering` and `heating` are of them, now;
    `alerts` are open."""

    area: Area
    arrived: int
    installed: int
    heaters: int
    answering: int
    heating: int
    alerts: int


def standings_reading(
    user: User, programme: Programme | None, code: str, now: datetime, periods: dict[str, int]
) -> Reading[list[Standing]]:
    """Places with anything to tell, in the order of their codes; rows the person may not read count nowhere."""
    if programme is None or not code:
        return []
    alive = fresh(now, periods)
    wanted = {
        "arrived": _by_area(DeviceArrival.objects.visible_to(user).within(code).filter(programme=programme),
                            n=Sum("quantity")),
        "installed": _by_area(Installation.objects.visible_to(user).within(code).filter(task__programme=programme)),
        "heaters": _by_area(Heater.objects.visible_to(user).within(code).filter(removed_on=None), n=Count("pk"),
                            answering=Count("pk", filter=alive),
                            heating=Count("pk", filter=alive & Q(latest__running=True))),
        "alerts": _by_area(Alert.objects.visible_to(user).within(code).filter(cleared_at=None)),
    }  # fmt: skip
    places = Area.objects.within(code).filter(level__in=(Area.Level.TOWN, Area.Level.VILLAGE))
    yield [places, *wanted.values()]
    return _standings(code, {area.code: area for area in places}, {name: list(rows) for name, rows in wanted.items()})


def _by_area(rows: Any, **sums: Any) -> Any:
    return rows.order_by().values("area_id").annotate(**(sums or {"n": Count("pk")}))


def _standings(code: str, places: dict[str, Area], found: dict[str, list[dict[str, Any]]]) -> list[Standing]:
    digits = next((length for length in CODE_LENGTHS.values() if length > len(code)), len(code))
    counts = {name: _summed(rows, "n", digits) for name, rows in found.items()}
    for name in ("answering", "heating"):
        counts[name] = _summed(found["heaters"], name, digits)
    codes = sorted({one for count in counts.values() for one, n in count.items() if n and one in places})
    return [Standing(places[one], **{name: count[one] for name, count in counts.items()}) for one in codes]


def _summed(rows: list[dict[str, Any]], name: str, digits: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row["area_id"][:digits]] += row[name]
    return found
