"""Every worked example once more, one fen or one unit either side of each boundary its rule has.

The examples give dwelling, gates and options; the numbers are moved to both sides of every boundary, and what must come
out is computed by `formulas.py`, in exact arithmetic and without the engine. Refusals must stay refusals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.money import plain_yuan
from core.seasons import Span
from subsidies.rules.cases import Case, Part
from subsidies.rules.engine import assess, task_equivalents
from subsidies.rules.facts import CostItem, Decision, Facts, Usage
from subsidies.rules.outcomes import Due, NotDue, Outcome
from subsidies.rules.policy import Policy
from tests.policies import formulas
from tests.policies.formulas import AREA_RULES, COST_RULES, RUNNING_RULES, Answer, eligible_of, total_of
from tests.policies.test_worked_examples import POLICIES, cases
from tests.rules.builders import preset

FEN = (-1, 0, 1)
SEASON = Span(date(2021, 11, 1), date(2022, 3, 31))
Tried = tuple[str, Facts, Answer]


@dataclass(frozen=True)
class Example:
    """One benefit of a worked example under the options it names."""

    policy: Policy
    case: Case
    part: Part

    @property
    def given(self) -> Outcome:
        return self.ask(self.part.facts)

    def ask(self, facts: Facts) -> Outcome:
        return assess(self.policy, facts, rule=self.part.rule, kind=self.part.kind)

    @property
    def rule(self) -> str:
        return "L-R1" if self.given.rule == "L-R2" else self.given.rule

    @property
    def kind(self) -> str:
        benefit = self.policy.benefit(self.rule)
        return benefit.kind if benefit else ""

    @property
    def scope(self) -> frozenset[str]:
        benefit = self.policy.benefit(self.rule)
        return benefit.scope if benefit else frozenset()


def examples() -> list[Any]:
    return list(_examples())


def _examples() -> Iterator[Any]:
    for name in POLICIES:
        for case in cases(name):
            for index, part in enumerate(case.parts):
                example = Example(preset(name, tuple(case.options.items())), case, part)
                yield pytest.param(example, id=f"{case.id}-{index}" if index else case.id)


def answered(outcome: Outcome) -> Answer:
    """An outcome as the formulas write it."""
    if isinstance(outcome, Due):
        lines = {line.source: line.amount_fen for line in outcome.lines}
        return Answer(outcome.code, outcome.amount_fen, lines, outcome.household_fen)
    return Answer(outcome.code, 0 if isinstance(outcome, NotDue) else None, {}, outcome.household_fen)


@pytest.mark.parametrize("example", examples())
def test_either_side_of_every_boundary(example: Example) -> None:
    tried = list(variants(example))
    assert len(tried) >= 3, "this example has no boundary that was tried"
    wrong = {
        label: (answered(example.ask(facts)), wanted)
        for label, facts, wanted in tried
        if answered(example.ask(facts)) != wanted
    }
    assert not wrong


def test_all_examples_are_moved_and_thousands_of_cases_tried() -> None:
    made = [list(variants(each.values[0])) for each in examples()]
    assert len(made) == 105 + 2  # one example adds up three benefits
    assert sum(map(len, made)) > 1000


def variants(example: Example) -> Iterator[Tried]:
    """Label, facts and answer on both sides of every boundary that concerns the example's rule."""
    yield from _numbers(example) if isinstance(example.given, Due) or _by_number(example) else _refused(example)


def _by_number(example: Example) -> bool:
    """Refusals and questions that a number decides, so that the next number must be answered otherwise."""
    decided = {"NO_ELIGIBLE_COST", "METER_ANOMALY", "YEARS_EXHAUSTED", "TECH_NONCOMPLIANT", "SUSPENSION_BASIC_FEE"}
    return example.given.code in decided


def _numbers(example: Example) -> Iterator[Tried]:
    rule = example.rule
    if rule in COST_RULES:
        cap, standard = COST_RULES[rule]
        yield from _costs(example, (1, standard, cap), lambda e, t: formulas.cost_rule(rule, e, t))
    elif rule in AREA_RULES:
        yield from _areas(example)
    elif rule in RUNNING_RULES:
        yield from _running(example)
    elif rule == "L-R1":
        yield from _litong(example)
    elif rule == "T-R12":
        yield from _decided(example)
    elif rule == "B-R1":
        yield from _refunds(example)
    else:
        yield from _suspended(example)


def _costs(example: Example, limits: tuple[int, ...], answer: Callable[[int, int], Answer]) -> Iterator[Tried]:
    for limit in limits:
        for move in FEN:
            facts = with_eligible(example, limit + move)
            yield f"cost {plain_yuan(limit + move)}", facts, answer(limit + move, total_of(facts, example.kind))


def with_eligible(example: Example, fen: int) -> Facts:
    """The dwelling with so much cost inside the scope; what is outside of it stays."""
    kept = [item for item in example.part.facts.costs or () if item.kind not in example.scope]
    return replace(example.part.facts, costs=(*kept, CostItem(sorted(example.scope)[0], fen)))


def _areas(example: Example) -> Iterator[Tried]:
    rule, facts = example.rule, example.part.facts
    rate, upper, name = AREA_RULES[rule]
    area = facts.quantities[name]
    limits = (1, formulas.half_up(Fraction(area) * upper), formulas.half_up(Fraction(area) * rate))
    yield from _costs(example, limits, lambda e, t: formulas.area_rule(rule, e, t, area))
    cost, total = eligible_of(facts, example.scope), total_of(facts)
    edge = (Decimal(cost) / rate).quantize(Decimal("0.01"))
    for step in FEN:
        moved = edge + step * Decimal("0.01")
        other = replace(facts, quantities={**facts.quantities, name: moved})
        yield f"area {moved}", other, formulas.area_rule(rule, cost, total, moved)


def _running(example: Example) -> Iterator[Tried]:
    rule, facts = example.rule, example.part.facts
    rate, energy = RUNNING_RULES[rule]
    season = _season_of(example)
    if example.given.code != "YEARS_EXHAUSTED":
        for total in _quantities(rate):
            usage = (Usage(energy, season, total),)
            yield f"{energy} {total}", replace(facts, usage=usage), formulas.running_rule(rule, total)
            half = Span(season.first_day, date(season.first_day.year, 12, 31))
            other = Span(date(season.last_day.year, 1, 1), season.last_day)
            parts = (Usage(energy, half, total / 2), Usage(energy, other, total - total / 2))
            yield f"{energy} {total} in two", replace(facts, usage=parts), formulas.running_rule(rule, total)
        yield from _days(facts, rule, energy, season)
    yield from _years(facts, rule, energy)
    if example.given.code == "METER_ANOMALY":
        yield from _readings(facts, rule, energy)


def _quantities(rate: int) -> Iterator[Decimal]:
    unit = Decimal("0.001")
    for edge in (Decimal("0.5") / rate, Decimal(1) / rate, Decimal(formulas.SEASON_CAP) / rate):
        yield from (max(edge + step * unit, Decimal(0)) for step in FEN)


def _season_of(example: Example) -> Span:
    rule = example.policy.season_rule
    assert rule is not None
    return rule.latest(example.part.facts.on)


def _days(facts: Facts, rule: str, energy: str, season: Span) -> Iterator[Tried]:
    """One day of use on either side of the season's first and last day."""
    first, last = season.first_day, season.last_day
    for day, inside in ((date(first.year, 10, 31), False), (first, True), (last, True), (date(last.year, 4, 1), False)):
        used = (Usage(energy, Span(day, day), Decimal(100)),)
        yield f"on {day}", replace(facts, usage=used), formulas.running_rule(rule, Decimal(100 * inside))


def _years(facts: Facts, rule: str, energy: str) -> Iterator[Tried]:
    """The season before the first, the first, the third and the fourth; accepted in October 2021."""
    for year in (2020, 2021, 2023, 2024):
        season = Span(date(year, 11, 1), date(year + 1, 3, 31))
        moved = replace(facts, on=date(2025, 4, 10), season_year=year, usage=(Usage(energy, season, Decimal(100)),))
        refused = {2020: "OUT_OF_SEASON", 2024: "YEARS_EXHAUSTED"}.get(year)
        yield f"season {year}", moved, Answer(refused, 0) if refused else formulas.running_rule(rule, Decimal(100))


def _readings(facts: Facts, rule: str, energy: str) -> Iterator[Tried]:
    for step in FEN:
        end = Decimal(500) + step
        reading = Usage.from_readings(energy, SEASON, Decimal(500), end)
        wanted = Answer("METER_ANOMALY", None) if step < 0 else formulas.running_rule(rule, Decimal(step))
        yield f"end {end}", replace(facts, usage=(reading,)), wanted


def _litong(example: Example) -> Iterator[Tried]:
    facts = example.part.facts
    if example.given.code != "TECH_NONCOMPLIANT":
        enterprise = facts.enterprise_share_fen
        limits = (1, 530_000, 600_000, 650_000)
        yield from _costs(example, limits, lambda e, t: formulas.litong(e, t, enterprise))
    if facts.technology == "GAS":
        cost = eligible_of(facts, example.scope)
        for power in ("14.999", "15", "15.001"):
            moved = replace(facts, quantities={**facts.quantities, "power_kw": Decimal(power)})
            strong = formulas.litong(cost, total_of(facts), 0)
            refused = Answer("TECH_NONCOMPLIANT", 0, {}, total_of(facts))
            yield f"{power} kW", moved, strong if Decimal(power) > 15 else refused


def _decided(example: Example) -> Iterator[Tried]:
    decision = example.part.facts.decision
    assert decision is not None
    for move in FEN:
        fen = decision.amount_fen + move
        facts = replace(example.part.facts, decision=Decision(fen, decision.document_number))
        yield f"decided {plain_yuan(fen)}", facts, Answer("OK_BY_DECISION", fen, {"DISTRICT": fen})


def _refunds(example: Example) -> Iterator[Tried]:
    facts = example.part.facts
    year, fee = facts.season_year, facts.season_fee_fen
    assert year is not None and fee is not None
    season = Span(date(year, 11, 1), date(year + 1, 3, 31))
    share = Fraction(1, 2) if facts.fault == "INSUFFICIENT" else Fraction(1)
    given = facts.quantities["affected_days"]
    for days in (Decimal(0), Decimal(1), given - 1, given, given + 1, *(Decimal(season.days + step) for step in FEN)):
        for move in FEN:
            moved = replace(facts, quantities={"affected_days": days}, season_fee_fen=fee + move)
            wanted = formulas.refund(fee + move, days, season.days, share, fee_paid=facts.fee_paid is True)
            yield f"{days} days of {fee + move} fen", moved, wanted


def _suspended(example: Example) -> Iterator[Tried]:
    fee = example.part.facts.season_fee_fen
    assert fee is not None and example.rule == "B-R2"
    for move in FEN:
        share = formulas.half_up(Fraction(fee + move) * 3 / 10)
        facts = replace(example.part.facts, season_fee_fen=fee + move)
        yield f"fee {fee + move} fen", facts, Answer("SUSPENSION_BASIC_FEE", None, {}, share)


def _refused(example: Example) -> Iterator[Tried]:
    """What is refused or asked for another reason stays so whatever the numbers are."""
    facts, given = example.part.facts, answered(example.given)
    for limit in (1, 300_000, 530_000, 600_000, 660_000):
        for move in FEN:
            moved = replace(facts, costs=(CostItem("DEVICE", limit + move),), enterprise_share_fen=0)
            open_share = given.household is None or facts.costs is None
            share = (limit + move if given.fen == 0 and _shown(example) else None) if open_share else limit + move
            yield f"cost {plain_yuan(limit + move)}", moved, replace(given, household=share)
    for total in (Decimal("2999.999"), Decimal(3000), Decimal("3000.001")):
        usage = tuple(Usage(energy, SEASON, total) for energy in ("electricity_kwh", "gas_m3"))
        yield f"used {total}", replace(facts, usage=usage), given


def _shown(example: Example) -> bool:
    """Whether a final refusal states the household's share as soon as a cost is known."""
    benefit = example.policy.benefit(example.rule)
    pending = ("NOT_ACCEPTED", "JOINT_ACCEPTANCE_INCOMPLETE", "SELF_FUNDS_MISSING", "ALREADY_PAID")
    return benefit is not None and benefit.runs is None and example.given.code not in pending


@pytest.mark.parametrize(
    ("area", "far"),
    [("39.99", True), ("40", False), ("40.01", False), ("79.99", False), ("80", False), ("80.01", True)],
)
def test_litong_marks_areas_on_the_far_side_only(area: str, far: bool) -> None:
    for name in ("E-L13", "E-L14"):
        example = next(each.values[0] for each in examples() if each.id == name)
        facts = replace(example.part.facts, quantities={"heated_area_m2": Decimal(area)})
        outcome = example.ask(facts)
        assert isinstance(outcome, Due) and ("AREA_FAR_FROM_60" in outcome.warnings) is far


@pytest.mark.parametrize(
    ("cost", "near"),
    [(599_999, False), (600_000, True), (600_001, True), (649_999, True), (650_000, True), (650_001, False)],
)
def test_litong_marks_invoices_just_above_the_threshold(cost: int, near: bool) -> None:
    example = next(each.values[0] for each in examples() if each.id == "E-L03")
    outcome = example.ask(with_eligible(example, cost))
    assert isinstance(outcome, Due) and ("THRESHOLD_NEARBY" in outcome.warnings) is near


@pytest.mark.parametrize(
    ("area", "count"), [("119.99", "0.9999"), ("120", "1.0000"), ("120.01", "1.0000"), ("360.01", "3.0000")]
)
def test_a_venue_counts_by_its_area_and_never_rounds_up(area: str, count: str) -> None:
    example = next(each.values[0] for each in examples() if each.id == "E-T58")
    facts = replace(example.part.facts, quantities={"heated_area_m2": Decimal(area)})
    assert str(task_equivalents(example.policy, facts)) == count
