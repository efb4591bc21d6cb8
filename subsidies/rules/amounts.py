"""The closed grammar of amounts. Every construct is one small class; they compose; nothing is ever eval'ed.

An evaluation answers a ``Value``: exact fen (not yet rounded) and the reason code that belongs to it. It
halts (``Halt``) where no amount can be stated. ``docs/policies.md`` shows each construct with an example.
All constructs can be had from here; those by quantity live in ``rates.py``, caps in ``caps.py``, what is left
to the household in ``own_share.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from core.money import round_half_up
from subsidies.rules.caps import AtLeast as AtLeast
from subsidies.rules.caps import Cap as Cap
from subsidies.rules.codes import USAGE_FACTS
from subsidies.rules.conditions import Condition, all_hold
from subsidies.rules.context import Context, Halt
from subsidies.rules.own_share import Bearer as Bearer
from subsidies.rules.own_share import PerItem as PerItem
from subsidies.rules.own_share import Remaining as Remaining
from subsidies.rules.plain import Cost as Cost
from subsidies.rules.plain import Fixed as Fixed
from subsidies.rules.rates import Marginal as Marginal
from subsidies.rules.rates import MarginalBand as MarginalBand
from subsidies.rules.rates import PerUnit as PerUnit
from subsidies.rules.values import Amount as Amount
from subsidies.rules.values import Value as Value


@dataclass(frozen=True, slots=True)
class ShareOf:
    """``share_of: {of: {cost: eligible}, percent: 80}``, or in exact parts: ``{…, part: 1, of_parts: 3}``."""

    of: Amount
    share: Fraction

    def evaluate(self, ctx: Context) -> Value:
        value = self.of.evaluate(ctx)
        fen = value.fen * self.share
        ctx.step("SHARE_OF", percent=self.share * 100, of_yuan=value.fen, yuan=fen)
        return value.changed(fen, "OK_SHARE")


@dataclass(frozen=True, slots=True)
class Sum:
    """``sum: [ …, … ]``: several amounts added; the reason is that of the first."""

    parts: tuple[Amount, ...]

    def evaluate(self, ctx: Context) -> Value:
        values = [part.evaluate(ctx) for part in self.parts]
        fen = sum((value.fen for value in values), start=0)
        ctx.step("SUM", parts=len(values), yuan=fen)
        return values[0].changed(fen)


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
        number = ctx.quantity(self.by) if self.by in USAGE_FACTS else ctx.number(self.by)
        if self.by == "eligible_cost" and not number:
            raise Halt("NO_ELIGIBLE_COST", refused=True, clause=ctx.clause)
        index, band = next((i, band) for i, band in enumerate(self.bands, 1) if band.takes(number))
        ctx = ctx.under(band.clause)
        ctx.step("BAND", by=self.by, number=number, band=index, until=band.until, inclusive=band.inclusive)
        value = band.amount.evaluate(ctx)
        return value.named(band.code, band.rule, band.clause)


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
                return value.named(case.code, case.rule, case.clause)
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
        return Value(decision.amount_fen, "OK_BY_DECISION")


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
            days=days,
            season_days=ctx.season.days,
            share=share,
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
        ctx.step("HOUSEHOLD_FEE", fee_fen=int(fee), share=self.share, household_fen=fen)
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
