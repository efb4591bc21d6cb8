"""Case files that are wrong or hostile: bounded, and answered with a sentence that names line and place."""

from __future__ import annotations

import time

import pytest

from subsidies.rules.cases import MAX_CASES, MAX_PARTS_OF_A_CASE, MAX_READINGS, read_cases
from subsidies.rules.documents import DocumentError

ONE = "on: 2022-04-10, costs: {DEVICE: 1}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("just text", "A case file is a list of cases"),
        ("cases: [1]", "Every case is a mapping"),
        ("cases: [{rule: A, facts: [1]}]", "“facts” is a mapping"),
        (f"cases: [{{rule: A, repeat: many, facts: {{{ONE}}}}}]", "“repeat” is a whole number"),
        (f"cases: [{{rule: A, repeat: 0, facts: {{{ONE}}}}}]", "“repeat” is a whole number"),
        (f"cases: [{{rule: A, options: [1], facts: {{{ONE}}}}}]", "“options” is a mapping"),
        (f"cases: [{{facts: {{{ONE}}}, parts: 5}}]", "“parts” is a list"),
        (f"cases: [{{facts: {{{ONE}}}, parts: [1]}}]", "Every part is a mapping"),
        (f"cases: [{{id: {'x' * 300}, rule: A, facts: {{{ONE}}}}}]", "“id” has at most 200"),
        ("cases: [{rule: A, facts: {on: 2022-04-10, power_kw: '1e999999999'}}]", "not a number"),
        ("cases: [{rule: A, facts: {on: 2022-04-10, power_kw: 'NaN'}}]", "not a number"),
        ("cases: [{rule: A, facts: {on: 2022-04-10, power_kw: -1}}]", "negative"),
        ("cases: [{rule: A, facts: {on: 2022-04-10, power_kw: [1]}}]", "not a plain value"),
        (
            "cases: [{rule: A, facts: {on: 2022-04-10, costs: {DEVICE: '9999999999999999999999'}}}]",
            "larger than any amount",
        ),
        ("cases: [{rule: A, facts: {on: 2022-04-10, costs: 5}}]", "A list is expected"),
        ("cases: [{rule: A, facts: {on: 2022-04-10, usage: [{energy: electricity_kwh}]}}]", "“from” is missing"),
        ("cases: [{rule: A, facts: {on: 2022-04-10, payments: [{kind: K, amount: 1, split: 5}]}}]", "."),
        ("cases: [{rule: A, kind: K, facts: {on: 2022-04-10}}]", "either “rule”"),
    ],
)
def test_hostile_cases_are_answered_with_a_sentence(text: str, words: str) -> None:
    started = time.monotonic()
    with pytest.raises(DocumentError, match=words):
        read_cases(text)
    assert time.monotonic() - started < 5


def test_the_number_of_cases_parts_and_readings_is_bounded() -> None:
    with pytest.raises(DocumentError, match=f"At most {MAX_CASES}"):
        read_cases("[" + "1," * (MAX_CASES + 1) + "]")
    part = "{rule: A},"
    with pytest.raises(DocumentError, match=f"At most {MAX_PARTS_OF_A_CASE} parts"):
        read_cases(f"cases: [{{facts: {{{ONE}}}, parts: [{part * (MAX_PARTS_OF_A_CASE + 1)}]}}]")
    reading = "{energy: gas_m3, from: 2021-11-01, to: 2021-11-01, quantity: 1},"
    with pytest.raises(DocumentError, match=f"At most {MAX_READINGS} readings"):
        read_cases(f"cases: [{{rule: A, facts: {{on: 2022-04-10, usage: [{reading * (MAX_READINGS + 1)}]}}}}]")
