"""Cases made up to try a rule out: which quantities it looks at, which numbers it names, and facts at any such point.

Everything is found by walking the rule itself, so a construct added to the grammar is tried without a word here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import islice, pairwise, product
from typing import Any

from subsidies.rules.amounts import ByDecision, Cost, Fixed
from subsidies.rules.codes import FACTS, FLAG_FACTS, NUMBER_FACTS, SET_FACTS, TEXT_FACTS, USAGE_FACTS
from subsidies.rules.conditions import Flag, OneOf
from subsidies.rules.engine import covers
from subsidies.rules.facts import CostItem, Facts, Usage
from subsidies.rules.policy import Benefit, Gate, Policy

COST, FEE = "eligible_cost", "season_fee"
_MONEY = {COST: COST, "total_cost": COST, FEE: FEE}
#: Counted things; everything else is measured to a hundredth of its unit, money to the fen.
COUNTED = frozenset({"device_count", "room_count", "person_count", "affected_days"})
#: How far to look where the rule itself names no number, in units (money: yuan).
_TOPS = {
    COST: 20_000, FEE: 5_000, "electricity_kwh": 6_000, "gas_m3": 1_200, "heat_kwh": 12_000, "pellets_t": 6,
    "heated_area_m2": 200, "assessed_area_m2": 200, "renovated_area_m2": 200, "declared_area_m2": 200, "power_kw": 40,
    "heat_load_kw": 40, "altitude_m": 4_000, "affected_days": 120,
}  # fmt: skip
_DEFAULT_TOP = 10
MAX_SCENARIOS, _LEVELS = 48, 4
OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Axis:
    """A quantity a rule looks at. Positions are whole numbers of ``1 / per_unit`` of its unit (money: fen).

    ``marks`` are the positions the rule names itself; ``top`` is how far to look.
    """

    fact: str
    per_unit: int
    marks: tuple[int, ...]
    top: int

    def number(self, position: int) -> Decimal:
        """The position in the quantity's own unit (money: yuan)."""
        return number_at(self.fact, position)

    @property
    def usual(self) -> int:
        """A position in the middle of what is looked at."""
        return self.top // 2

    @property
    def levels(self) -> tuple[int, ...]:
        """One position inside each part between the marks, the first few of them."""
        edges = (0, *self.marks[: _LEVELS - 1])
        inner = [(low + high) // 2 for low, high in pairwise(edges)]
        return (*inner, self.top) if self.marks else (self.usual,)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What stays the same along one curve, by fact. ``texts`` (classes and flags too): the values the rule treats
    alike, of which the first is tried; ``numbers``: positions.
    """

    texts: Mapping[str, tuple[Any, ...]]
    numbers: Mapping[str, int]


def facts_named(policy: Policy, kind: str) -> frozenset[str]:
    """Facts that the rules of a kind look at anywhere, gates and splits too.

    ``decision`` where an amount waits for one, ``tariff`` where usage is counted by tariff, ``paid_on`` where a benefit
    comes again after years.
    """
    gates = [policy.gate(name) for benefit in policy.of_kind(kind) for name in benefit.gates]
    nodes = list(_walk([*policy.of_kind(kind), *(gate for gate in gates if gate)]))
    named = {value for node in nodes for value in _texts(node)}
    found = {name for name in (*FACTS, *USAGE_FACTS) if name in named}
    found |= {COST} if any(isinstance(node, Cost) for node in nodes) else set()
    found |= {"decision"} if any(isinstance(node, ByDecision) for node in nodes) else set()
    found |= {"tariff"} if any(getattr(node, "tariff", "") for node in nodes) else set()
    found |= (
        {"own_funds_evidence"} if any(isinstance(gate, Gate) and gate.name == "own_funds" for gate in gates) else set()
    )
    again = any(getattr(node, "again_after_years", None) is not None for node in nodes)
    return frozenset(found | ({"paid_on"} if again else set()))


def _texts(node: Any) -> set[str]:
    return {value for each in fields(node) if isinstance(value := getattr(node, each.name), str)}


def axes_of(policy: Policy, benefit: Benefit) -> tuple[Axis, ...]:
    """The quantities on which the benefit's amount depends, in a fixed order."""
    marks: dict[str, set[int]] = {}
    for node in _nodes(policy, benefit):
        for name in _numbers_named(node):
            marks.setdefault(name, set()).update(_marks(node, name))
    fixed = {node.fen for node in _nodes(policy, benefit) if isinstance(node, Fixed)}
    if COST in marks:
        marks[COST] |= fixed
    return tuple(_axis(name, marks[name]) for name in sorted(marks))


def scenarios_of(policy: Policy, benefit: Benefit, axes: Iterable[Axis], moving: Axis) -> Iterator[Scenario]:
    """The cases the rule tells apart, without the ``moving`` quantity; only those it covers, at most 48."""
    texts = _choices(policy, benefit)
    still = [axis for axis in axes if axis != moving]
    levels = [axis.levels for axis in still]
    for chosen in islice(product(*texts.values(), *levels), MAX_SCENARIOS):
        numbers = {axis.fact: level for axis, level in zip(still, chosen[len(texts) :], strict=True)}
        scenario = Scenario(dict(zip(texts, chosen, strict=False)), numbers)
        if any(covers(policy, benefit, facts_at(policy, benefit, scenario, moving, at)) for at in moving.levels):
            yield scenario


def facts_at(policy: Policy, benefit: Benefit, scenario: Scenario, moving: Axis, position: int) -> Facts:
    """A case that passes every gate the file can open: accepted, on the roster, paid nothing yet."""
    said = _open_case(policy, benefit)
    said.update((name, alike[0]) for name, alike in scenario.texts.items())
    for name, at in {**scenario.numbers, moving.fact: position}.items():
        _put_number(policy, benefit, said, name, at)
    return Facts(**said)


def _open_case(policy: Policy, benefit: Benefit) -> dict[str, Any]:
    acceptance = policy.gate("acceptance")
    return {
        "on": policy.valid_from,
        "on_roster": True,
        "installer_admitted": True,
        "own_funds_in_place": True,
        "accepted_on": policy.valid_from,
        "accepted_by": frozenset(acceptance.panel if acceptance else ()),
        "meter_individual": True,
        "season_year": _season_year(policy, benefit),
        "quantities": {"heated_area_m2": Decimal(100), "assessed_area_m2": Decimal(100)},
        "usage": (),
    }


def _season_year(policy: Policy, benefit: Benefit) -> int | None:
    if benefit.runs is None or policy.season_rule is None:
        return None
    start = benefit.runs.counted_from
    return start if isinstance(start, int) else policy.season_rule.first_after(policy.valid_from).year


def number_at(fact: str, position: int) -> Decimal:
    """A position of the fact's axis in its own unit (money: yuan)."""
    return Decimal(position) / _per_unit(fact)


def _put_number(policy: Policy, benefit: Benefit, said: dict[str, Any], name: str, at: int) -> None:
    if name == COST:
        said["costs"] = (CostItem(min(benefit.scope, default="ANY"), at),)
    elif name == FEE:
        said.update(season_fee_fen=at, fee_paid=True)
    elif name in NUMBER_FACTS:
        said["quantities"][name] = number_at(name, at)
    elif policy.season_rule is not None and said["season_year"] is not None:
        season = policy.season_rule.season(said["season_year"])
        said["usage"] += (Usage(name, season, number_at(name, at)),)


def _nodes(policy: Policy, benefit: Benefit) -> list[Any]:
    """Every part of the rule that decides about the amount: its gates' checks, its conditions, its amount."""
    gates = [policy.gate(name) for name in benefit.gates]
    checks = [check for gate in gates if gate for check in gate.checks]
    roots = [*checks, *benefit.covers, *benefit.requires, benefit.amount]
    return [node for root in roots for node in _walk(root)]


def _walk(node: Any) -> Iterator[Any]:
    if isinstance(node, tuple | list):
        for item in node:
            yield from _walk(item)
    elif is_dataclass(node) and not isinstance(node, type):
        yield node
        for each in fields(node):
            yield from _walk(getattr(node, each.name))


def _numbers_named(node: Any) -> set[str]:
    """Quantities a node names in any of its own fields."""
    named = {COST} if isinstance(node, Cost) else set()
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, str) and (value in _MONEY or value in NUMBER_FACTS or value in USAGE_FACTS):
            named.add(_MONEY.get(value, value))
    return named


def _marks(node: Any, name: str) -> set[int]:
    """Positions at which the node says something else: edges of bands, compared values, bases."""
    numbers = [getattr(node, key, None) for key in ("value", "base", "at", "until")]
    numbers += [getattr(band, "until", None) for band in getattr(node, "bands", ())]
    return {round(number * _per_unit(name)) for number in numbers if isinstance(number, Fraction) and number > 0}


def _axis(name: str, marks: set[int]) -> Axis:
    per_unit = _per_unit(name)
    usual = _TOPS.get(name, _DEFAULT_TOP) * per_unit
    return Axis(name, per_unit, tuple(sorted(marks)), max([usual, *(2 * mark for mark in marks)]))


def _per_unit(name: str) -> int:
    return 1 if name in COUNTED else 100


def _choices(policy: Policy, benefit: Benefit) -> dict[str, list[tuple[Any, ...]]]:
    """Groups of values by fact: those the rule treats alike together, each it names apart alone."""
    top = [*benefit.covers, *(one for check in benefit.requires for one in check.when)]
    demanded = {one.fact: one.values for one in top if isinstance(one, OneOf) and not one.negated}
    flags = {one.fact: one.expected for one in top if isinstance(one, Flag)}
    found: dict[str, list[tuple[Any, ...]]] = {}
    nodes = _nodes(policy, benefit)
    for fact in (*TEXT_FACTS, *SET_FACTS):
        named = [one.values for one in nodes if isinstance(one, OneOf) and one.fact == fact and one not in top]
        if fact in demanded or named:
            groups = _told_apart(demanded.get(fact), frozenset().union(*named), fact)
            found[fact] = [tuple(map(_as_set, group)) for group in groups] if fact in SET_FACTS else groups
    for fact in FLAG_FACTS:
        if any(isinstance(one, Flag) and one.fact == fact for one in nodes):
            found[fact] = [(flags[fact],)] if fact in flags else [(True,), (False,)]
    return found


def _told_apart(demanded: frozenset[str] | None, named: frozenset[str], fact: str) -> list[tuple[Any, ...]]:
    """All that are not named apart in one group, then the named ones."""
    if demanded is None:
        usual = "HOUSEHOLD" if fact == "beneficiary" else OTHER
        return [(usual,), *((one,) for one in sorted(named - {usual}))]
    rest = tuple(sorted(demanded - named))
    return [*([rest] if rest else []), *((one,) for one in sorted(demanded & named))]


def _as_set(value: str) -> frozenset[str]:
    return frozenset({value} - {OTHER})
