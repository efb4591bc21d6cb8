"""How a programme counts toward its task: m² of a venue for one household, decimals kept, homes their owners pay for.

The money rules say it (`tasks` of a policy, questions Q12 and Q13), and they live in a later app. That app names itself
here as the reader when the portal starts (`counted_by`); without a rule the programme's own numbers hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from core import clock
from programmes.models import Programme

DECIMALS = 4


@dataclass(frozen=True)
class Counting:
    """`second_home`: what a further dwelling of a household counts that pays for itself. `said_by`: the document that
    says so with its version; empty where no released policy does."""

    venue_m2: Decimal
    decimals: int = DECIMALS
    second_home: Decimal = Decimal(0)
    said_by: str = ""


Reader = Callable[[Programme, dt.date], Counting | None]
_readers: list[Reader] = []


def counted_by(reader: Reader) -> Reader:
    """Name the reader of the rules in force; the last one named is asked."""
    _readers.append(reader)
    return reader


def counting_of(programme: Programme, on: dt.date | None = None) -> Counting:
    """What holds on a day (today unless told); one question to the database."""
    found = _readers[-1](programme, on or clock.today()) if _readers else None
    return found or Counting(Decimal(programme.venue_m2_per_household))
