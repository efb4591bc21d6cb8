"""``assess``: amounts, splits, reasons and steps as JSON, problems as sentences, no database."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.rules.builders import PRESETS

POLICY = str(PRESETS / "taishan_2021" / "policy.yaml")
CASE = """
cases:
  - id: one
    kind: CONVERSION
    facts: {on: 2022-04-10, technology: ELECTRIC, on_roster: true, accepted_on: 2021-10-20, costs: {DEVICE: 9800}}
"""


def run(tmp_path: Path, cases: str, *arguments: str) -> str:
    (tmp_path / "cases.yaml").write_text(cases, "utf-8")
    out = io.StringIO()
    call_command("assess", "--policy", POLICY, "--cases", str(tmp_path / "cases.yaml"), *arguments, stdout=out)
    return out.getvalue()


def test_json_holds_amount_split_household_reason_and_steps(tmp_path: Path) -> None:
    (answer,) = json.loads(run(tmp_path, CASE, "--json"))["cases"]
    assert answer["amount"] == "6000.00"
    assert answer["split"] == {"CENTRAL_MUNICIPAL": "3000.00", "DISTRICT": "3000.00"}
    assert (answer["household"], answer["reason"], answer["rule"]) == ("3800.00", "OK_CAPPED", "T-R6")
    assert {
        "code": "CAPPED",
        "params": {"yuan": "9800", "cap_yuan": "6000"},
        "clause": "三（三）2",
    } in answer["steps"]


def test_an_option_changes_the_reading(tmp_path: Path) -> None:
    cheap = CASE.replace("9800", "2000")
    (answer,) = json.loads(run(tmp_path, cheap, "--json", "--option", "Q2=proportional"))["cases"]
    assert answer["split"] == {"CENTRAL_MUNICIPAL": "1000.00", "DISTRICT": "1000.00"}


def test_without_json_the_steps_are_sentences_with_their_clause(tmp_path: Path) -> None:
    text = run(tmp_path, CASE)
    assert "6000.00" in text
    assert "三（三）2" in text


def test_problems_name_file_line_and_place(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cases\.yaml has 1 problem[\s\S]*5.*one"):
        run(tmp_path, CASE.replace("technology:", "tecnology:"), "--json")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"none\.yaml can't be read"):
        call_command("assess", "--policy", "none.yaml", "--cases", "none.yaml")
