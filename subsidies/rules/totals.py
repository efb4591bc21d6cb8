"""Sums of outcomes: the benefits of one dwelling, a batch, and a project's amount laid on its dwellings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from core.money import split_by_ratio
from subsidies.rules.outcomes import Due, Outcome, SourceLine, Total, Undefined, merge_lines

_AT_CAP = frozenset({"OK_AT_CAP", "OK_CAPPED"})


def stack(outcomes: Iterable[Outcome]) -> Total:
    """The benefits of one dwelling added up (different kinds stand side by side).

    Where one tops up others, the household bears what is left after all of them, once.
    """
    listed = list(outcomes)
    topped = {rule for each in listed if isinstance(each, Due) for rule in each.tops_up}
    return _total("OK_STACKED", [(each, 1) for each in listed], topped)


def batch(counted: Iterable[tuple[Outcome, int]]) -> Total:
    """Outcomes with how many dwellings have each: ``BATCH_CEILING`` when all of them are at their cap.

    Then the sum is the most the policy can cost for so many dwellings; ``BATCH_CHECK`` otherwise.
    """
    pairs = list(counted)
    at_cap = bool(pairs) and all(isinstance(each, Due) and each.code in _AT_CAP for each, _ in pairs)
    return _total("BATCH_CEILING" if at_cap else "BATCH_CHECK", pairs)


def _total(code: str, pairs: Sequence[tuple[Outcome, int]], topped: Collection[str] = ()) -> Total:
    dues = [(each, times) for each, times in pairs if isinstance(each, Due)]
    own = [(each.household_fen, times) for each, times in pairs if each.rule not in topped]
    shares = [fen * times for fen, times in own if fen is not None]
    return Total(
        code=code,
        amount_fen=sum(due.amount_fen * times for due, times in dues),
        lines=merge_lines((due.lines, times) for due, times in dues),
        household_fen=sum(shares) if shares else None,
        count=sum(times for _, times in pairs),
        open_questions=sum(times for each, times in pairs if isinstance(each, Undefined)),
    )


def allocate(due: Due, weights: Sequence[int | Decimal | Fraction]) -> tuple[tuple[SourceLine, ...], ...]:
    """A project's lines laid on its dwellings by weight (area or 1 each), per source, the last takes the rest.

    Answers one tuple of lines per weight; every source adds up to the project's line, so the whole does.
    """
    parts = [split_by_ratio(line.amount_fen, weights) for line in due.lines]
    return tuple(
        tuple(SourceLine(line.source, part[index]) for line, part in zip(due.lines, parts, strict=True))
        for index in range(len(weights))
    )
