"""How long a case may take. What no document states is our proposal, named as such; a programme's own rows win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from supervision.kinds import DANGEROUS, SENSITIVE_CATEGORIES, Category, Kind

DAY = 24


@dataclass(frozen=True)
class Clock:
    """Hours from the opening: until somebody takes it up (None: no such clock), and until the end."""

    respond: int | None
    close: int


#: Proposals (docs/supervision.md): the documents say “限期” without a number.
PROPOSED: Mapping[str, Clock] = {
    Kind.COMPLAINT: Clock(2 * DAY, 15 * DAY),
    Kind.QUESTION: Clock(2 * DAY, 7 * DAY),
    Kind.REPAIR: Clock(4, 2 * DAY),
    Kind.HAZARD: Clock(None, 7 * DAY),
    Kind.RELAPSE: Clock(None, 7 * DAY),
    Kind.NON_USE: Clock(None, 14 * DAY),
    Kind.ENFORCEMENT: Clock(None, 15 * DAY),
    Kind.ORDER: Clock(None, 15 * DAY),
    Kind.CIRCULAR: Clock(None, 15 * DAY),
    Kind.INTERVIEW: Clock(None, 7 * DAY),
    Kind.EXPLANATION: Clock(None, 7 * DAY),
    Kind.FALSIFICATION: Clock(None, 30 * DAY),
    Kind.OPINION: Clock(DAY, 3 * DAY),
    Kind.ILLEGAL_USE: Clock(None, 15 * DAY),
    Kind.EVALUATION: Clock(None, 30 * DAY),
    Kind.WORK_PLAN: Clock(None, 30 * DAY),
}
PROPOSED_FOR: Mapping[tuple[str, str], Clock] = {
    **{(Kind.HAZARD, category): Clock(None, DAY) for category in DANGEROUS},
    **{(Kind.COMPLAINT, category): Clock(DAY, 5 * DAY) for category in SENSITIVE_CATEGORIES},
    (Kind.COMPLAINT, Category.SUPPLY_FAULT): Clock(4, 2 * DAY),
    (Kind.COMPLAINT, Category.SHORT_SUPPLY): Clock(4, 2 * DAY),
}

Rules = Mapping[tuple[str, str], Clock]


def clock_for(kind: str, category: str, own: Rules) -> Clock:
    """The programme's row of kind and category, else its row of the kind (category ""), else the proposal."""
    for table, key in ((own, (kind, category)), (own, (kind, "")), (PROPOSED_FOR, (kind, category))):
        if key in table:
            return table[key]
    return PROPOSED[kind]


def deadlines(clock: Clock, opened_at: datetime) -> tuple[datetime | None, datetime]:
    """(take up by, end by)."""
    respond = None if clock.respond is None else opened_at + timedelta(hours=clock.respond)
    return respond, opened_at + timedelta(hours=clock.close)
