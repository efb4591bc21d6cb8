"""How far a network is supplied when its main source fails. No Django, no clock. Source: Baiyin 2023, clause B-12."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True)
class Fed:
    """One network: what it needs at its peak (None: unknown) and the power of the running sources that feed it."""

    heated_area_m2: int
    peak_mw: Decimal | None
    main_mw: Decimal
    backup_mw: Decimal

    @property
    def share(self) -> Fraction | None:
        """Part of the peak load the backup carries alone, at most 1; None where the peak is unknown."""
        if self.peak_mw is None or self.peak_mw <= 0:
            return None
        return min(Fraction(1), Fraction(self.backup_mw) / Fraction(self.peak_mw))


@dataclass(frozen=True)
class Coverage:
    """Networks with a backup of all networks, and the part of the heated area they heat (None without networks)."""

    networks: int
    with_backup: int
    area_share: Fraction | None


def coverage(networks: Iterable[Fed]) -> Coverage:
    every = list(networks)
    backed = [one for one in every if one.backup_mw > 0]
    whole = sum(one.heated_area_m2 for one in every)
    share = Fraction(sum(one.heated_area_m2 for one in backed), whole) if whole else None
    return Coverage(len(every), len(backed), share)
