"""What a heating company's credit is made of (B-26): components, our weights (together 100), and who reads each figure.

The document asks for a system of evaluation and names no components; the portal proposes these (decisions 0271, 0341).
A figure is read from what the portal keeps: here in `heatsupply.queries.credit`, repairs and complaints by the app that
keeps them, which says so with `reads`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.seasons import Season
from core.together import Reading

if TYPE_CHECKING:
    from heatsupply.models import HeatingCompany
    from programmes.models import Programme

WEIGHTS: dict[str, int] = {
    "collection": 15, "warmth": 25, "satisfaction": 15, "repairs": 10, "complaints": 10, "checks": 10, "fuel": 5,
    "backup": 10,
}  # fmt: skip
LABELS: dict[str, str | Promise] = {
    "collection": _("fees collected"),
    "warmth": _("room temperatures reached"),
    "satisfaction": _("content users"),
    "repairs": _("repairs in time"),
    "complaints": _("complaints answered in time"),
    "checks": _("stations and networks checked and in order"),
    "fuel": _("fuel under contract"),
    "backup": _("networks with a backup source"),
}
SOURCES: dict[str, str | Promise] = {
    "collection": _("heat fees: received of receivable, CNY"),
    "warmth": _("room temperatures: samples that comply"),
    "satisfaction": _("surveys: content users of those asked"),
    "repairs": _("repair tickets: ended by their day"),
    "complaints": _("complaints and questions: answered by their day"),
    "checks": _("season's checks: in order, of stations and networks"),
    "fuel": _("contracts in force against a season's need: the scarcer fuel"),
    "backup": _("heated area with a running backup source, m²"),
}


@dataclass(frozen=True)
class Figure:
    """`part` of `whole` (above zero) as the portal knows it; `on` is the day of the newest thing counted."""

    part: Decimal
    whole: Decimal
    on: date | None

    @property
    def percent(self) -> Decimal:
        """0 to 100, two decimals, rounded down: 99.999 % is not all."""
        share = min(max(self.part / self.whole, Decimal(0)), Decimal(1))
        return (share * 10_000).to_integral_value(rounding="ROUND_FLOOR") / 100


@dataclass(frozen=True)
class Asked:
    """Whose credit of which season, as of which day."""

    company: HeatingCompany
    programme: Programme
    season: Season
    today: date


Source = Callable[[Asked], Reading[Figure | None]]
READ_BY: dict[str, Source] = {}


def reads(component: str) -> Callable[[Source], Source]:
    """Marks the reading that knows a component; None where nothing is known yet."""

    def known(source: Source) -> Source:
        READ_BY[component] = source
        return source

    return known


def figure(part: object, whole: object, on: date | None) -> Figure | None:
    """None without a denominator: never 0 %."""
    least, most = Decimal(str(part or 0)), Decimal(str(whole or 0))
    return Figure(least, most, on) if most > 0 else None
