"""What makes no sense is refused when the document is read, with the words that say why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from subsidies.rules.documents import DocumentError
from subsidies.rules.engine import assess
from tests.rules.builders import dwelling, sample, several
from tests.rules.test_beside_each_other import CEILING, TWO, power
from tests.rules.test_constructs import TOPPED


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("{share_of: {of: {fixed: 1}}}", "“percent”, or as “part”"),
        ("{share_of: {of: {fixed: 1}, part: 1}}", "“percent”, or as “part”"),
        ("{share_of: {of: {fixed: 1}, part: 4, of_parts: 3}}", "at most 100 percent"),
        ("{share_of: {of: {fixed: 1}, part: 1, of_parts: 0}}", "“percent”, or as “part”"),
        ("{per_unit: {quantity: heated_area_m2, rate: 1, at_most: 1, at_most_per: month}}", "needs a metered quantity"),
        ("{marginal: {quantity: eligible_cost, bands: [{rate: 1.5}]}}", "at most 1 yuan for a yuan"),
        ("{marginal: {quantity: heated_area_m2, per: month, bands: [{rate: 1}]}}", "needs a metered quantity"),
        ("{remaining: {after: [S-1]}}", "names benefits above this one"),
        ("{remaining: {after: [NOBODY]}}", "NOBODY is not"),
        ("{cap: {of: {fixed: 1}, at: {fixed: 1}, per: lifetime}}", "needs “runs”"),
        ("{first_of: [{when: [{fact: accepted_on, from: 2021-13-01}], amount: {fixed: 1}}]}", "is not a date"),
        (
            "{first_of: [{when: [{fact: accepted_on, from: 2021-02-02, until: 2021-02-01}], amount: {fixed: 1}}]}",
            "end before",
        ),
        ("{first_of: [{when: [{fact: zone, from: 2021-02-02}], amount: {fixed: 1}}]}", "must fit the fact"),
    ],
)
def test_what_makes_no_sense_is_refused(amount: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        sample(amount)


@pytest.mark.parametrize(
    ("benefits", "more", "words"),
    [
        (TWO, "exclusive: [{kinds: [STOVE, STOFE], clause: 一}]\n", "did you mean “STOVE”"),
        (TWO, "exclusive: [{kinds: [STOVE], clause: 一}]\n", "at least 2"),
        (TWO, "exclusive: [{kinds: [STOVE, STOVE], clause: 一}]\n", "stands twice"),
        (TWO, "ceilings: [{kinds: [STOVE], at: {remaining: {after: [A]}}, clause: 一}]\n", "names benefits above"),
        (TOPPED, "exclusive: [{kinds: [CONVERSION, TOP_UP], clause: 一}]\n", "can't exclude another benefit"),
    ],
)
def test_groups_that_make_no_sense_are_refused(benefits: str, more: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        several(benefits, more)


@pytest.mark.parametrize(
    "more",
    [
        "    rounding: {to: 0.001}\n",
        "    rounding: {to: 0}\n",
        "    again_after_years: 1.5\n",
        "    again_after_years: 0\n",
    ],
)
def test_rounding_and_years_have_bounds(more: str) -> None:
    with pytest.raises(DocumentError):
        sample("{fixed: 1}", more=more)


def test_without_steps_the_answer_is_the_same() -> None:
    for policy, facts in ((several(TWO, CEILING), power("9")), (several(TOPPED), dwelling(cost=800_000))):
        for rule in ("A", "B"):
            told, silent = (assess(policy, facts, rule=rule, explain=explain) for explain in (True, False))
            assert told.steps and not silent.steps
            assert replace(told, steps=()) == silent
