"""Who bears an amount: the closed grammar of funding splits. The parts always add up to the amount.

Each construct turns a rounded amount in fen into lines per source; the last source takes the rest, so no
fen is lost or made.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from core.money import round_half_up, split_by_ratio
from subsidies.rules.amounts import Amount
from subsidies.rules.conditions import Condition, all_hold
from subsidies.rules.context import Context, Halt
from subsidies.rules.outcomes import SourceLine

Lines = tuple[SourceLine, ...]


class Split(Protocol):
    def divide(self, amount_fen: int, ctx: Context) -> Lines: ...


@dataclass(frozen=True, slots=True)
class Whole:
    """``whole: DISTRICT``: one source bears everything."""

    source: str

    def divide(self, amount_fen: int, ctx: Context) -> Lines:
        ctx.step("SPLIT_REST", source=self.source, amount_fen=amount_fen)
        return (SourceLine(self.source, amount_fen),)


@dataclass(frozen=True, slots=True)
class FixedFirst:
    """``fixed_first``: each source up to its own amount (fixed or per unit), in order; ``rest`` the remainder.

    The remainder goes to one source, or is divided by a split of its own.
    """

    parts: tuple[tuple[str, Amount], ...]
    rest: str | Split

    def divide(self, amount_fen: int, ctx: Context) -> Lines:
        left, lines = amount_fen, []
        for source, up_to in self.parts:
            standard = round_half_up(up_to.evaluate(ctx.quiet()).fen)
            part = min(left, standard)
            ctx.step("SPLIT_FIXED", source=source, amount_fen=part, standard_fen=standard)
            lines.append(SourceLine(source, part))
            left -= part
        rest = Whole(self.rest) if isinstance(self.rest, str) else self.rest
        return (*lines, *rest.divide(left, ctx))


@dataclass(frozen=True, slots=True)
class Ratio:
    """``ratio: [{source: CENTRAL, part: 3500}, {source: DISTRICT, part: 1800}]``; thirds are 1 : 1 : 1."""

    parts: tuple[tuple[str, Fraction], ...]

    def divide(self, amount_fen: int, ctx: Context) -> Lines:
        amounts = split_by_ratio(amount_fen, [part for _, part in self.parts])
        for (source, part), fen in zip(self.parts, amounts, strict=True):
            ctx.step("SPLIT_RATIO", source=source, part=part, amount_fen=fen)
        return tuple(SourceLine(source, fen) for (source, _), fen in zip(self.parts, amounts, strict=True))


@dataclass(frozen=True, slots=True)
class SplitCase:
    when: tuple[Condition, ...]
    split: Split


@dataclass(frozen=True, slots=True)
class SplitFirstOf:
    """``first_of``: another split by zone, class or technology; the first case that holds."""

    cases: tuple[SplitCase, ...]

    def divide(self, amount_fen: int, ctx: Context) -> Lines:
        for case in self.cases:
            if all_hold(case.when, ctx):
                return case.split.divide(amount_fen, ctx)
        raise Halt("NO_RATE_DECISION_NEEDED", clause=ctx.clause)
