"""What an amount evaluates to: exact fen, not yet rounded, with the reason code that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from subsidies.rules.context import Context

#: Exact: whole fen are plain integers, everything else a ``Fraction``. Never a float.
Exact = int | Fraction


@dataclass(frozen=True, slots=True)
class Base:
    """What a top-up stands on: the cost shared with the benefits ``rules``, which already bear ``borne_fen`` of it."""

    total_fen: int
    borne_fen: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """Exact fen, the reason code and, where a band or case is a rule of its own, its id and clause."""

    fen: Exact
    code: str = "OK"
    rule: str = ""
    clause: str = ""
    base: Base | None = None

    def changed(self, fen: Exact, code: str = "") -> Value:
        """The same with other fen and, if given, another code."""
        return Value(fen, code or self.code, self.rule, self.clause, self.base)

    def named(self, code: str, rule: str, clause: str) -> Value:
        """The same under a band's or case's own code, rule id and clause, where it has them."""
        return Value(self.fen, code or self.code, rule or self.rule, self.clause or clause, self.base)


class Amount(Protocol):
    def evaluate(self, ctx: Context) -> Value: ...
