"""From the checked, resolved document to the grammar's objects, noting what makes no sense on the way.

The shape is already right here (``shape.py``); this finds contradictions: falling bands, a ratio of nothing,
a metered quantity in a one-off benefit, a source that is not listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from subsidies.rules import amounts, splits
from subsidies.rules.amounts import Amount
from subsidies.rules.codes import COMPARABLE_FACTS, COSTS, DATE_FACTS, FLAG_FACTS, SET_FACTS, TEXT_FACTS, USAGE_FACTS
from subsidies.rules.conditions import AnyOf, Between, Compare, Condition, Flag, OneOf
from subsidies.rules.documents import Listed, Mapped, Problem, meaning, problem
from subsidies.rules.splits import Split

#: Yuan and fen: ``_fen(6000)`` is 600000.
_FEN = 100


@dataclass
class Builder:
    """Builds the nodes of one benefit; ``runs`` and ``scope`` say what its amounts may use.

    ``above`` are the benefits before it, which a top-up may name; those it did name are noted in ``tops_up``.
    """

    where: str
    sources: tuple[str, ...]
    runs: bool
    scope: frozenset[str]
    problems: list[Problem] = field(default_factory=list)
    above: Mapping[str, amounts.Bearer] = field(default_factory=dict)
    tops_up: list[str] = field(default_factory=list)

    def complain(self, line: int, sentence: str, /, **values: object) -> None:
        self.problems.append(meaning(line, self.where, sentence, **values))

    # --- conditions ---------------------------------------------------------------------------------

    def conditions(self, listed: Listed | None) -> tuple[Condition, ...]:
        return tuple(self._condition(entry) for entry in listed or ())

    def _condition(self, entry: Mapped) -> Condition:
        form = _CONDITION_FORMS.get(frozenset(entry))
        fact = entry.get("fact", "")
        if form is None or not _fits(form, fact):
            self.complain(entry.line, CONDITION_HINT)
            return AnyOf((), negated=True)
        if form in ("any_of", "none_of"):
            return AnyOf(tuple(self.conditions(group) for group in entry[form]), negated=form == "none_of")
        if form == "is":
            return Flag(fact, entry["is"])
        if form == "operator":
            return Compare(fact, entry["operator"], Fraction(entry["value"]))
        if form == "days":
            return self._between(entry)
        return OneOf(fact, frozenset(entry[form]), negated=form == "not_in")

    def _between(self, entry: Mapped) -> Condition:
        first, last = (self._day(entry, key) for key in ("from", "until"))
        if first and last and last < first:
            self.complain(entry.line, "These days end before they begin.")
        return Between(entry["fact"], first, last)

    def _day(self, entry: Mapped, key: str) -> date | None:
        try:
            return date.fromisoformat(entry[key]) if key in entry else None
        except ValueError:
            self.problems.append(problem(entry.line_of(key), self.where, "NOT_A_DATE", value=entry[key]))
            return None

    # --- amounts ------------------------------------------------------------------------------------

    def amount(self, node: Mapped) -> Amount:
        ((name, content),) = node.items()
        return _AMOUNTS[name](self, content, node.line)

    def _fixed(self, content: Decimal | int, line: int) -> Amount:
        return amounts.Fixed(self._fen(content, line))

    def _cost(self, content: str, line: int) -> Amount:
        if content == "eligible" and not self.scope:
            self.complain(line, "“cost: eligible” needs a cost_scope in this benefit.")
        return amounts.Cost("eligible_cost" if content == "eligible" else "total_cost")

    def _per_unit(self, content: Mapped, line: int) -> Amount:
        self._check_quantity(content["quantity"], line)
        self._check_months(content, line)
        return amounts.PerUnit(
            quantity=content["quantity"],
            rate=Fraction(content["rate"]) * _FEN,
            tariff=content.get("tariff", ""),
            base=Fraction(content.get("base", 0)),
            base_per=content.get("base_per", "whole"),
            at_most=Fraction(content["at_most"]) if "at_most" in content else None,
            at_most_per=content.get("at_most_per", "whole"),
        )

    def _share_of(self, content: Mapped, line: int) -> Amount:
        share = self._share(content, line)
        if share > 1:
            self.complain(line, "A share is at most 100 percent.")
        return amounts.ShareOf(self.amount(content["of"]), share)

    def _share(self, content: Mapped, line: int) -> Fraction:
        """``percent``, or ``part`` and ``of_parts``, which name a third exactly."""
        given = set(content) - {"of"}
        if given == {"percent"}:
            return Fraction(content["percent"]) / 100
        if given != {"part", "of_parts"} or not content["of_parts"]:
            self.complain(line, "A share is written as “percent”, or as “part” and “of_parts” (1 and 3 for a third).")
            return Fraction(1)
        return Fraction(content["part"]) / Fraction(content["of_parts"])

    def _cap(self, content: Mapped, line: int) -> Amount:
        per = content.get("per", "")
        if per and not self.runs:
            self.complain(line, "A cap per month, season, calendar year or lifetime needs “runs” in this benefit.")
        return amounts.Cap(self.amount(content["of"]), self.amount(content["at"]), per)

    def _minimum(self, content: Mapped, line: int) -> Amount:
        return amounts.AtLeast(self.amount(content["of"]), self.amount(content["at"]))

    def _sum(self, content: Listed, line: int) -> Amount:
        return amounts.Sum(tuple(self.amount(part) for part in content))

    def _steps(self, content: Mapped, line: int) -> Amount:
        self._check_quantity(content["by"], line)
        bands = tuple(self._band(band) for band in content["bands"])
        self._check_bands(content["bands"], [band.until for band in bands])
        return amounts.Steps(content["by"], bands)

    def _band(self, band: Mapped) -> amounts.Band:
        return amounts.Band(
            until=_until(band),
            inclusive=band.get("inclusive", False),
            amount=self.amount(band["amount"]),
            code=band.get("code", ""),
            rule=band.get("rule", ""),
            clause=band.get("clause", ""),
        )

    def _marginal(self, content: Mapped, line: int) -> Amount:
        self._check_quantity(content["quantity"], line)
        if content["quantity"] == "eligible_cost" and not self.scope:
            self.complain(line, "“quantity: eligible_cost” needs a cost_scope in this benefit.")
        if content["quantity"] in COSTS and any(band["rate"] > 1 for band in content["bands"]):
            self.complain(line, "Of a cost, a rate is at most 1 yuan for a yuan.")
        bands = tuple(amounts.MarginalBand(_until(band), Fraction(band["rate"]) * _FEN) for band in content["bands"])
        self._check_bands(content["bands"], [band.until for band in bands])
        self._check_months(content, line)
        return amounts.Marginal(content["quantity"], bands, content.get("tariff", ""), content.get("per", "whole"))

    def _per_item(self, content: Mapped, line: int) -> Amount:
        if not self.scope:
            self.complain(line, "“per_item” needs a cost_scope in this benefit.")
        return amounts.PerItem(self.amount(content))

    def _remaining(self, content: Mapped, line: int) -> Amount:
        for rule in content["after"]:
            if rule not in self.above:
                known = "、".join(self.above) or "–"
                self.complain(
                    line,
                    "“remaining” names benefits above this one (%(known)s); %(rule)s is not.",
                    known=known,
                    rule=rule,
                )
        if len(set(content["after"])) != len(content["after"]):
            self.complain(line, "“remaining” names a benefit twice.")
        self.tops_up.extend(content["after"])
        bearers = tuple(self.above[rule] for rule in content["after"] if rule in self.above)
        return amounts.Remaining(bearers, "total_cost" if content.get("cost") == "total" else "eligible_cost")

    def _first_of(self, content: Listed, line: int) -> Amount:
        for case in content[:-1]:
            if "when" not in case:
                self.complain(
                    case.line,
                    "Only the last case may stand without “when”; those after it are never reached.",
                )
        return amounts.FirstOf(tuple(self._case(case) for case in content))

    def _case(self, case: Mapped) -> amounts.Case:
        return amounts.Case(
            when=self.conditions(case.get("when")),
            amount=self.amount(case["amount"]),
            code=case.get("code", ""),
            rule=case.get("rule", ""),
            clause=case.get("clause", ""),
        )

    def _by_decision(self, content: str, line: int) -> Amount:
        return amounts.ByDecision(content)

    def _day_share(self, content: Mapped, line: int) -> Amount:
        shares = tuple((fault, _decided(share)) for fault, share in content["shares"].items())
        return amounts.DayShare(content["of"], content["days"], content.get("whole_days", True), shares)

    def _household_fee(self, content: Mapped, line: int) -> Amount:
        return amounts.HouseholdFee(content["of"], _decided(content["share"]), content["question"])

    def _undefined(self, content: str, line: int) -> Amount:
        return amounts.Question(content)

    def _nothing(self, content: str, line: int) -> Amount:
        return amounts.Nothing(content)

    # --- splits -------------------------------------------------------------------------------------

    def split(self, node: Mapped) -> Split:
        ((name, content),) = node.items()
        return _SPLITS[name](self, content, node.line)

    def _whole(self, content: str, line: int) -> Split:
        self._check_sources([content], line)
        return splits.Whole(content)

    def _fixed_first(self, content: Mapped, line: int) -> Split:
        parts = tuple((part["source"], self.amount(part["up_to"])) for part in content["parts"])
        rest = self.split(content["rest"]) if isinstance(content["rest"], Mapped) else content["rest"]
        self._check_sources([*(source for source, _ in parts), *_any_source_of(rest)], line)
        return splits.FixedFirst(parts, rest)

    def _ratio(self, content: Listed, line: int) -> Split:
        parts = tuple((part["source"], Fraction(part["part"])) for part in content)
        self._check_sources([source for source, _ in parts], line)
        if not sum(part for _, part in parts):
            self.complain(line, "The parts of a ratio can't all be 0.")
        return splits.Ratio(parts)

    def _split_first_of(self, content: Listed, line: int) -> Split:
        for case in content[:-1]:
            if "when" not in case:
                self.complain(case.line, "Only the last case may stand without “when”.")
        return splits.SplitFirstOf(
            tuple(splits.SplitCase(self.conditions(case.get("when")), self.split(case["split"])) for case in content)
        )

    # --- checks -------------------------------------------------------------------------------------

    def _fen(self, yuan: Decimal | int, line: int) -> int:
        fen = Fraction(yuan) * _FEN
        if fen.denominator != 1:
            self.complain(line, "%(yuan)s yuan has parts of a fen; an amount has at most two decimals.", yuan=yuan)
        return int(fen)

    def _check_quantity(self, name: str, line: int) -> None:
        if name in USAGE_FACTS and not self.runs:
            self.complain(line, "%(fact)s is metered by season: this benefit needs “runs”.", fact=name)

    def _check_months(self, content: Mapped, line: int) -> None:
        monthly = "month" in (content.get("base_per"), content.get("at_most_per"), content.get("per"))
        if monthly and content["quantity"] not in USAGE_FACTS:
            self.complain(line, "What is counted by month needs a metered quantity.")
        if content.get("at_most_per") == "month" and content.get("base") and content.get("base_per") != "month":
            self.complain(line, "A limit by month needs a base by month too: give “base_per: month”.")

    def _check_bands(self, bands: Listed, untils: list[Fraction | None]) -> None:
        if untils[-1] is not None:
            self.complain(bands[-1].line, "The last band has no “until”, so that every number falls into a band.")
        limits = [until for until in untils[:-1] if until is not None]
        if len(limits) != len(untils) - 1:
            self.complain(bands.line, "Every band but the last needs “until”.")
        for index, (low, high) in enumerate(pairwise(limits), 1):
            if high <= low:
                self.complain(bands[index].line, "The bands must rise: this “until” is not above the one before.")

    def _check_sources(self, names: Sequence[str], line: int) -> None:
        for name in names:
            if name not in self.sources:
                self.complain(line, "The source %(source)s is not in this policy's list of sources.", source=name)
        if len(set(names)) != len(names):
            self.complain(line, "A source stands twice in one split.")


def _any_source_of(split: str | Split) -> tuple[str, ...]:
    """Every source a split may use, those of different cases once."""
    match split:
        case str():
            return (split,)
        case splits.Whole():
            return (split.source,)
        case splits.FixedFirst():
            return (*(source for source, _ in split.parts), *_any_source_of(split.rest))
        case splits.Ratio():
            return tuple(source for source, _ in split.parts)
        case splits.SplitFirstOf():
            return tuple(dict.fromkeys(name for one in split.cases for name in _any_source_of(one.split)))
    raise AssertionError(split)


def _until(band: Mapped) -> Fraction | None:
    return Fraction(band["until"]) if "until" in band else None


def _decided(value: Decimal | int | None) -> Fraction | None:
    return None if value is None else Fraction(value)


_CONDITION_FORMS: dict[frozenset[str], str] = {
    frozenset({"fact", "in"}): "in",
    frozenset({"fact", "not_in"}): "not_in",
    frozenset({"fact", "is"}): "is",
    frozenset({"fact", "operator", "value"}): "operator",
    frozenset({"fact", "from"}): "days",
    frozenset({"fact", "until"}): "days",
    frozenset({"fact", "from", "until"}): "days",
    frozenset({"any_of"}): "any_of",
    frozenset({"none_of"}): "none_of",
}
CONDITION_HINT = (
    "A condition is {fact, in}, {fact, not_in} for words, {fact, is} for yes/no, {fact, operator, value} for numbers, "
    "{fact, from, until} for days, or any_of / none_of with lists of conditions; the form must fit the fact."
)


def _fits(form: str, fact: str) -> bool:
    if form in ("in", "not_in"):
        return fact in (*TEXT_FACTS, *SET_FACTS)
    if form == "is":
        return fact in FLAG_FACTS
    if form == "days":
        return fact in DATE_FACTS
    return form != "operator" or fact in COMPARABLE_FACTS


_BuildAmount = Callable[[Builder, Any, int], Amount]
_AMOUNTS: Mapping[str, _BuildAmount] = {
    "fixed": Builder._fixed,
    "cost": Builder._cost,
    "per_unit": Builder._per_unit,
    "share_of": Builder._share_of,
    "cap": Builder._cap,
    "minimum": Builder._minimum,
    "sum": Builder._sum,
    "steps": Builder._steps,
    "marginal": Builder._marginal,
    "per_item": Builder._per_item,
    "remaining": Builder._remaining,
    "first_of": Builder._first_of,
    "by_decision": Builder._by_decision,
    "day_share": Builder._day_share,
    "household_fee": Builder._household_fee,
    "undefined": Builder._undefined,
    "nothing": Builder._nothing,
}
_SPLITS: Mapping[str, Callable[[Builder, Any, int], Split]] = {
    "whole": Builder._whole,
    "fixed_first": Builder._fixed_first,
    "ratio": Builder._ratio,
    "first_of": Builder._split_first_of,
}
