"""What a programme says about clean coal, and the portal's proposal where its document is silent.

Limits of sulphur and ash are `Threshold` rows; `settings.coal` may name `kg_per_season` and `test_every_days`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from core.seasons import SeasonRule
from heatsupply.rules.fuel import MOST_ASH_PERCENT, MOST_SULPHUR_PERCENT
from programmes.models import Programme

LIMITS = {"COAL_SULPHUR_PERCENT": MOST_SULPHUR_PERCENT, "COAL_ASH_PERCENT": MOST_ASH_PERCENT}
KG_PER_SEASON = 1000
"""What one household may buy in a season: the documents ask for a ledger and name no quantity."""
TEST_EVERY_DAYS = 30
"""“定期” (J-61) names no number of days."""
USE_DAYS = 14
"""Days of sales that say how much leaves a point in a day."""


def coal_limits(programme: Programme) -> tuple[Decimal, Decimal]:
    """Most percent of sulphur and of ash."""
    stated = dict(programme.thresholds.filter(code__in=LIMITS).values_list("code", "value"))
    sulphur, ash = (stated.get(code, proposed) for code, proposed in LIMITS.items())
    return sulphur, ash


def season_limit_kg(programme: Programme) -> int:
    return int(_stated(programme).get("kg_per_season", KG_PER_SEASON))


def days_between_tests(programme: Programme) -> int:
    return int(_stated(programme).get("test_every_days", TEST_EVERY_DAYS))


def _stated(programme: Programme) -> dict[str, int]:
    return programme.settings.get("coal") or {}


def season_at(programme: Programme, day: date) -> int:
    """First year of the season a purchase is for: the running one, in summer the next. Raises `SeasonError`."""
    return SeasonRule.parse(programme.season_start, programme.season_end).first_after(day).year
