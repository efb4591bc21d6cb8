"""The two amounts everything else is made of: a fixed sum, and the cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from subsidies.rules.context import Context, Halt
from subsidies.rules.values import Value


@dataclass(frozen=True, slots=True)
class Fixed:
    """``fixed: 5300``: a sum in yuan, whatever it cost."""

    fen: int

    def evaluate(self, ctx: Context) -> Value:
        ctx.step("FIXED", amount_fen=self.fen)
        return Value(self.fen, "OK_STANDARD")


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
        return Value(fen)
