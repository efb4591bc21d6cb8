"""What a policy pays and for which periods: once, or for every season that has ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from core.seasons import Season
from subsidies.fact_sources import METERED
from subsidies.rules import policy as rules
from subsidies.rules.probing import facts_named

ONCE = "once"


@dataclass(frozen=True)
class Turn:
    """One benefit kind to be assessed for one period: "once", or a season that has ended.

    `metered`: its seasons are computed from meter readings. `comes_again`: paid again after years, for each task.
    """

    kind: str
    season: Season | None = None
    metered: bool = True
    comes_again: bool = False

    @property
    def period(self) -> str:
        return self.season.label if self.season else ONCE


def turns_of(read: rules.Policy, on: dt.date) -> Iterator[Turn]:
    """Kinds paid once, then kinds paid by season with every season that has ended by `on`."""
    for kind in read.kinds:
        if not any(benefit.runs for benefit in read.of_kind(kind)):
            again = any(benefit.again_after_years is not None for benefit in read.of_kind(kind))
            yield Turn(kind, comes_again=again)
        elif read.season_rule is not None:
            metered = bool(METERED & facts_named(read, kind))
            for year in range(read.valid_from.year - 1, on.year + 1):
                season = read.season_rule.season(year)
                if season.last_day < on:
                    yield Turn(kind, season, metered)


def next_period(first: str, taken: Collection[str]) -> str:
    """once, once/2, /3 …; 2021-2022, 2021-2022/2 …: the first that is not taken."""
    names = (first if n == 1 else f"{first}/{n}" for n in range(1, 100))
    return next(name for name in names if name not in taken)
