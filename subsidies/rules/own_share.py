"""Amounts measured by single cost items, or by what is left to the household after other benefits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from subsidies.rules.context import Context, Halt
from subsidies.rules.outcomes import Due, NotDue, Outcome
from subsidies.rules.values import Amount, Base, Value


@dataclass(frozen=True, slots=True)
class PerItem:
    """``per_item: {cap: …}``: the amount of every cost item in the scope by itself, added up (a cap per device)."""

    of: Amount

    def evaluate(self, ctx: Context) -> Value:
        costs = ctx.facts.costs
        if costs is None:
            raise Halt("FACT_MISSING", fact="eligible_cost", clause=ctx.clause)
        items = [one for one in costs if one.kind in ctx.scope and one.purpose in ("", ctx.kind) and one.amount_fen]
        if not items:
            raise Halt("NO_ELIGIBLE_COST", refused=True, clause=ctx.clause)
        values = []
        for item in items:
            ctx.step("ITEM", item=item.kind, amount_fen=item.amount_fen)
            values.append(self.of.evaluate(replace(ctx, facts=replace(ctx.facts, costs=(item,)))))
        codes = [value.code for value in values]
        return Value(sum((value.fen for value in values), start=0), "OK_CAPPED" if "OK_CAPPED" in codes else codes[0])


@dataclass(frozen=True, slots=True)
class Bearer:
    """A benefit above whose amount comes off first, with the cost scope it pays from."""

    rule: str
    kind: str
    scope: frozenset[str]


@dataclass(frozen=True, slots=True)
class Remaining:
    """``remaining: {after: [H-3]}``: what those benefits and the enterprise leave of the cost to the household.

    The cost is that of the first benefit named. A top-up stands on its base: where a base is refused or its
    amount is not known, so is the top-up; where it was paid before, that payment comes off.
    """

    after: tuple[Bearer, ...]
    which: Literal["eligible_cost", "total_cost"]

    def evaluate(self, ctx: Context) -> Value:
        first = self.after[0]
        cost = replace(ctx, kind=first.kind, scope=first.scope).money_fen(self.which)
        total = ctx.facts.total_cost_fen(first.kind)
        if cost is None or total is None:
            raise Halt("FACT_MISSING", fact=self.which, clause=ctx.clause)
        borne, rules = self._borne(ctx)
        left = max(cost - borne - ctx.facts.enterprise_share_fen, 0)
        ctx.step("REMAINING", cost_fen=cost, borne_fen=borne, amount_fen=left, after="、".join(rules))
        if not left:
            raise Halt("NOTHING_REMAINS", refused=True, clause=ctx.clause)
        return Value(left, base=Base(total, borne, rules))

    def _borne(self, ctx: Context) -> tuple[int, tuple[str, ...]]:
        outcomes = [(bearer, ctx.outcome_of(bearer.rule)) for bearer in self.after]
        borne = sum(_fen_of(outcome, bearer.kind, ctx) for bearer, outcome in outcomes)
        return borne, tuple(outcome.rule for _bearer, outcome in outcomes)


def _fen_of(outcome: Outcome, kind: str, ctx: Context) -> int:
    if isinstance(outcome, Due):
        return outcome.amount_fen
    paid = sum(payment.amount_fen for payment in ctx.facts.payments if payment.kind == kind)
    if isinstance(outcome, NotDue) and paid:
        return paid
    raise Halt(outcome.code, refused=isinstance(outcome, NotDue), clause=ctx.clause, after=outcome.rule)
