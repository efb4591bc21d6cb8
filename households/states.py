"""The states of a roster as one plain table: it drives services, buttons, tests and the manual."""

from __future__ import annotations

from dataclasses import dataclass

DRAFT, VILLAGE_SEALED, TOWN_SEALED, APPROVED, RETURNED = (
    "draft",
    "village_sealed",
    "town_sealed",
    "approved",
    "returned",
)
VILLAGE, TOWN, OFFICE = "village", "town", "office"


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step. `level` is set where the step is a seal."""

    step: str
    source: str
    target: str
    right: str
    level: str = ""
    reason_required: bool = False


TRANSITIONS: tuple[Transition, ...] = (
    Transition("seal_village", DRAFT, VILLAGE_SEALED, "rosters.seal_village", VILLAGE),
    Transition("seal_town", VILLAGE_SEALED, TOWN_SEALED, "rosters.seal_town", TOWN),
    Transition("approve", TOWN_SEALED, APPROVED, "rosters.approve", OFFICE),
    Transition("return", DRAFT, RETURNED, "rosters.seal_village", reason_required=True),
    Transition("return", VILLAGE_SEALED, RETURNED, "rosters.seal_town", reason_required=True),
    Transition("return", TOWN_SEALED, RETURNED, "rosters.approve", reason_required=True),
)
REDRAWN = frozenset({DRAFT, RETURNED, APPROVED})
"""States in which a roster may be drawn up (again): a draft is refreshed, the others get a new version."""


def transition(step: str, source: str) -> Transition | None:
    """The step from that state, or None where the table has none."""
    return next((one for one in TRANSITIONS if (one.step, one.source) == (step, source)), None)


def seal_of(level: str) -> Transition:
    """The sealing step of a level."""
    return next(one for one in TRANSITIONS if one.level == level)


def steps_from(source: str) -> list[Transition]:
    """Everything that may happen next."""
    return [one for one in TRANSITIONS if one.source == source]
