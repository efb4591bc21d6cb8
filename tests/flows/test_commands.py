"""The same stream by command, as operators and checks script it: real files in, real files out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.acting import acting
from accounts.models import Area
from heating_portal.demo.people import make_people
from heating_portal.demo.rosters import MESSY
from heating_portal.presets import find
from households.models import Household, RosterImport
from programmes.models import Programme
from reports.ledgers.registry import LEDGERS
from subsidies.models import PayoutLine, Policy
from tests.flows import bank, story
from tests.flows.ledgers import fen, read_ledger
from tests.flows.village import NAME, TARGETS, TOWN, Village, areas_of, load_village, write_preset, write_roster

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HOUSEHOLDS = sum(quantity for _technology, quantity in TARGETS)
PROGRAMME = NAME.replace("_", "-")
CASES = """
cases:
  - id: one
    kind: CONVERSION
    facts: {on: 2022-04-10, technology: ELECTRIC, on_roster: true, accepted_on: 2021-10-20, costs: {DEVICE: 5000}}
"""


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def preset(tmp_path: Path) -> Iterator[Path]:
    """The folder of the cut-down preset; nothing of it is loaded."""
    yield write_preset(tmp_path / "preset")


def run(name: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(name: str, *arguments: object) -> str:
    with pytest.raises(CommandError) as refusal:
        run(name, *arguments)
    return str(refusal.value)


def loaded(preset: Path) -> None:
    """Places, programme and people, by command where there is one."""
    run("load_programme", preset)
    with acting("tests"):
        make_people(find(str(preset)).read("accounts.yaml")["accounts"])


def test_places_come_from_csv_and_json_alike(preset: Path, tmp_path: Path) -> None:
    wanted = areas_of(preset.parent)
    assert run("load_areas", preset / "areas.csv").startswith(f"{len(wanted)} created")
    as_json = tmp_path / "areas.json"
    as_json.write_text(json.dumps(wanted, ensure_ascii=False), encoding="utf-8")
    assert f"0 created, 0 changed, {len(wanted)} unchanged" in run("load_areas", as_json)
    assert set(Area.objects.values_list("code", flat=True)) == {line["code"] for line in wanted}


def test_a_wrong_place_is_named_and_nothing_is_loaded(preset: Path, tmp_path: Path) -> None:
    path = tmp_path / "areas.csv"
    path.write_text((preset / "areas.csv").read_text("utf-8").replace(f"{TOWN},town", f"{TOWN}X,town"), "utf-8")
    assert f"{TOWN}X" in refused("load_areas", path)
    assert not Area.objects.exists()


def test_a_programme_is_loaded_once(preset: Path) -> None:
    run("load_programme", preset)
    run("load_programme", preset)
    programme = Programme.objects.get()
    assert (programme.code, sum(int(target.quantity) for target in programme.targets.all())) == (PROGRAMME, HOUSEHOLDS)


def test_a_policy_is_loaded_as_one_draft(preset: Path, tmp_path: Path) -> None:
    loaded(preset)
    before = Policy.objects.count()
    assert "version 1" in run("load_policy", preset / "policy.yaml", "--programme", PROGRAMME)
    assert "version 1" in run("load_policy", preset / "policy.yaml", "--programme", PROGRAMME)
    assert Policy.objects.count() == max(before, 1)
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        (preset / "policy.yaml").read_text("utf-8").replace("valid_from: 2021-01-01", "valid_from: 2021-02-31")
    )
    assert "2021-02-31" in refused("load_policy", broken, "--programme", PROGRAMME)
    assert Policy.objects.count() == max(before, 1)


def test_cases_are_assessed_without_the_database(preset: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.yaml"
    cases.write_text(CASES, encoding="utf-8")

    def untouched(*_args: Any) -> None:
        raise AssertionError("assess asked the database")

    with connection.execute_wrapper(untouched):
        answers = json.loads(run("assess", "--policy", preset / "policy.yaml", "--cases", cases, "--json"))
    (answer,) = answers["cases"]
    assert (answer["amount"], answer["split"]["CENTRAL_MUNICIPAL"]) == ("5000.00", "3000.00")
    assert answer["steps"]


def test_a_dry_run_says_what_the_import_then_does(preset: Path) -> None:
    loaded(preset)
    messy = write_roster(preset.parent, MESSY)
    arguments = (messy.path, "--area", TOWN, "--programme", PROGRAMME, "--json")
    dry = json.loads(run("import_roster", *arguments, "--dry-run"))
    assert not RosterImport.objects.exists() and not Household.objects.exists()
    assert {issue["row"] for issue in dry["issues"]} == {fault.row_no for fault in messy.faults}
    done = json.loads(run("import_roster", *arguments, "--leave-faulty"))
    assert (done["row_count"], done["faulty"]) == (dry["row_count"], dry["faulty"])
    assert done["applied"] == done["created"] == dry["ready"] == Household.objects.count()
    assert done["issues"] == dry["issues"]


def test_the_ledger_by_command_has_the_totals_of_the_database(tmp_path: Path) -> None:
    with acting("tests"):
        village = load_village(tmp_path / "preset")
        _pay(village)
    out = tmp_path / "payout.xlsx"
    said = run("export_ledger", "payout", "--programme", PROGRAMME, "--out", out)
    paid = PayoutLine.objects.filter(state=PayoutLine.State.PAID)
    total = sum(paid.values_list("amount_fen", flat=True))
    read = read_ledger(out.read_bytes(), *_words())
    column = next(name for name in read.totals if name.startswith(_amount_heading()))
    assert len(read.rows) == paid.count() == HOUSEHOLDS - 1
    assert read.sum_fen(column) == read.total_fen(column) == total == sum(fen(row[column]) for row in read.rows)
    assert str(HOUSEHOLDS - 1) in said
    cards = {str(line.bank_card) for line in paid}
    assert not any(card in str(read.rows) for card in cards), "without a person no full number leaves"
    _history_is_verified(tmp_path)


def _pay(village: Village) -> None:
    """One household's payment comes back, the others are paid."""
    batch = story.lock(village, story.up_to_batch(village))
    for step in range(3):
        batch = story.sign(village, batch, step)
    orders = bank.read_orders(story.send_to_bank(village, batch))
    returned = story.enter_return(village, batch, bank.answer(orders, failed={orders[0].ref}))
    story.reconcile(village, returned)


def _words() -> tuple[str, str]:
    from django.utils.translation import gettext as _

    return _("No."), _("Total")


def _amount_heading() -> str:
    from django.utils.translation import gettext as _

    assert "payout" in LEDGERS
    return _("Paid") + "("


def _history_is_verified(tmp_path: Path) -> None:
    """It holds; one entry changed behind the portal's back is found and named."""
    anchors = tmp_path / "anchors.jsonl"
    run("verify_audit", "--seal", "--write-anchor", anchors)
    run("verify_audit", "--anchors", anchors)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, seq FROM accounts_auditentry WHERE \"table\" = 'subsidies_payoutline' ORDER BY seq")
        entry, seq = cursor.fetchone()
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE accounts_auditentry SET actor_name = 'nobody' WHERE id = %s", [entry])
        cursor.execute("ALTER TABLE accounts_auditentry ENABLE TRIGGER USER")
    assert str(seq) in refused("verify_audit", "--anchors", anchors)
