"""``docs/policies.md``: its policy loads, its cases hold, and no construct is missing from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from subsidies.rules.cases import read_cases, run_case
from subsidies.rules.codes import GATES, NUMBER_FACTS, TEXT_FACTS
from subsidies.rules.loading import load_policy
from subsidies.rules.schema import AMOUNTS, SPLITS
from tests.policies.test_worked_examples import check

TEXT = (Path(__file__).parents[2] / "docs" / "policies.md").read_text("utf-8")
POLICY, CASES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("case", read_cases(CASES), ids=lambda case: case.id)
def test_the_worked_cases_of_the_reference_hold(case) -> None:  # type: ignore[no-untyped-def]
    check(run_case(load_policy(POLICY), case), case.expect)


def test_every_construct_gate_and_fact_is_in_the_reference() -> None:
    words = {*AMOUNTS, *SPLITS, *GATES, *NUMBER_FACTS, *TEXT_FACTS}
    assert sorted(word for word in words if f"`{word}`" not in TEXT) == []
