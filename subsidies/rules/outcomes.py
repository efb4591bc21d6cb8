"""What the engine answers: ``Due``, ``NotDue`` or ``Undefined``, each with its steps.

A ``Due`` whose lines do not add up to its amount can't be constructed. ``Undefined`` has no amount at all:
it is a question, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from subsidies.rules.codes import DUE_CODES, NOT_DUE_CODES, STEP_CODES, UNDEFINED_CODES, WARNING_CODES

#: Money in steps is fen (parameter names end in ``_fen``); quantities are decimal text; dates ISO text.
Param = int | str | bool | None


class OutcomeError(ValueError):
    """An outcome that contradicts itself; a programming error, never bad input."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the calculation: a code from ``STEP_CODES``, its parameters and the clause behind it."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)
    clause: str = ""

    def __post_init__(self) -> None:
        if self.code not in STEP_CODES:
            raise _contradiction(f"{self.code!r} is not a step code")
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    def __hash__(self) -> int:
        return hash((self.code, tuple(self.params.items()), self.clause))


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Part of an amount that one funding source bears, in fen."""

    source: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Due:
    """An amount that is due, its lines per source in the policy's order, and how it came about.

    For benefits that run by season ``amount_fen`` is the season's total so far and ``paid_before`` what
    earlier payments of the season already gave; ``payable_fen`` is the difference (negative: to claw back).
    A top-up names the rules it stands on in ``tops_up``; its household share is what is left after all of them.
    """

    rule: str
    code: str
    amount_fen: int
    lines: tuple[SourceLine, ...]
    steps: tuple[Step, ...] = ()
    household_fen: int | None = None
    paid_before: tuple[SourceLine, ...] = ()
    season_year: int | None = None
    warnings: tuple[str, ...] = ()
    clause: str = ""
    tops_up: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.code not in DUE_CODES:
            raise _contradiction(f"{self.code!r} is not a code of an amount due")
        if not _is_fen(self.amount_fen) or self.amount_fen < 0:
            raise _contradiction("an amount due is fen, not negative")
        _check_lines(self.lines, self.amount_fen)
        if self.household_fen is not None and self.household_fen < 0:
            raise _contradiction("the household's share is negative")
        if self.warnings and not set(self.warnings) <= set(WARNING_CODES):
            raise _contradiction("unknown warning code")

    @property
    def paid_before_fen(self) -> int:
        return sum(line.amount_fen for line in self.paid_before)

    @property
    def payable_fen(self) -> int:
        """What is still to be paid now; negative when more was paid than is due."""
        return self.amount_fen - self.paid_before_fen

    @property
    def payable_lines(self) -> tuple[SourceLine, ...]:
        """Per source: line now minus line paid before. Adds up to ``payable_fen``."""
        left = {line.source: 0 for line in (*self.lines, *self.paid_before)}
        for sign, lines in ((1, self.lines), (-1, self.paid_before)):
            for line in lines:
                left[line.source] += sign * line.amount_fen
        return tuple(SourceLine(source, fen) for source, fen in left.items())


@dataclass(frozen=True, slots=True)
class NotDue:
    """Nothing is due, for a stated reason. ``household_fen`` is known where the household bears all."""

    rule: str
    code: str
    steps: tuple[Step, ...] = ()
    household_fen: int | None = None
    params: Mapping[str, Param] = field(default_factory=dict)
    clause: str = ""

    def __post_init__(self) -> None:
        if self.code not in NOT_DUE_CODES:
            raise _contradiction(f"{self.code!r} is not a reason for nothing due")
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))


@dataclass(frozen=True, slots=True)
class Undefined:
    """No amount can be stated; ``code`` is the question to be answered first. Never shown as 0."""

    rule: str
    code: str
    steps: tuple[Step, ...] = ()
    household_fen: int | None = None
    params: Mapping[str, Param] = field(default_factory=dict)
    clause: str = ""

    def __post_init__(self) -> None:
        if self.code not in UNDEFINED_CODES:
            raise _contradiction(f"{self.code!r} is not an open question")
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))


Outcome = Due | NotDue | Undefined


@dataclass(frozen=True, slots=True)
class Total:
    """Sum of outcomes: of the benefits of one dwelling, or of a batch. Lines add up or it can't exist.

    ``open_questions`` counts the outcomes without an amount: the sum is incomplete while there are any.
    """

    code: str
    amount_fen: int
    lines: tuple[SourceLine, ...]
    household_fen: int | None = None
    count: int = 0
    open_questions: int = 0

    def __post_init__(self) -> None:
        if self.code not in DUE_CODES:
            raise _contradiction(f"{self.code!r} is not a code of a sum")
        _check_lines(self.lines, self.amount_fen)


def merge_lines(groups: Iterable[tuple[Iterable[SourceLine], int]]) -> tuple[SourceLine, ...]:
    """Lines per source summed over (lines, how many times), in order of first appearance."""
    sums: dict[str, int] = {}
    for lines, times in groups:
        for line in lines:
            sums[line.source] = sums.get(line.source, 0) + line.amount_fen * times
    return tuple(SourceLine(source, fen) for source, fen in sums.items())


def _check_lines(lines: tuple[SourceLine, ...], amount_fen: int) -> None:
    total, sources = 0, set()
    for line in lines:
        if not _is_fen(line.amount_fen) or line.amount_fen < 0:
            raise _contradiction("a line is negative")
        total += line.amount_fen
        sources.add(line.source)
    if len(sources) != len(lines):
        raise _contradiction("a source has two lines")
    if total != amount_fen:
        raise _contradiction(f"the lines add up to {total} fen, the amount is {amount_fen} fen")


def _is_fen(value: object) -> bool:
    return type(value) is int


def _contradiction(message: str) -> OutcomeError:
    return OutcomeError(f"An outcome contradicts itself: {message}.")
