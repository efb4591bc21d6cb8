"""A policy's rules in plain sentences for its page: how much, from which costs, within which cap, borne by whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from core.money import format_yuan
from retrofits.costs import COST_KINDS
from subsidies.rules import amounts, splits
from subsidies.rules.conditions import AnyOf, Between, Compare, Condition, Flag, OneOf
from subsidies.rules.context import exact
from subsidies.rules.policy import Benefit, Policy
from subsidies.services.policies import read_policy
from subsidies.value_words import value_words
from subsidies.wording import name_of, reason_sentence, source_name


def benefit_rows(document: str, options: Mapping[str, Any], used: list[str] | None) -> list[dict[str, Any]]:
    """One row per rule: what it pays, for whom, from which costs, borne by whom; `used`: those of the programme."""
    read = read_policy(document, options)
    return [
        {
            "benefit": benefit,
            "pays": amount_words(benefit.amount),
            "covers": [condition_words(one) for one in benefit.covers],
            "scope": "、".join(sorted(str(COST_KINDS.get(kind, kind)) for kind in benefit.scope)),
            "borne": split_words(benefit.split),
            "runs": runs_words(benefit),
            "note": _(benefit.note) if benefit.note else "",
            "used": used is None or benefit.id in used,
        }
        for benefit in read.benefits
    ]


def option_rows(read: Policy) -> list[dict[str, Any]]:
    """The open questions of the text with the answer chosen."""
    return [{"option": option, "value": _value(option.value)} for option in read.options.values()]


def amount_words(amount: Any) -> str:
    """An amount of the grammar as a sentence."""
    return _AMOUNTS[type(amount)](amount)


def split_words(split: Any) -> str:
    """Who bears it, "" where the rule pays nothing."""
    return "" if split is None else _SPLITS[type(split)](split)


def condition_words(condition: Condition) -> str:
    """One condition: fact and values."""
    if isinstance(condition, OneOf):
        words = _("not %(values)s") if condition.negated else "%(values)s"
        return words % {"values": " / ".join(sorted(map(_value, condition.values)))}
    if isinstance(condition, Flag):
        return f"{name_of(condition.fact)}: {_value(condition.expected)}"
    if isinstance(condition, Compare):
        return f"{name_of(condition.fact)} {condition.operator} {exact(condition.value)}"
    if isinstance(condition, Between):
        return f"{name_of(condition.fact)} {condition.first_day or ''}–{condition.last_day or ''}"
    return _any_words(condition)


def runs_words(benefit: Benefit) -> str:
    """For how many seasons, "" for a benefit paid once."""
    if benefit.runs is None:
        return ""
    if benefit.runs.seasons is None:
        return _("every season")
    return _("%(n)d seasons") % {"n": benefit.runs.seasons}


def _any_words(condition: AnyOf) -> str:
    groups = (" + ".join(condition_words(one) for one in group) for group in condition.groups)
    joined = _(" or ").join(groups)
    return _("none of: %(groups)s") % {"groups": joined} if condition.negated else joined


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value_words(str(value))


def _fixed(one: amounts.Fixed) -> str:
    return _("%(yuan)s yuan") % {"yuan": format_yuan(one.fen)}


def _cost(one: amounts.Cost) -> str:
    return _("the eligible cost") if one.which == "eligible_cost" else _("the total cost")


def _per_unit(one: amounts.PerUnit) -> str:
    words = _("%(rate)s yuan per unit of %(quantity)s") % {"rate": _rate(one.rate), "quantity": name_of(one.quantity)}
    if one.base:
        words = _("%(words)s above %(base)s") % {"words": words, "base": exact(one.base)}
    if one.at_most is None:
        return words
    return _("%(words)s, at most %(units)s units") % {"words": words, "units": exact(one.at_most)}


def _share(one: amounts.ShareOf) -> str:
    return _("%(percent)s percent of %(of)s") % {"percent": exact(one.share * 100), "of": amount_words(one.of)}


def _cap(one: amounts.Cap) -> str:
    periods = {
        "month": _("per month"), "season": _("per season"), "calendar_year": _("per calendar year"),
        "lifetime": _("over all seasons"),
    }  # fmt: skip
    per = periods.get(one.per, "")
    words = _("%(of)s, at most %(at)s %(per)s") % {"of": amount_words(one.of), "at": amount_words(one.at), "per": per}
    return words.strip()


def _at_least(one: amounts.AtLeast) -> str:
    return _("%(of)s, at least %(at)s") % {"of": amount_words(one.of), "at": amount_words(one.at)}


def _per_item(one: amounts.PerItem) -> str:
    return _("for every single device: %(of)s") % {"of": amount_words(one.of)}


def _remaining(one: amounts.Remaining) -> str:
    rules = "、".join(bearer.rule for bearer in one.after)
    return _("what %(rules)s leave of the cost to the household") % {"rules": rules}


def _sum(one: amounts.Sum) -> str:
    return " + ".join(amount_words(part) for part in one.parts)


def _steps(one: amounts.Steps) -> str:
    bands = [f"{_until(band.until, one.by)}{amount_words(band.amount)}" for band in one.bands]
    return _("by %(by)s: %(bands)s") % {"by": name_of(one.by), "bands": "；".join(bands)}


def _marginal(one: amounts.Marginal) -> str:
    bands = [f"{_until(band.until, one.quantity)}{_rate(band.rate)}" for band in one.bands]
    return _("by parts of %(by)s: %(bands)s") % {"by": name_of(one.quantity), "bands": "；".join(bands)}


def _until(until: Fraction | None, by: str) -> str:
    return "" if until is None else _("up to %(until)s: ") % {"until": exact(until)}


def _first_of(one: amounts.FirstOf) -> str:
    cases = []
    for case in one.cases:
        when = " + ".join(condition_words(condition) for condition in case.when)
        cases.append(f"{when}: {amount_words(case.amount)}" if when else amount_words(case.amount))
    return "；".join(cases)


def _day_share(one: amounts.DayShare) -> str:
    return _("the share of %(of)s for %(days)s") % {"of": name_of(one.of), "days": name_of(one.days)}


def _fee(one: amounts.HouseholdFee) -> str:
    share = reason_sentence(one.question) if one.share is None else exact(one.share)
    return _("the user pays %(share)s of %(of)s") % {"share": share, "of": name_of(one.of)}


def _rate(rate: Fraction) -> str:
    return exact(rate / 100)


def _fixed_first(split: splits.FixedFirst) -> str:
    first = [
        _("%(source)s up to %(amount)s") % {"source": source_name(s), "amount": amount_words(a)} for s, a in split.parts
    ]
    rest = source_name(split.rest) if isinstance(split.rest, str) else split_words(split.rest)
    return _("%(first)s; the rest %(rest)s") % {"first": "、".join(first), "rest": rest}


def _ratio(split: splits.Ratio) -> str:
    return " : ".join(f"{source_name(source)} {exact(part)}" for source, part in split.parts)


def _split_first_of(split: splits.SplitFirstOf) -> str:
    cases = []
    for case in split.cases:
        when = " + ".join(condition_words(one) for one in case.when)
        cases.append(f"{when}: {split_words(case.split)}" if when else split_words(case.split))
    return "；".join(cases)


_AMOUNTS: dict[type, Callable[[Any], str]] = {
    amounts.Fixed: _fixed,
    amounts.Cost: _cost,
    amounts.PerUnit: _per_unit,
    amounts.ShareOf: _share,
    amounts.Cap: _cap,
    amounts.AtLeast: _at_least,
    amounts.PerItem: _per_item,
    amounts.Remaining: _remaining,
    amounts.Sum: _sum,
    amounts.Steps: _steps,
    amounts.Marginal: _marginal,
    amounts.FirstOf: _first_of,
    amounts.ByDecision: lambda one: reason_sentence(one.question),
    amounts.DayShare: _day_share,
    amounts.HouseholdFee: _fee,
    amounts.Question: lambda one: reason_sentence(one.code),
    amounts.Nothing: lambda one: reason_sentence(one.code),
}
_SPLITS: dict[type, Callable[[Any], str]] = {
    splits.Whole: lambda split: source_name(split.source),
    splits.FixedFirst: _fixed_first,
    splits.Ratio: _ratio,
    splits.SplitFirstOf: _split_first_of,
}
