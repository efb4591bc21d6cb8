"""What the phone saw at the door besides the answers: when, where, and which plate. Bounded, and judged for sense."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

AHEAD = timedelta(minutes=10)  # a phone's clock may run ahead a little
BACK = timedelta(days=14)  # a visit waits at most so long on a phone
PLATE_MAX = 60


@dataclass(frozen=True)
class Found:
    """`began_at` and `visited_at` by the phone's clock; place in degrees (WGS 84), `metres` from the recorded one."""

    began_at: datetime | None = None
    visited_at: datetime | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    accuracy_m: int | None = None
    metres: int | None = None
    plate: str = ""
    plate_matches: bool | None = None
    faults: tuple[str, ...] = field(default=(), compare=False)

    def as_json(self) -> dict[str, Any]:
        """Without the two moments, which have columns of their own; nothing that was not seen."""
        seen = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        for name in ("began_at", "visited_at", "faults"):
            seen.pop(name, None)
        return {name: str(value) if isinstance(value, Decimal) else value for name, value in seen.items()}


def read_found(said: Mapping[str, Any], *, now: datetime) -> Found:
    """From the phone's words (texts and numbers). What makes no sense is left out and named in `faults`."""
    faults: list[str] = []
    moments = {}
    for name in ("began_at", "visited_at"):
        moments[name] = _moment(said.get(name), name, faults)
    visited = moments["visited_at"]
    if visited and not now - BACK <= visited <= now + AHEAD:
        faults.append("visited_at")
        moments = {"began_at": None, "visited_at": None}
    if moments["began_at"] and moments["visited_at"] and moments["began_at"] > moments["visited_at"]:
        faults.append("began_at")
        moments["began_at"] = None
    longitude, latitude = degrees(said.get("longitude"), 180), degrees(said.get("latitude"), 90)
    if longitude is None or latitude is None:
        longitude = latitude = None
    plate = plain_plate(str(said.get("plate") or ""))[:PLATE_MAX]
    return Found(
        **moments, longitude=longitude, latitude=latitude, accuracy_m=whole(said.get("accuracy_m")), plate=plate,
        faults=tuple(faults),
    )  # fmt: skip


def plain_plate(text: str) -> str:
    """A code as on the plate: half-width capitals without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def degrees(value: Any, most: int) -> Decimal | None:
    """A coordinate with six decimals, None when it is none."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number.quantize(Decimal("0.000001")) if number.is_finite() and abs(number) <= most else None


def whole(value: Any, most: int = 1_000_000) -> int | None:
    """A whole number from 0 to `most`, None when it is none."""
    try:
        number = round(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= most else None


def _moment(value: Any, name: str, faults: list[str]) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(str(value)[:40].replace("Z", "+00:00"))
    except ValueError:
        faults.append(name)
        return None
    if moment.tzinfo is None:
        faults.append(name)
        return None
    return moment
