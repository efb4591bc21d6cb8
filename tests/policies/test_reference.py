"""``docs/policies.md`` and ``docs/assess.md``: what they show loads and answers as shown; no construct is missing."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from subsidies.rules.cases import MAX_CASES, MAX_PARTS_OF_A_CASE, read_cases, run_case
from subsidies.rules.codes import DATE_FACTS, FLAG_FACTS, GATES, NUMBER_FACTS, TEXT_FACTS
from subsidies.rules.documents import MAX_BYTES, MAX_DEPTH, MAX_PARTS
from subsidies.rules.loading import MAX_WORK, load_policy
from subsidies.rules.schema import AMOUNTS, SCHEMA, SPLITS
from subsidies.rules.written_facts import MAX_READINGS
from tests.policies.test_worked_examples import check
from tests.rules.builders import HEAD

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "policies.md").read_text("utf-8")
ASSESS = (ROOT / "docs" / "assess.md").read_text("utf-8")
POLICY, CASES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
SHOWN = re.findall(r"Policy: `(.+?)`\n\n```yaml\n(.*?)```\n\n```json\n(.*?)```", ASSESS, re.DOTALL)


@pytest.mark.parametrize("case", read_cases(CASES), ids=lambda case: case.id)
def test_the_worked_cases_of_the_reference_hold(case) -> None:  # type: ignore[no-untyped-def]
    check(run_case(load_policy(POLICY), case), case.expect)


def test_every_construct_gate_key_and_fact_is_in_the_reference() -> None:
    words = {*AMOUNTS, *SPLITS, *GATES, *NUMBER_FACTS, *TEXT_FACTS, *FLAG_FACTS, *DATE_FACTS}
    assert sorted(word for word in words if f"`{word}`" not in TEXT) == []
    assert sorted(key for key in SCHEMA["properties"] if key != "note" and f"`{key}`" not in TEXT) == []


def shown(heading: str) -> list[str]:
    """The examples in the second column of a table; what it leaves out stands for a sum."""
    table = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| [^|]+ \| `({.*?})` \|", table, re.MULTILINE)
    return [cell.replace("…", "{fixed: 1}") for cell in cells]


@pytest.mark.parametrize("example", shown("Amounts"))
def test_every_amount_shown_loads(example: str) -> None:
    base = "  - {id: H-2, kind: A, title: t, clause: c, amount: {fixed: 1}, split: {whole: DISTRICT}}\n"
    body = (
        f"{{id: B, kind: B, title: t, clause: c, cost_scope: [DEVICE], runs: {{counted_from: 2021}}, amount: {example}"
    )
    assert load_policy(f"{HEAD}benefits:\n{base}  - {body}, split: {{whole: DISTRICT}}}}\n").benefits


@pytest.mark.parametrize("example", shown("Splits"))
def test_every_split_shown_loads(example: str) -> None:
    head = HEAD.replace("sources: [", "sources: [MUNICIPAL, COUNTY, ")
    body = f"{{id: B, kind: B, title: t, clause: c, amount: {{fixed: 1}}, split: {example}}}"
    assert load_policy(f"{head}benefits:\n  - {body}\n").benefits


def test_every_row_of_the_tables_was_loaded() -> None:
    assert (len(shown("Amounts")), len(shown("Splits"))) == (23, 5)


def test_the_bounds_are_in_the_reference() -> None:
    for bound in (MAX_BYTES, MAX_DEPTH, MAX_PARTS, MAX_WORK, MAX_CASES, MAX_PARTS_OF_A_CASE, MAX_READINGS):
        assert f"{bound:,}" in TEXT


def test_every_city_is_in_the_table_of_what_was_lacking() -> None:
    numbers = [path for path in (ROOT / "presets" / "other_cities").iterdir() if path.is_dir()]
    table = TEXT.partition("what the grammar lacked for them")[2]
    assert len([line for line in table.splitlines() if line.startswith("| ")]) == len(numbers) + 1


@pytest.mark.parametrize(("policy", "cases", "answer"), SHOWN, ids=["cost", "season", "top-up"])
def test_the_full_examples_answer_as_shown(policy: str, cases: str, answer: str, tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text(cases, "utf-8")
    out = io.StringIO()
    files = ["--policy", str(ROOT / policy), "--cases", str(tmp_path / "cases.yaml")]
    call_command("assess", *files, "--json", stdout=out)
    assert json.loads(out.getvalue()) == json.loads(answer)


def test_there_are_three_full_examples_and_every_key_is_explained() -> None:
    assert len(SHOWN) == 3
    explained = set(re.findall(r"`(\w+)`", ASSESS))
    used = {key for _, _, answer in SHOWN for case in json.loads(answer)["cases"] for key in case}
    assert sorted(used - explained - {"id", "household_fen", "payable_fen", "parts", "count", "open_questions"}) == []
