"""What a released policy says about refunds of heat fees (Q23, Q24 and the basic fee while suspended).

A policy holds them as rules (`day_share`, `household_fee`); the service of heating companies settles faults by them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from core.seasons import SeasonRule
from programmes.models import Programme
from subsidies.rules.amounts import DayShare, HouseholdFee
from subsidies.services.policies import policy_in_force, rules_of


@dataclass(frozen=True)
class HeatTerms:
    """Shares of a day's fee by fault (`late`, `stopped`, `insufficient`; one nobody decided is left out), whether only
    whole days count (None: the policy has no such rule), the basic fee's share, and the season."""

    shares: Mapping[str, Fraction]
    whole_days: bool | None
    suspended_share: Fraction | None
    season_rule: SeasonRule | None


def heat_terms_in_force(programme: Programme, on: dt.date) -> HeatTerms | None:
    """As the version in force on a day says; None without one, and where it has no rule on heat fees."""
    policy = policy_in_force(programme, on)
    if policy is None:
        return None
    policy.programme = programme
    read = rules_of(policy)
    amounts = [benefit.amount for benefit in read.benefits]
    share = next((one for one in amounts if isinstance(one, DayShare)), None)
    fee = next((one for one in amounts if isinstance(one, HouseholdFee)), None)
    if share is None and fee is None:
        return None
    shares = {name.lower(): part for name, part in (share.shares if share else ()) if part is not None}
    return HeatTerms(shares, share.whole_days if share else None, fee.share if fee else None, read.season_rule)
