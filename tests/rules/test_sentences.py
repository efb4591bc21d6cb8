"""Every construct of the grammar reads as a sentence on the policy's page and in the steps of an amount."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsidies.rules.engine import assess
from subsidies.rules.loading import load_policy
from subsidies.sentences import amount_words, condition_words, split_words
from subsidies.wording import step_sentence
from tests.rules.builders import PRESETS, dwelling, used

EVERYTHING = Path(__file__).parent / "everything.yaml"
DOCUMENTS = [EVERYTHING, *sorted(PRESETS.glob("*/policy.yaml")), *sorted(PRESETS.glob("other_cities/*/policy.yaml"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.parent.name)
def test_amounts_splits_and_conditions_have_words(path: Path) -> None:
    for benefit in load_policy(path.read_bytes()).benefits:
        assert amount_words(benefit.amount).strip(), benefit.id
        assert (split_words(benefit.split) != "") is (benefit.split is not None)
        assert all(condition_words(one).strip() for one in benefit.covers)


@pytest.mark.parametrize("path", sorted(PRESETS.glob("other_cities/*/policy.yaml")), ids=lambda path: path.parent.name)
def test_steps_have_words_without_gaps(path: Path) -> None:
    policy = load_policy(path.read_bytes())
    usage = tuple(
        used(each, "2021-11-20", "2022-02-28", 20_000, tariff="OFF_PEAK") for each in ("electricity_kwh", "gas_m3")
    )
    for benefit in policy.benefits:
        facts = dwelling(
            cost=900_000, cost_kind=min(benefit.scope, default="DEVICE"), season_year=2021, usage=usage,
            on=max(policy.valid_from, dwelling().on), device_class="AIR_HEATER", classes=frozenset({"LOW_INCOME"}),
        )  # fmt: skip
        for step in assess(policy, facts, rule=benefit.id).steps:
            assert "%(" not in step_sentence(step)
