"""The phone page as cards: one step each, with its badge and what it still lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from retrofits.faults import Fault
from retrofits.models import Photo, Task
from retrofits.queries import metres_between
from retrofits.visits import Visit, stage_of


@dataclass(frozen=True)
class Shot:
    """A photo on the page; `metres` is its distance from the recorded place, None when the photo has no place."""

    photo: Photo
    metres: int | None


@dataclass
class Card:
    """`kind`: yes_no (several items), photo, telemetry, number, signature, opinion."""

    kind: str
    title: str
    items: list[dict[str, Any]]
    open_count: int
    shots: dict[str, list[Shot]] = field(default_factory=dict)
    number: int = 0

    @property
    def is_done(self) -> bool:
        return self.open_count == 0


def cards(
    task: Task,
    items: list[dict[str, Any]],
    visit: Visit,
    still_open: list[Fault],
    photos: list[Photo],
) -> list[Card]:
    """Photos, device, checks, room, opinion, signature: in the order of the walk through the house."""
    lacking = {fault.field for fault in still_open}
    titles = {
        "photo": _("Photos"),
        "telemetry": _("Device"),
        "yes_no": _("Checks"),
        "number": _("Room temperature"),
        "signature": _("Signature"),
    }
    made = []
    for kind in ("photo", "telemetry", "yes_no", "number", "signature"):
        wanted = [_shown(item, visit) for item in items if item["kind"] == kind]
        if kind == "signature":
            made.append(Card("opinion", _("The household's words"), [], 0))
        if wanted or kind == "signature":
            made.append(Card(kind, titles[kind], wanted, sum(item["code"] in lacking for item in wanted)))
    for number, card in enumerate(made, 1):
        card.number = number
        if card.kind == "photo":
            card.shots = _shots(task, photos)
    return made


def _shown(item: dict[str, Any], visit: Visit) -> dict[str, Any]:
    return {**item, "answer": visit.answers.get(item["code"], ""), "stage": stage_of(item)}


def _shots(task: Task, photos: list[Photo]) -> dict[str, list[Shot]]:
    shots: dict[str, list[Shot]] = {}
    for photo in photos:
        shots.setdefault(photo.stage, []).append(Shot(photo, _metres(task, photo)))
    return shots


def _metres(task: Task, photo: Photo) -> int | None:
    record = getattr(task, "installation", None)
    if record is None or photo.longitude is None or photo.latitude is None:
        return None
    return metres_between(photo.longitude, photo.latitude, record.longitude, record.latitude)
