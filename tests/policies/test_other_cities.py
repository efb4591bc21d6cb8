"""Policies of other cities, written as data from published texts, hold their hand-computed cases. No code per city."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import gettext, override

from subsidies.rules.cases import Case, read_cases, run_case
from subsidies.rules.loading import load_policy
from subsidies.rules.policy import Policy
from tests.policies.test_worked_examples import check

HERE = Path(__file__).parent / "other_cities"
POLICIES = Path(__file__).parents[2] / "presets" / "other_cities"
NAMES = sorted(path.parent.name for path in POLICIES.glob("*/policy.yaml"))


@cache
def policy(name: str, options: tuple[tuple[str, Any], ...] = ()) -> Policy:
    return load_policy((POLICIES / name / "policy.yaml").read_bytes(), dict(options))


@cache
def cases(name: str) -> tuple[Case, ...]:
    return read_cases((HERE / f"{name}.yaml").read_bytes())


def test_every_note_and_question_of_the_presets_is_given_in_both_languages() -> None:
    """The documents carry them in English beside the quoted text; Chinese pages show the catalogue's words."""
    documents = [path.read_bytes() for path in POLICIES.parent.rglob("policy.yaml")]
    read = [load_policy(document) for document in documents]
    words = {benefit.note for one in read for benefit in one.benefits}
    words |= {text for one in read for option in one.options.values() for text in (option.note, option.question)}
    with override("zh-hans"):
        untold = sorted(text for text in words if text and gettext(text) == text)
    assert (len(documents), untold) == (len(NAMES) + 5, [])


def found(name: str) -> list[Any]:
    return [pytest.param(name, case, id=case.id.replace(" ", "-")) for case in cases(name)]


def readings(name: str) -> list[Any]:
    return [
        pytest.param(name, case, one, id=f"{case.id[:8]}-{index}")
        for case in cases(name)
        for index, one in enumerate(case.readings)
    ]


def test_there_are_at_least_ten_and_each_has_its_cases() -> None:
    assert len(NAMES) >= 10
    assert sorted(path.stem for path in HERE.glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_says_where_it_is_from(name: str) -> None:
    head = [line for line in (POLICIES / name / "policy.yaml").read_text("utf-8").splitlines() if line.startswith("# ")]
    assert any("Source" in line and "《" in line for line in head)
    assert policy(name).name == name
    assert all((benefit.clause and benefit.quote) or "paraphrase" in benefit.note for benefit in policy(name).benefits)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_case(name: str) -> None:
    asked = {run_case(policy(name), case).get("rule") for case in cases(name)}
    assert {benefit.id for benefit in policy(name).benefits} <= asked


@pytest.mark.parametrize(("name", "case"), [each for name in NAMES for each in found(name)])
def test_case(name: str, case: Case) -> None:
    check(run_case(policy(name, tuple(case.options.items())), case), case.expect)


@pytest.mark.parametrize(("name", "case", "reading"), [each for name in NAMES for each in readings(name)])
def test_other_reading(name: str, case: Case, reading: Any) -> None:
    options = {**case.options, **reading["options"]}
    check(run_case(policy(name, tuple(options.items())), case), reading["expect"])
