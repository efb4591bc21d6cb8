"""Benefits beside each other: those that exclude one another, and those that share one ceiling."""

from __future__ import annotations

from typing import Protocol

from subsidies.rules.context import Context, Halt
from subsidies.rules.outcomes import Due, Outcome
from subsidies.rules.policy import Benefit, Ceiling, Exclusive, Policy
from subsidies.rules.values import Value


class Others(Protocol):
    """The other benefits of the same dwelling."""

    def chosen(self, kind: str) -> Benefit | None:
        """The benefit of this kind that covers the case."""

    def outcome(self, benefit: Benefit, *, alone: bool) -> Outcome:
        """What it gives; ``alone``: before any rule of this module."""


def refuse_exclusive(policy: Policy, benefit: Benefit, ctx: Context, value: Value, others: Others) -> None:
    """Halt with EXCLUSIVE_BENEFIT where the dwelling has, or is due, another benefit that excludes this one."""
    for group in policy.exclusive:
        if benefit.kind in group.kinds:
            taken = _taken(group, benefit, ctx, benefit.rounding.whole(value.fen), others)
            if taken:
                raise Halt("EXCLUSIVE_BENEFIT", refused=True, clause=group.clause, other=taken)
            ctx.under(group.clause).step("NOT_EXCLUDED", kinds="、".join(group.kinds))


def _taken(group: Exclusive, benefit: Benefit, ctx: Context, fen: int, others: Others) -> str:
    """The kind that stands in the way, or "". One that was paid does so whatever the order or amount."""
    kinds = [kind for kind in group.kinds if kind != benefit.kind]
    paid = {one.kind for one in ctx.facts.payments if group.per == "lifetime" or one.season_year == _year(ctx)}
    for kind in kinds:
        if kind in paid:
            return kind
    first = group.kinds.index(benefit.kind)
    for kind in kinds:
        chosen = others.chosen(kind)
        outcome = others.outcome(chosen, alone=True) if chosen else None
        if isinstance(outcome, Due) and outcome.amount_fen:
            before = group.kinds.index(kind) < first
            goes_first = before if group.keep == "first" else (outcome.amount_fen, before) > (fen, not before)
            if goes_first:
                return kind
    return ""


def under_ceilings(policy: Policy, benefit: Benefit, ctx: Context, value: Value, others: Others) -> Value:
    """The value cut to what every ceiling over this kind still holds; halts where that is nothing."""
    for ceiling in policy.ceilings:
        if benefit.kind in ceiling.kinds:
            value = _under(ceiling, policy, benefit, ctx.under(ceiling.clause), value, others)
    return value


def _under(ceiling: Ceiling, policy: Policy, benefit: Benefit, ctx: Context, value: Value, others: Others) -> Value:
    limit, used = ceiling.at.evaluate(ctx.quiet()).fen, _used(ceiling, policy, benefit, ctx, others)
    room = max(limit - used, 0)
    ctx.step("CEILING", ceiling_yuan=limit, used_fen=used, yuan=value.fen)
    if value.fen <= room:
        return value
    if not room and benefit.runs is None:
        raise Halt("CEILING_REACHED", refused=True, clause=ctx.clause)
    return value.changed(room, "OK_CEILING")


def _used(ceiling: Ceiling, policy: Policy, benefit: Benefit, ctx: Context, others: Others) -> int:
    """Fen paid under the ceiling before, and what the document's earlier benefits still have to get."""
    own = (benefit.kind, _year(ctx) if benefit.runs else None)
    counted = [one for one in ctx.facts.payments if ceiling.per == "lifetime" or one.season_year == _year(ctx)]
    paid = sum(one.amount_fen for one in counted if one.kind in ceiling.kinds and (one.kind, one.season_year) != own)
    return paid + sum(_still_due(kind, policy, benefit, others) for kind in ceiling.kinds if kind != benefit.kind)


def _still_due(kind: str, policy: Policy, benefit: Benefit, others: Others) -> int:
    chosen, order = others.chosen(kind), policy.benefits
    # Only what stands above: each looks further up than the last, so this ends.
    if chosen is None or order.index(chosen) > order.index(benefit):
        return 0
    outcome = others.outcome(chosen, alone=False)
    return max(outcome.payable_fen, 0) if isinstance(outcome, Due) else 0


def _year(ctx: Context) -> int | None:
    return ctx.season.year if ctx.season else None
