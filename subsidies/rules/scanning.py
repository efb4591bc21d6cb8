"""The boundary scanner: amount and household's share along cost, area or quantity, and the cliffs on the way.

A cliff is a place where the smallest step (one fen, a hundredth of a unit, one piece) moves the amount or the
household's share by a yuan or more beyond what the steps beside it move it: at 5,999.99 Litong's household pays
1,200.00, at 6,000.00 only 700.00. A cap or a marginal band is a bend, not a cliff. Positions a rule names are looked
at exactly; what it does not name is found by halving where a stretch moves more than its two ends promise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from subsidies.rules.engine import assess
from subsidies.rules.outcomes import Due, Undefined
from subsidies.rules.policy import Benefit, Policy
from subsidies.rules.probing import OTHER, Axis, Scenario, axes_of, facts_at, number_at, scenarios_of

GRID, SMALLEST_JUMP_FEN, STRAIGHT_FEN = 48, 100, 2


@dataclass(frozen=True, slots=True)
class Point:
    """Amounts in fen at a position of the axis; ``amount_fen`` None where no amount can be stated."""

    at: int
    amount_fen: int | None
    household_fen: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Cliff:
    """Between two neighbouring positions the amount or the household's share jumps."""

    rule: str
    axis: Axis
    below: Point
    above: Point
    scenario: Scenario

    @property
    def jump_fen(self) -> int | None:
        """By how much the amount moves; None where one side has none."""
        low, high = self.below.amount_fen, self.above.amount_fen
        return None if low is None or high is None else high - low

    @property
    def key(self) -> str:
        """Names the cliff by its content: another boundary or another amount is another cliff."""
        sides = [[p.at, p.amount_fen, p.household_fen, p.code] for p in (self.below, self.above)]
        return hashlib.sha256(json.dumps([self.rule, self.axis.fact, *sides]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Curve:
    """One benefit along one axis; only the points where the line bends."""

    rule: str
    axis: Axis
    scenario: Scenario
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    curves: tuple[Curve, ...]
    cliffs: tuple[Cliff, ...]


@dataclass
class _Line:
    """Evaluates once per position and remembers it."""

    evaluate: Callable[[int], Point]
    known: dict[int, Point] = field(default_factory=dict)

    def __call__(self, at: int) -> Point:
        if at not in self.known:
            self.known[at] = self.evaluate(at)
        return self.known[at]

    def points(self) -> list[Point]:
        return [self.known[at] for at in sorted(self.known)]


def scan(policy: Policy) -> Scan:
    """All benefits along all their axes. Equal curves are drawn once, each cliff is listed once."""
    curves: dict[object, Curve] = {}
    cliffs: dict[object, Cliff] = {}
    for benefit in policy.benefits:
        axes = axes_of(policy, benefit)
        for axis in axes:
            for scenario in scenarios_of(policy, benefit, axes, axis):
                curve, found = scan_line(policy, benefit, scenario, axis)
                shape = (benefit.id, axis.fact, tuple((p.at, p.amount_fen, p.household_fen) for p in curve.points))
                if len({(point.amount_fen, point.household_fen) for point in curve.points}) > 1:
                    curves.setdefault(shape, curve)
                for cliff in found:
                    _keep_greatest(cliffs, cliff)
    return Scan(tuple(curves.values()), tuple(cliffs.values()))


def scan_line(policy: Policy, benefit: Benefit, scenario: Scenario, axis: Axis) -> tuple[Curve, list[Cliff]]:
    """One benefit along one axis with everything else held still."""
    line = _Line(lambda at: _point(policy, benefit, scenario, axis, at))
    stops = [line(at).at for at in _stops(axis)]
    for low, high in pairwise(stops):
        _narrow(line, low, high)
    cliffs = [Cliff(benefit.id, axis, low, high, scenario) for low, high in _jumps(line, axis)]
    return Curve(benefit.id, axis, scenario, tuple(_bends(line.points()))), cliffs


def encode_scan(found: Scan) -> dict[str, Any]:
    """As JSON; positions as exact decimal text in the axis's own unit, money in fen."""
    return {
        "curves": [_encode_curve(curve) for curve in found.curves],
        "cliffs": [_encode_cliff(cliff) for cliff in found.cliffs],
    }


def _point(policy: Policy, benefit: Benefit, scenario: Scenario, axis: Axis, at: int) -> Point:
    outcome = assess(policy, facts_at(policy, benefit, scenario, axis, at), rule=benefit.id)
    if isinstance(outcome, Undefined):
        return Point(at, None, None, outcome.code)
    amount = outcome.amount_fen if isinstance(outcome, Due) else 0
    return Point(at, amount, outcome.household_fen, outcome.code)


def _stops(axis: Axis) -> list[int]:
    """A grid, and every mark with its neighbours."""
    step = max(axis.top // GRID, 1)
    near = (mark + d for mark in axis.marks for d in (-2, -1, 0, 1, 2))
    return sorted({*range(0, axis.top + 1, step), axis.top, *(at for at in near if 0 <= at <= axis.top)})


def _narrow(line: _Line, low: int, high: int) -> None:
    """Halve a stretch as long as it moves more than its ends promise; ends at two neighbouring positions."""
    stack = [(low, high)]
    while stack:
        low, high = stack.pop()
        if high - low > 1 and _moves_too_much(line, low, high):
            middle = (low + high) // 2
            stack += [(low, middle), (middle, high)]


def _moves_too_much(line: _Line, low: int, high: int) -> bool:
    first, last = line(low), line(high)
    if (first.amount_fen is None) != (last.amount_fen is None):
        return True
    return any(
        abs(_moved(first, last, name)) > max(SMALLEST_JUMP_FEN, *_promised(line, low, high, name))
        for name in ("amount_fen", "household_fen")
    )


def _promised(line: _Line, low: int, high: int, name: str) -> Iterator[int]:
    """What the stretch would move if all of it were like its first or its last bit, with a fen for rounding.

    Of the smallest step and an eighth of the stretch the lesser counts: the one is coarse by rounding, the other may
    hold the jump itself.
    """
    width = high - low
    for start, sign in ((low, 1), (high, -1)):
        reaches = {1, max(width // 8, 1)}
        ends = ((reach, _moved(line(start), line(start + sign * reach), name)) for reach in reaches)
        yield min((abs(moved) + 1) * width // reach + 1 for reach, moved in ends)


def _moved(low: Point, high: Point, name: str) -> int:
    before, after = getattr(low, name), getattr(high, name)
    return 0 if before is None or after is None else after - before


def _jumps(line: _Line, axis: Axis) -> Iterator[tuple[Point, Point]]:
    for low, high in list(pairwise(line.points())):
        if high.at - low.at == 1 and _is_cliff(line, axis, low, high):
            yield low, high


def _is_cliff(line: _Line, axis: Axis, low: Point, high: Point) -> bool:
    if (low.amount_fen is None) != (high.amount_fen is None):
        # The first position only says that there is nothing to go by; that is no boundary of the text.
        return low.at > 0
    beside = [(line(max(low.at - 1, 0)), low), (high, line(min(high.at + 1, axis.top)))]
    return any(
        abs(_moved(low, high, name)) >= SMALLEST_JUMP_FEN + 2 * max(abs(_moved(*pair, name)) for pair in beside)
        for name in ("amount_fen", "household_fen")
    )


def _keep_greatest(cliffs: dict[object, Cliff], cliff: Cliff) -> None:
    """Of one boundary seen in several cases the one with the greatest jump is listed."""
    place = (cliff.rule, cliff.axis.fact, cliff.below.at)
    known = cliffs.get(place)
    if known is None or abs(cliff.jump_fen or 0) > abs(known.jump_fen or 0):
        cliffs[place] = cliff


def _bends(points: Sequence[Point]) -> list[Point]:
    """The points between which the line is straight to two fen."""
    if len(points) < 3:
        return list(points)
    first, last = points[0], points[-1]
    furthest = max(points[1:-1], key=lambda point: _off_line(first, point, last))
    if _off_line(first, furthest, last) <= STRAIGHT_FEN * (last.at - first.at):
        return [first, last]
    middle = points.index(furthest)
    return [*_bends(points[: middle + 1]), *_bends(points[middle:])[1:]]


def _off_line(first: Point, point: Point, last: Point) -> int:
    """How far the point lies off the line from first to last, times the width, in fen; a gap is off by any measure."""
    off = 0
    for name in ("amount_fen", "household_fen"):
        low, here, high = (getattr(one, name) for one in (first, point, last))
        if low is None or here is None or high is None:
            off = max(off, 0 if low == here == high else 1 << 60)
        else:
            off = max(off, abs((here - low) * (last.at - first.at) - (high - low) * (point.at - first.at)))
    return off


def _encode_curve(curve: Curve) -> dict[str, Any]:
    points = [[str(curve.axis.number(p.at)), p.amount_fen, p.household_fen] for p in curve.points]
    return {"rule": curve.rule, "axis": curve.axis.fact, "case": _encode_case(curve.scenario), "points": points}


def _encode_cliff(cliff: Cliff) -> dict[str, Any]:
    return {
        "key": cliff.key,
        "rule": cliff.rule,
        "axis": cliff.axis.fact,
        "case": _encode_case(cliff.scenario),
        "below": _encode_side(cliff.axis, cliff.below),
        "above": _encode_side(cliff.axis, cliff.above),
    }


def _encode_side(axis: Axis, point: Point) -> dict[str, Any]:
    return {
        "at": str(axis.number(point.at)),
        "amount_fen": point.amount_fen,
        "household_fen": point.household_fen,
        "code": point.code,
    }


def _encode_case(scenario: Scenario) -> dict[str, list[str]]:
    """Facts that were held still, by name: the values treated alike; a number as decimal text in its own unit."""
    texts = {name: [_plain(value) for value in alike] for name, alike in scenario.texts.items()}
    told = {name: values for name, values in texts.items() if values not in ([OTHER], [""])}
    return {**told, **{name: [str(number_at(name, at))] for name, at in scenario.numbers.items()}}


def _plain(value: object) -> str:
    return ",".join(sorted(value)) if isinstance(value, frozenset) else str(value)
