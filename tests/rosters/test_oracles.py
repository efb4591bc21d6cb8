"""Every messy roster comes out as its oracle says, row by row and code by code, by the command of the portal."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Area
from core import clock
from core.strict_yaml import read_yaml
from households.models import Household, RosterImport
from tests import people
from tests.rosters.make import FILES

pytestmark = pytest.mark.django_db
ORACLES = Path(__file__).parent / "oracles"
TODAY = date(2021, 12, 8)
VILLAGES = {
    "370999001001": ("甲一村", ["甲壹村"]), "370999001002": ("甲二村", []), "370999001003": ("石门村", []),
    "370999001004": ("石门沟村", []), "370999002001": ("乙一村", []),
}  # fmt: skip


@pytest.fixture
def programme(monkeypatch: pytest.MonkeyPatch) -> str:
    """An invented programme with two routes, a town of four villages, and one village of another town."""
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    made = people.programme()
    for code, name in (("ELECTRIC", "煤改电"), ("GAS", "煤改气")):
        route = people.technology(made, code)
        route.name = name
        route.save()
    for code, (name, aliases) in VILLAGES.items():
        people.area(code)
        Area.objects.filter(pk=code).update(name=name, aliases=aliases)
    return str(made.code)


def dry_run(path: Path, programme: str, *flags: str) -> dict[str, Any]:
    out = StringIO()
    arguments = [str(path), "--area", "370999001", "--programme", programme, "--dry-run", "--json", *flags]
    try:
        call_command("import_roster", *arguments, stdout=out)
    except SystemExit:
        assert json.loads(out.getvalue())["refused"]
    return dict(json.loads(out.getvalue()))


def expected_rows(oracle: dict[str, Any]) -> dict[str, str]:
    """'名单!3/2' -> 'accept I_TIDIED', every row by itself."""
    rows = {}
    for sheet, lines in oracle["rows"].items():
        for where, outcome in lines.items():
            numbers, _, table = str(where).partition("/")
            first, _, last = numbers.partition("-")
            for row_no in range(int(first), int(last or first) + 1):
                rows[f"{sheet}!{row_no}" + (f"/{table}" if table else "")] = str(outcome)
    return rows


def where(row: dict[str, Any]) -> str:
    return f"{row['sheet']}!{row['row']}" + (f"/{row['table']}" if row["table"] > 1 else "")


def place(finding: dict[str, Any]) -> str:
    at = finding["cell"] or (str(finding["row"]) if finding["row"] else "")
    return f"{finding['code']} {finding['sheet']}" + (f"!{at}" if at else "")


@pytest.mark.parametrize("file_name", FILES)
def test_every_row_comes_out_as_the_oracle_says(file_name: str, tmp_path: Path, programme: str) -> None:
    oracle = read_yaml((ORACLES / f"{Path(file_name).stem}.yaml").read_text(encoding="utf-8"))
    FILES[file_name](tmp_path / file_name)
    answer = dry_run(tmp_path / file_name, programme, "--show-personal")
    if "refused" in oracle:
        assert [reason["code"] for reason in answer["refused"]] == oracle["refused"]
        assert all(len(reason["message"]) > 10 for reason in answer["refused"]) and answer["rows"] == []
        return
    found = {where(row): " ".join([row["decision"], *row["codes"]]) for row in answer["rows"]}
    assert found == expected_rows(oracle)
    assert sorted(map(place, answer["findings"])) == sorted(oracle.get("findings", []))
    values = {where(row): row["normalised"] for row in answer["rows"]}
    for cell, wanted in oracle.get("values", {}).items():
        assert {name: values[cell].get(name) for name in wanted} == wanted
    for cell, name in oracle.get("absent", {}).items():
        assert name not in values[cell]
    assert sum(answer["decisions"].values()) == answer["row_count"] == len(answer["rows"])
    assert not RosterImport.objects.exists() and not Household.objects.exists()


def test_every_oracle_has_its_roster_and_every_format_is_there() -> None:
    assert {path.stem for path in ORACLES.glob("*.yaml")} == {Path(name).stem for name in FILES}
    assert len(FILES) >= 25
    assert {Path(name).suffix for name in FILES} == {".xlsx", ".xlsm", ".xls", ".ods", ".csv"}


def test_numbers_and_names_are_masked_unless_asked_for(tmp_path: Path, programme: str) -> None:
    path = tmp_path / "plain_list.xlsx"
    FILES[path.name](path)
    shown = {row["row"]: row["normalised"] for row in dry_run(path, programme, "--show-personal")["rows"]}
    text = json.dumps(dry_run(path, programme), ensure_ascii=False)
    assert shown[4]["id_number"].startswith("370999") and "*" not in shown[4]["id_number"]
    for name in ("id_number", "phone", "bank_card", "head_name", "door_no"):
        assert shown[4][name] not in text
    assert '"id_number": "3709**********' in text


def test_a_numeral_in_words_is_proposed_with_its_cell(tmp_path: Path, programme: str) -> None:
    path = tmp_path / "areas_in_words.xlsx"
    FILES[path.name](path)
    issues = dry_run(path, programme)["issues"]
    assert {issue["cell"]: issue["proposal"] for issue in issues if issue["code"] == "E_AREA_NOT_NUMBER"} == {
        "D2": "120", "D3": "102", "D4": "86.5", "D5": "98", "D6": "90", "D7": "90", "D8": "", "D9": "", "D15": "",
        "D16": "88.5", "D17": "96.25", "D19": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "villages"),
    [
        ("village_written_once", {
            "A3": "甲一村", "A4": "甲一村", "A6": "甲一村", "A9": "甲二村", "A10": "甲二村", "A12": "", "A16": "甲二村",
        }),
        ("village_named_below_its_rows", {"": "", "A5": "甲一村", "A7": "甲二村"}),
    ],
)  # fmt: skip
def test_a_village_nobody_wrote_in_the_row_is_proposed(
    name: str, villages: dict[str, str], tmp_path: Path, programme: str
) -> None:
    path = tmp_path / f"{name}.xlsx"
    FILES[path.name](path)
    issues = dry_run(path, programme)["issues"]
    assert {issue["cell"]: issue["proposal"] for issue in issues if issue["code"] == "E_MISSING"} == villages
