"""Case files that are wrong or hostile: bounded, and answered with a sentence that names line and place."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subsidies.rules.cases import MAX_CASES, MAX_PARTS_OF_A_CASE, read_cases, run_case
from subsidies.rules.documents import DocumentError
from subsidies.rules.written_facts import MAX_READINGS
from tests.plugins.proofs import LARGE, Proof
from tests.rules.builders import preset

TAISHAN = preset("taishan_2021")


@pytest.fixture(autouse=True)
def counted(proof: Proof) -> None:
    proof(f"{10_000 if LARGE else 150} generated case files")


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
        (f"cases: [{{facts: {{{ONE}}}, parts: []}}]", "“parts” is a list"),
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


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ("usage: [5]", "stands where a mapping"),
        ("payments: [{kind: [1], amount: 1}]", "not a plain value"),
        ("payments: [{kind: K, amount: 1, season_year: '2021'}]", "not a year"),
        ("usage: [{energy: gas_m3, from: 2021-11-01, to: 2021-11-02, quantity: 1, tariff: [1]}]", "not a plain value"),
        ("decision: 5", "stands where a mapping"),
        ("accepted_on: 9999-12-31", "year from 1990 to 2100"),
        ("season_year: 1", "year from 1990 to 2100"),
    ],
)
def test_facts_of_the_wrong_shape_are_named(facts: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        read_cases(f"cases: [{{rule: A, facts: {{on: 2022-04-10, {facts}}}}}]")


WORDS = st.sampled_from(
    [
        "on", "rule", "kind", "facts", "cases", "costs", "usage", "payments", "amount", "DEVICE", "T-R6", "T-R8",
        "RUNNING", "CONVERSION", "energy", "electricity_kwh", "from", "to", "quantity", "2021-11-01", "0001-01-01",
        "9999-12-31", "1e9999", "-1", "tariff", "season_year", "split", "decision", "repeat", "parts", "options", "Q2",
        "defaults", "technology", "ELECTRIC", "heated_area_m2", "exclusions", "accepted_on", "instalments", "id",
        "null",
    ]
)  # fmt: skip
TREES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(-(10**6), 10**6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)


@pytest.mark.proof("rules-hostile-cases")
@settings(deadline=None, max_examples=10_000 if LARGE else 150)
@given(TREES, TREES)
def test_no_case_file_ends_in_anything_but_answers_or_sentences(facts: object, more: object) -> None:
    good = {"on": "2022-04-10", "technology": "ELECTRIC", "on_roster": True, "accepted_on": "2021-10-20"}
    mixed = {**good, **facts} if isinstance(facts, dict) else facts
    extra = more if isinstance(more, dict) else {}
    entries = [{"rule": "T-R6", "facts": mixed}, {"rule": "T-R8", **extra}, more]
    for entry in entries:
        try:
            cases = read_cases(json.dumps({"cases": [entry]}))
        except DocumentError as error:
            assert all(problem.message for problem in error.problems)
            continue
        for case in cases:
            assert run_case(TAISHAN, case)["id"] == case.id
