"""The worked examples of the five documents, from the readable files beside this one, through the public functions."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from subsidies.rules.cases import Case, read_cases, run_case
from tests.rules.builders import preset

HERE = Path(__file__).parent
POLICIES = ("taishan_2021", "litong_2021", "datong_2021", "jincheng_2020", "baiyin_2023")


@cache
def cases(name: str) -> tuple[Case, ...]:
    return read_cases((HERE / f"{name}.yaml").read_bytes())


EXAMPLES = [pytest.param(name, case, id=case.id) for name in POLICIES for case in cases(name)]
READINGS = [
    pytest.param(name, case, reading, id=f"{case.id}-{','.join(map(str, reading['options'].values()))}")
    for name in POLICIES
    for case in cases(name)
    for reading in case.readings
]


def comparable(key: str, value: Any) -> Any:
    """Amounts and counts as numbers, so that 6000 and 6000.00 agree; codes as they are."""
    if key == "split":
        return {source: Decimal(str(amount)) for source, amount in value.items()}
    if key in ("amount", "payable", "household", "task_equivalents") and value is not None:
        return Decimal(str(value))
    if key == "instalments":
        return [Decimal(str(each)) for each in value]
    return value


def check(answer: dict[str, Any], expected: Any) -> None:
    assert expected, "an example without an expectation proves nothing"
    found = {key: comparable(key, answer[key]) for key in expected}
    assert found == {key: comparable(key, value) for key, value in expected.items()}


def test_all_105_examples_are_here() -> None:
    assert {name: len(cases(name)) for name in POLICIES} == {
        "taishan_2021": 63,
        "litong_2021": 29,
        "datong_2021": 2,
        "jincheng_2020": 2,
        "baiyin_2023": 9,
    }


@pytest.mark.parametrize(("name", "case"), EXAMPLES)
def test_example(name: str, case: Case) -> None:
    check(run_case(preset(name, tuple(case.options.items())), case), case.expect)


@pytest.mark.parametrize(("name", "case", "reading"), READINGS)
def test_other_reading(name: str, case: Case, reading: Any) -> None:
    options = {**case.options, **reading["options"]}
    check(run_case(preset(name, tuple(options.items())), case), reading["expect"])
