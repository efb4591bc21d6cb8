"""`import_roster`: the same importer from the command line, answering in words or JSON."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from households.models import Household, RosterImport
from tests.households.conftest import TOWN, World, line, write_xlsx

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    from tests.households.conftest import make_world

    return make_world()


def run(path: Path, world: World, *flags: str) -> dict[str, Any]:
    out = StringIO()
    call_command(
        "import_roster", str(path), "--area", TOWN, "--programme", world.programme.code, "--json", *flags, stdout=out
    )
    return dict(json.loads(out.getvalue()))


def test_a_dry_run_tells_the_same_and_keeps_nothing(world: World, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [line(1), line(2), line(2), line(3, phone="1")], subtotal="4户")
    dry = run(path, world, "--dry-run")
    assert not RosterImport.objects.exists() and not Household.objects.exists()
    real = run(path, world, "--leave-faulty")
    assert dry["dry_run"] and dry["ready"] == real["applied"] == real["created"] == 2
    for name in ("row_count", "faulty", "merged", "skipped", "issues"):
        assert dry[name] == real[name]
    assert real["row_count"] == real["ready"] + real["faulty"] + real["merged"] + real["skipped"] + real["applied"]
    assert Household.objects.count() == 2
    assert AuditEntry.objects.filter(table="households_household", actor_name="命令行").count() == 2


def test_nothing_is_stored_while_a_row_is_faulty(world: World, tmp_path: Path) -> None:
    answer = run(write_xlsx(tmp_path / "a.xlsx", [line(1), line(2, phone="1")]), world)
    assert (answer["ready"], answer["faulty"], answer["applied"]) == (1, 1, 0) and not Household.objects.exists()


def test_faults_are_named_by_cell_and_code(world: World, tmp_path: Path) -> None:
    answer = run(write_xlsx(tmp_path / "a.xlsx", [line(1, phone="1")]), world, "--dry-run")
    assert [(one["cell"], one["code"]) for one in answer["issues"]] == [("D3", "E_PHONE_LENGTH")]


def test_a_refused_file_ends_with_an_error_and_its_reasons(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("户主姓名,联系电话,门牌号\n张示例,19900000001,1号\n", encoding="utf-8")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command(
            "import_roster", str(path), "--area", TOWN, "--programme", world.programme.code, "--json", stdout=out
        )
    assert len(json.loads(out.getvalue())["refused"]) == 4


def test_wrong_names_are_told_all_at_once(world: World) -> None:
    with pytest.raises(CommandError) as error:
        call_command("import_roster", "/nowhere.xlsx", "--area", "99", "--programme", "nothing")
    assert all(word in str(error.value) for word in ("/nowhere.xlsx", "99", "nothing"))
