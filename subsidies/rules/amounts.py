"""The closed grammar of amounts. Every construct is one small class; they compose; nothing is ever eval'ed.

An evaluation answers a ``Value``: exact fen (not yet rounded) and the reason code that belongs to it. It
halts (``Halt``) where no amount can be stated. ``docs/policies.md`` shows each construct with an example.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, Protocol

from core.money import round_half_up
from core.seasons import Span, calendar_years_of
from subsidies.rules.conditions import Condition, all_hold
from subsidies.rules.context import Context, Halt, earlier_in_year, exact


@dataclass(frozen=True, slots=True)
class Value:
    """Exact fen, the reason code and, where a band or case is a rule of its own, its id."""

    fen: Fraction
    code: str = "OK"
    rule: str = ""


class Amount(Protocol):
    def evaluate(self, ctx: Context) -> Value: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """``fixed: 5300``: a sum in yuan, whatever it cost."""

    fen: int

    def evaluate(self, ctx: Context) -> Value:
        ctx.step("FIXED", amount_fen=self.fen)
        return Value(Fraction(self.fen), "OK_STANDARD")


@dataclass(frozen=True, slots=True)
class Cost:
    """``cost: eligible``: the cost items in the benefit's scope (or all: ``total``)."""

    which: Literal["eligible_cost", "total_cost"]

    def evaluate(self, ctx: Context) -> Value:
        fen, total = ctx.money_fen(self.which), ctx.money_fen("total_cost")
        if fen is None or total is None:
            raise Halt("FACT_MISSING", fact=self.which, clause=ctx.clause)
        ctx.step("ELIGIBLE_COST", eligible_fen=fen, total_fen=total)
        if not fen:
            raise Halt("NO_ELIGIBLE_COST", refused=True, clause=ctx.clause)
        return Value(Fraction(fen))


@dataclass(frozen=True, slots=True)
class PerUnit:
    """``per_unit: {quantity: renovated_area_m2, rate: 83}``; ``rate`` is exact fen per unit.

    ``base`` units are free of subsidy, once (``base_per: whole``) or in every calendar month.
    """

    quantity: str
    rate: Fraction
    tariff: str = ""
    base: Fraction = Fraction(0)
    base_per: Literal["whole", "month"] = "whole"

    def evaluate(self, ctx: Context) -> Value:
        gross = ctx.quantity(self.quantity, self.tariff)
        net = self._above_base(gross, ctx)
        if net != gross:
            ctx.step("BASE_DEDUCTED", quantity=self.quantity, gross=exact(gross), counted=exact(net))
        fen = net * self.rate
        ctx.step(
            "PER_UNIT",
            quantity=self.quantity,
            units=exact(net),
            rate_yuan=exact(self.rate / 100),
            yuan=exact(fen / 100),
        )
        return Value(fen)

    def _above_base(self, gross: Fraction, ctx: Context) -> Fraction:
        if not self.base:
            return gross
        if self.base_per == "whole":
            return max(gross - self.base, Fraction(0))
        quiet = replace(ctx, trail=[])
        months = (quiet.within(month).quantity(self.quantity, self.tariff) for month in ctx.months())
        return sum((max(used - self.base, Fraction(0)) for used in months), Fraction(0))


@dataclass(frozen=True, slots=True)
class ShareOf:
    """``share_of: {of: {cost: eligible}, percent: 80}``."""

    of: Amount
    share: Fraction

    def evaluate(self, ctx: Context) -> Value:
        value = self.of.evaluate(ctx)
        fen = value.fen * self.share
        ctx.step("SHARE_OF", percent=exact(self.share * 100), of_yuan=exact(value.fen / 100), yuan=exact(fen / 100))
        return replace(value, fen=fen, code="OK_SHARE")


@dataclass(frozen=True, slots=True)
class Cap:
    """``cap: {of: …, at: …}``: the smaller of the two, with the reason saying which it was.

    ``per: calendar_year`` caps every calendar year of the season by itself, less what earlier days of the
    same year (of the season before) have used up; ``per: season`` is the plain minimum of a season's total.
    """

    of: Amount
    at: Amount
    per: Literal["", "season", "calendar_year"] = ""

    def evaluate(self, ctx: Context) -> Value:
        if self.per == "calendar_year" and ctx.window is not None:
            return self._per_year(ctx, ctx.window)
        return self._compare(self.of.evaluate(ctx), ctx)

    def _compare(self, value: Value, ctx: Context) -> Value:
        # The cap's own steps would read like amounts; the CAPPED step says all of it.
        limit = self.at.evaluate(replace(ctx, trail=[])).fen
        capped = value.fen > limit
        ctx.step(
            "CAPPED" if capped else "NOT_CAPPED",
            yuan=exact(value.fen / 100),
            cap_yuan=exact(limit / 100),
            **({"per": self.per} if self.per else {}),
        )
        if capped:
            return replace(value, fen=limit, code="OK_CAPPED")
        if value.fen == limit:
            return replace(value, code="OK_AT_CAP")
        return replace(value, code="OK_COST_BELOW_CAP") if isinstance(self.of, Cost) else value

    def _per_year(self, ctx: Context, window: Span) -> Value:
        parts = [self._year_part(ctx, part) for part in calendar_years_of(window)]
        codes = [part.code for part in parts]
        code = next((code for code in ("OK_CAPPED", "OK_AT_CAP") if code in codes), codes[0])
        return Value(sum((part.fen for part in parts), Fraction(0)), code)

    def _year_part(self, ctx: Context, part: Span) -> Value:
        assert ctx.season_rule is not None and ctx.season is not None
        earlier = earlier_in_year(ctx.season_rule, ctx.season, part.first_day.year)
        quiet = replace(ctx, trail=[], season=None)
        used = self.of.evaluate(quiet.within(earlier)).fen if earlier else Fraction(0)
        value = self.of.evaluate(ctx.within(part))
        limit = self.at.evaluate(quiet).fen
        year = self._compare(replace(value, fen=value.fen + used), ctx)
        return replace(year, fen=year.fen - min(used, limit))


@dataclass(frozen=True, slots=True)
class AtLeast:
    """``minimum: {of: …, at: …}``: the larger of the two."""

    of: Amount
    at: Amount

    def evaluate(self, ctx: Context) -> Value:
        value = self.of.evaluate(ctx)
        floor = self.at.evaluate(replace(ctx, trail=[])).fen
        if value.fen >= floor:
            return value
        ctx.step("RAISED_TO_MINIMUM", yuan=exact(value.fen / 100), minimum_yuan=exact(floor / 100))
        return replace(value, fen=floor, code="OK_STANDARD")


@dataclass(frozen=True, slots=True)
class Sum:
    """``sum: [ …, … ]``: several amounts added; the reason is that of the first."""

    parts: tuple[Amount, ...]

    def evaluate(self, ctx: Context) -> Value:
        values = [part.evaluate(ctx) for part in self.parts]
        fen = sum((value.fen for value in values), Fraction(0))
        ctx.step("SUM", parts=len(values), yuan=exact(fen / 100))
        return replace(values[0], fen=fen)


@dataclass(frozen=True, slots=True)
class Band:
    """One row of a step table: up to ``until`` (``inclusive`` or not; None for the last row)."""

    until: Fraction | None
    inclusive: bool
    amount: Amount
    code: str = ""
    rule: str = ""
    clause: str = ""

    def takes(self, number: Fraction) -> bool:
        return self.until is None or number < self.until or (self.inclusive and number == self.until)


@dataclass(frozen=True, slots=True)
class Steps:
    """``steps: {by: eligible_cost, bands: […]}``: the whole amount by the band the number falls into."""

    by: str
    bands: tuple[Band, ...]

    def evaluate(self, ctx: Context) -> Value:
        number = ctx.number(self.by) if self._is_fact(ctx) else ctx.quantity(self.by)
        if self.by == "eligible_cost" and not number:
            raise Halt("NO_ELIGIBLE_COST", refused=True, clause=ctx.clause)
        index, band = next((i, band) for i, band in enumerate(self.bands, 1) if band.takes(number))
        ctx = ctx.under(band.clause)
        until = None if band.until is None else exact(band.until)
        ctx.step("BAND", by=self.by, number=exact(number), band=index, until=until, inclusive=band.inclusive)
        value = band.amount.evaluate(ctx)
        return replace(value, code=band.code or value.code, rule=band.rule or value.rule)

    def _is_fact(self, ctx: Context) -> bool:
        return ctx.number_or_none(self.by) is not None


@dataclass(frozen=True, slots=True)
class MarginalBand:
    """Units up to ``until`` (None: all further ones) at ``rate`` exact fen each."""

    until: Fraction | None
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Marginal:
    """``marginal: {quantity: electricity_kwh, bands: […]}``: every band's units at that band's rate."""

    quantity: str
    bands: tuple[MarginalBand, ...]
    tariff: str = ""

    def evaluate(self, ctx: Context) -> Value:
        units = ctx.quantity(self.quantity, self.tariff)
        total, below = Fraction(0), Fraction(0)
        for band in self.bands:
            top = units if band.until is None else min(units, band.until)
            inside = max(top - below, Fraction(0))
            total += inside * band.rate
            below = max(below, top)
            ctx.step("MARGINAL_BAND", units=exact(inside), rate_yuan=exact(band.rate / 100))
        return Value(total)


@dataclass(frozen=True, slots=True)
class Case:
    """One case of ``first_of``; without conditions it always holds."""

    when: tuple[Condition, ...]
    amount: Amount
    code: str = ""
    rule: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class FirstOf:
    """``first_of: [{when: […], amount: …}, …, {amount: …}]``: the first case whose conditions hold."""

    cases: tuple[Case, ...]

    def evaluate(self, ctx: Context) -> Value:
        for index, case in enumerate(self.cases, 1):
            if all_hold(case.when, ctx):
                ctx = ctx.under(case.clause)
                ctx.step("CASE", case=index)
                value = case.amount.evaluate(ctx)
                return replace(value, code=case.code or value.code, rule=case.rule or value.rule)
        raise Halt("NO_RATE_DECISION_NEEDED", clause=ctx.clause)


@dataclass(frozen=True, slots=True)
class ByDecision:
    """``by_decision: NO_RATE_DECISION_NEEDED``: the office fixes the amount; until then the code is asked."""

    question: str

    def evaluate(self, ctx: Context) -> Value:
        decision = ctx.facts.decision
        if decision is None:
            raise Halt(self.question, clause=ctx.clause)
        ctx.step("BY_DECISION", amount_fen=decision.amount_fen, document=decision.document_number)
        return Value(Fraction(decision.amount_fen), "OK_BY_DECISION")


@dataclass(frozen=True, slots=True)
class DayShare:
    """``day_share``: fee × affected days / days of the season × share of the fault, never above the fee."""

    of: str
    days: str
    whole_days: bool
    shares: tuple[tuple[str, Fraction | None], ...]

    def evaluate(self, ctx: Context) -> Value:
        fee, days = ctx.number(self.of) * 100, ctx.number(self.days)
        if ctx.season is None:
            raise Halt("FACT_MISSING", fact="season_year", clause=ctx.clause)
        counted = min(Fraction(days.__floor__()) if self.whole_days else days, Fraction(ctx.season.days))
        share = self._share(ctx)
        fen = fee * counted / ctx.season.days * share
        self._explain(ctx, fee, counted, share, fen)
        return Value(fen, "OK_REFUND")

    def _share(self, ctx: Context) -> Fraction:
        fault = str(ctx.value("fault"))
        share = dict(self.shares).get(fault)
        if share is None:
            raise Halt("NO_RATE_DECISION_NEEDED", clause=ctx.clause, fault=fault)
        return share

    def _explain(self, ctx: Context, fee: Fraction, days: Fraction, share: Fraction, fen: Fraction) -> None:
        assert ctx.season is not None
        ctx.step(
            "DAY_SHARE",
            fee_fen=int(fee),
            days=exact(days),
            season_days=ctx.season.days,
            share=exact(share),
            left_fen=int(fee) - round_half_up(fen),
        )


@dataclass(frozen=True, slots=True)
class HouseholdFee:
    """``household_fee``: no subsidy; the household pays this share of a fee (unknown share: only the question)."""

    of: str
    share: Fraction | None
    question: str

    def evaluate(self, ctx: Context) -> Value:
        if self.share is None:
            raise Halt(self.question, clause=ctx.clause)
        fee = ctx.number(self.of) * 100
        fen = round_half_up(fee * self.share)
        ctx.step("HOUSEHOLD_FEE", fee_fen=int(fee), share=exact(self.share), household_fen=fen)
        raise Halt(self.question, household_fen=fen, clause=ctx.clause)


@dataclass(frozen=True, slots=True)
class Question:
    """``undefined: NO_RULE``: the document gives no amount; never 0."""

    code: str

    def evaluate(self, ctx: Context) -> Value:
        raise Halt(self.code, clause=ctx.clause)


@dataclass(frozen=True, slots=True)
class Nothing:
    """``nothing: URBAN_CENTRAL_TASK_ONLY``: counted perhaps, but no money, by the document's own words."""

    code: str

    def evaluate(self, ctx: Context) -> Value:
        raise Halt(self.code, refused=True, clause=ctx.clause)
