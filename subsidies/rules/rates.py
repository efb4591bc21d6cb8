"""Amounts by quantity: so much per unit, and so much per unit band by band."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from subsidies.rules.codes import COSTS
from subsidies.rules.context import Context, Halt
from subsidies.rules.values import Exact, Value

Per = Literal["whole", "month"]
_Count = Callable[[Exact], Exact]


@dataclass(frozen=True, slots=True)
class PerUnit:
    """``per_unit: {quantity: renovated_area_m2, rate: 83}``; ``rate`` is exact fen per unit.

    ``base`` units are free of subsidy and at most ``at_most`` units above them are paid; both once
    (``base_per: whole``) or in every calendar month.
    """

    quantity: str
    rate: Fraction
    tariff: str = ""
    base: Fraction = Fraction(0)
    base_per: Per = "whole"
    at_most: Fraction | None = None
    at_most_per: Per = "whole"

    def evaluate(self, ctx: Context) -> Value:
        gross = ctx.quantity(self.quantity, self.tariff)
        net = self._per(self.base_per, gross, ctx, self._above_base) if self.base else gross
        if net != gross:
            ctx.step("BASE_DEDUCTED", quantity=self.quantity, gross=gross, counted=net)
        counted, code = self._limited(net, ctx)
        fen = counted * self.rate
        ctx.step("PER_UNIT", quantity=self.quantity, units=counted, rate_yuan=self.rate, yuan=fen)
        return Value(fen, code)

    def _per(self, per: Per, units: Exact, ctx: Context, count: _Count) -> Exact:
        return ctx.by_month(self.quantity, self.tariff, count) if per == "month" else count(units)

    def _above_base(self, units: Exact) -> Exact:
        return max(units - self.base, Fraction(0))

    def _limited(self, net: Exact, ctx: Context) -> tuple[Exact, str]:
        limit = self.at_most
        if limit is None:
            return net, "OK"
        monthly = self.at_most_per == "month"
        counted = self._per("month", net, ctx, self._paid_of_month) if monthly else min(net, limit)
        if counted < net:
            ctx.step("UNITS_CAPPED", quantity=self.quantity, units=net, counted=counted)
            return counted, "OK_CAPPED"
        return counted, "OK_AT_CAP" if counted == limit and not monthly else "OK"

    def _paid_of_month(self, units: Exact) -> Exact:
        above = self._above_base(units) if self.base_per == "month" else units
        return above if self.at_most is None else min(above, self.at_most)


@dataclass(frozen=True, slots=True)
class MarginalBand:
    """Units up to ``until`` (None: all further ones) at ``rate`` exact fen each."""

    until: Fraction | None
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Marginal:
    """``marginal: {quantity: electricity_kwh, bands: […]}``: units at the rate of their band; of a cost: yuan.

    ``per: month`` goes through the bands anew in every calendar month.
    """

    quantity: str
    bands: tuple[MarginalBand, ...]
    tariff: str = ""
    per: Per = "whole"

    def evaluate(self, ctx: Context) -> Value:
        units = ctx.quantity(self.quantity, self.tariff)
        if self.quantity in COSTS and not units:
            raise Halt("NO_ELIGIBLE_COST", refused=True, clause=ctx.clause)
        if self.per == "month":
            fen = ctx.by_month(self.quantity, self.tariff, self._price)
            ctx.step("MARGINAL_MONTHS", quantity=self.quantity, units=units, yuan=fen)
            return Value(fen)
        for inside, band in self._inside(units):
            ctx.step("MARGINAL_BAND", units=inside, rate_yuan=band.rate)
        return Value(self._price(units))

    def _price(self, units: Exact) -> Exact:
        return sum((inside * band.rate for inside, band in self._inside(units)), Fraction(0))

    def _inside(self, units: Exact) -> list[tuple[Exact, MarginalBand]]:
        below, found = Fraction(0), list[tuple[Exact, MarginalBand]]()
        for band in self.bands:
            top = units if band.until is None else min(units, band.until)
            found.append((max(top - below, Fraction(0)), band))
            below = max(below, Fraction(top))
        return found
