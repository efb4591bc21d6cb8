"""What a policy pays and for which periods: once, or for every season that has ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from core.seasons import Season
from subsidies.rules import policy as rules

ONCE = "once"


@dataclass(frozen=True)
class Turn:
    """One benefit kind to be assessed for one period: "once", or a season that has ended."""

    kind: str
    season: Season | None = None

    @property
    def period(self) -> str:
        return self.season.label if self.season else ONCE


def turns_of(read: rules.Policy, on: dt.date) -> Iterator[Turn]:
    """Kinds paid once, then kinds paid by season with every season that has ended by `on`."""
    for kind in read.kinds:
        if not any(benefit.runs for benefit in read.of_kind(kind)):
            yield Turn(kind)
        elif read.season_rule is not None:
            for year in range(read.valid_from.year - 1, on.year + 1):
                season = read.season_rule.season(year)
                if season.last_day < on:
                    yield Turn(kind, season)
