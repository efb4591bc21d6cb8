"""The documents' formulas in exact arithmetic, written from the requirements and not from the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from subsidies.rules.facts import Facts

#: Eligible cost up to a cap, the upper level's standard first, the district the rest; both in fen.
COST_RULES = {
    "T-R2": (600_000, 300_000), "T-R5": (600_000, 300_000), "T-R6": (600_000, 300_000), "T-R9": (600_000, 300_000),
    "T-R11": (660_000, 200_000),
}  # fmt: skip
#: Fen a square metre in all and from the upper level, and the area that counts.
AREA_RULES = {
    "T-R3": (8300, 2500, "heated_area_m2"), "T-R4": (6700, 2000, "assessed_area_m2"),
    "T-R10": (8300, 2500, "renovated_area_m2"),
}  # fmt: skip
#: Fen a unit, and the metered quantity; 600 yuan a season.
RUNNING_RULES = {"T-R7": (100, "gas_m3"), "T-R8": (20, "electricity_kwh")}
SEASON_CAP = 60_000


@dataclass(frozen=True)
class Answer:
    """What a rule must answer. `fen` None: undefined; then `household` is None too unless the user pays a fee."""

    code: str
    fen: int | None
    lines: dict[str, int] = field(default_factory=dict)
    household: int | None = None


def half_up(value: Fraction) -> int:
    return (value + Fraction(1, 2)).__floor__()


def cost_rule(rule: str, eligible: int, total: int, enterprise: int = 0) -> Answer:
    cap, standard = COST_RULES[rule]
    return _upper_first(eligible, Fraction(cap), standard, total, enterprise)


def area_rule(rule: str, eligible: int, total: int, area: Decimal) -> Answer:
    rate, upper, _name = AREA_RULES[rule]
    return _upper_first(eligible, Fraction(area) * rate, half_up(Fraction(area) * upper), total, 0)


def _upper_first(eligible: int, cap: Fraction, standard: int, total: int, enterprise: int) -> Answer:
    if not eligible:
        return Answer("NO_ELIGIBLE_COST", 0, {}, max(total - enterprise, 0))
    fen = half_up(min(Fraction(eligible), cap))
    code = "OK_CAPPED" if eligible > cap else "OK_AT_CAP" if eligible == cap else "OK_COST_BELOW_CAP"
    lines = {"CENTRAL_MUNICIPAL": min(fen, standard), "DISTRICT": fen - min(fen, standard)}
    return Answer(code, fen, lines, max(total - fen - enterprise, 0))


def running_rule(rule: str, quantity: Decimal) -> Answer:
    rate, _energy = RUNNING_RULES[rule]
    exact = Fraction(quantity) * rate
    fen = min(half_up(exact), SEASON_CAP)
    code = "OK_CAPPED" if exact > SEASON_CAP else "OK_AT_CAP" if exact == SEASON_CAP else "OK"
    return Answer(code if fen else "NO_USAGE", fen, {"DISTRICT": fen})


def litong(eligible: int, total: int, enterprise: int) -> Answer:
    if not eligible:
        return Answer("NO_ELIGIBLE_COST", 0, {}, max(total - enterprise, 0))
    full = eligible >= 600_000
    fen = 530_000 if full else half_up(Fraction(eligible) * 8 / 10)
    if enterprise and fen + enterprise > total:
        return Answer("OVERFUNDED", None)
    central = half_up(Fraction(fen) * 35 / 53)
    lines = {"CENTRAL": central, "DISTRICT": fen - central}
    return Answer("OK_STANDARD" if full else "OK_80PCT", fen, lines, total - fen - enterprise)


def refund(fee: int, days: Decimal, season_days: int, share: Fraction, *, fee_paid: bool) -> Answer:
    counted = min(int(days), season_days)
    fen = half_up(Fraction(fee) * counted / season_days * share)
    return Answer("OK_REFUND" if fee_paid else "DEDUCT_FROM_RECEIVABLE", fen, {"HEATING_COMPANY": fen})


def total_of(facts: Facts, kind: str = "") -> int:
    """All costs that are not for another kind of benefit."""
    return sum(item.amount_fen for item in facts.costs or () if item.purpose in ("", kind))


def eligible_of(facts: Facts, scope: frozenset[str]) -> int:
    return sum(item.amount_fen for item in facts.costs or () if item.kind in scope)
