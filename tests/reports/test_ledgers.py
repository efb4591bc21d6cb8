"""Ledgers: the workbook read back equals the screen and the database; masked unless a right, a reason and a code."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import Client
from django_otp.oath import TOTP
from python_calamine import CalamineWorkbook

from accounts.models import AccessLog, Grant, TOTPDevice, User
from core.refusals import Refused
from households.models import Household
from jobs.models import Job
from jobs.running import run_job
from reports.ledgers.registry import LEDGERS
from reports.models import LedgerExport
from reports.services import exports
from subsidies.models import PayoutLine
from tests import people
from tests.canaries import seeded_in
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, World

__all__ = ["county"]
pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


def wish(world: World, kind: str = "payout", **more: Any) -> exports.Wish:
    return exports.Wish(kind, world.programme, more.pop("area", "370999"), **more)


def made(world: World, target: Path, by: str = "auditor", **more: Any) -> tuple[LedgerExport, list[list[Any]]]:
    export = exports.export_now(wish=wish(world, **more), by=world.staff[by], target=target)
    return export, CalamineWorkbook.from_path(str(target)).get_sheet_by_index(0).to_python()


def columns(export: LedgerExport, rows: list[list[Any]], head_row: int = 1) -> dict[str, list[Any]]:
    """Key of the ledger's column -> its cells; the headings are compared on the way."""
    known = LEDGERS[export.kind].columns(exports.extent_of(export))
    assert [str(name) for name in rows[head_row]] == [column.heading for column in known]
    kept = [row for row in rows[head_row + 1 :] if isinstance(row[0], float)] + rows[-1:]  # subtotals left out
    return {column.key: [row[n] for row in kept] for n, column in enumerate(known)}


def test_the_workbook_adds_up_to_the_screen_and_the_database(county: World, tmp_path: Path, sign_in: SignIn) -> None:
    export, rows = made(county, tmp_path / "out.xlsx")
    truth = PayoutLine.objects.filter(state="paid").aggregate(total=Sum("amount_fen"))["total"]
    assert export.total_fen == truth == 2_796_000
    paid = columns(export, rows)["amount"]
    assert len(paid) == 6
    assert Decimal(str(sum(paid[:-1]))) * 100 == truth
    assert Decimal(str(paid[-1])) * 100 == truth, "the stored value of the total's formula"
    html = sign_in(county.staff["auditor"]).get("/ledgers/payout/").content.decode()
    assert 'title="27,960.00 元"' in html


def test_sources_add_up_row_by_row(county: World, tmp_path: Path) -> None:
    export, rows = made(county, tmp_path / "out.xlsx")
    found = columns(export, rows)
    for amount, central, district in zip(
        found["amount"], found["source_CENTRAL"], found["source_DISTRICT"], strict=True
    ):
        assert amount == central + district


def test_numbers_are_masked_by_default(county: World, tmp_path: Path) -> None:
    _export, rows = made(county, tmp_path / "out.xlsx")
    text = "\n".join(str(cell) for row in rows for cell in row)
    secrets = [str(v) for family in Household.objects.all() for v in (family.id_number, family.bank_card, family.phone)]
    assert seeded_in(text, secrets) == []
    assert "**********" in text


def test_full_numbers_need_right_and_reason_and_mark_the_file(county: World, tmp_path: Path) -> None:
    with pytest.raises(PermissionDenied):
        exports.demand_rights(wish(county, full=True, reason="核对账号与回单"), county.staff["finance"])
    with pytest.raises(Refused) as refusal:
        exports.demand_rights(wish(county, full=True, reason=" "), county.staff["auditor"])
    assert refusal.value.code == "REASON_NEEDED"
    _export, rows = made(county, tmp_path / "out.xlsx", full=True, reason="核对账号与回单")
    text = "\n".join(str(cell) for row in rows for cell in row)
    line = PayoutLine.objects.filter(state="paid").first()
    assert str(line.bank_card) in text
    assert "核对账号与回单" in str(rows[1][0])
    log = AccessLog.objects.get(kind="export")
    assert (log.reason, log.user, log.area_id) == ("核对账号与回单", county.staff["auditor"], "370999")


def test_the_same_data_give_the_same_hash_and_other_data_another(county: World, tmp_path: Path) -> None:
    first, _ = made(county, tmp_path / "1.xlsx")
    second, _ = made(county, tmp_path / "2.xlsx")
    assert first.data_hash == second.data_hash
    county.dwelling(A1, "paid", amount_fen=100)
    third, _ = made(county, tmp_path / "3.xlsx")
    assert third.data_hash != first.data_hash


def test_a_name_that_looks_like_a_formula_stays_text(county: World, tmp_path: Path) -> None:
    import zipfile

    owner = people.household(A1, head_name="=HYPERLINK(1)")
    county.dwelling(A1, "paid", household=owner)
    made(county, tmp_path / "out.xlsx")
    sheet = zipfile.ZipFile(tmp_path / "out.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK(1)" in sheet
    formulas = [part.split("</f>")[0] for part in sheet.split("<f>")[1:]]
    assert formulas
    assert all(formula.startswith("SUBTOTAL(9,") for formula in formulas)


def test_the_second_sheet_says_what_was_asked(county: World, tmp_path: Path) -> None:
    export, _ = made(county, tmp_path / "out.xlsx", query="town=370999001&nonsense=1&sort=amount&batch=")
    book = CalamineWorkbook.from_path(str(tmp_path / "out.xlsx"))
    stated = {str(row[0]): str(row[1]) for row in book.get_sheet_by_index(1).to_python()}
    assert export.data_hash in stated.values()
    assert "街道镇: 甲镇；nonsense = 1" in stated.values()
    assert any(county.staff["auditor"].person_name in value for value in stated.values())
    assert export.row_count == 4


@pytest.mark.clause(
    "T-92",
    "改造台账、建档立卡",
    serves="reports.services.exports:demand_rights",
    page="reports:ledger-export",
    model="reports.LedgerExport",
)
def test_a_clerk_takes_out_only_the_own_town(county: World, tmp_path: Path) -> None:
    with pytest.raises(PermissionDenied):
        exports.demand_rights(wish(county, "completion", area="370999002"), county.staff["clerk_a"])
    export, rows = made(
        county, tmp_path / "o.xlsx", by="clerk_a", kind="completion", area="370999001", query="town=370999002"
    )
    assert export.row_count == 0
    assert "乙一村" not in str(rows)


def test_an_exports_page_says_in_words_what_it_was_narrowed_by(county: World, tmp_path: Path, sign_in: SignIn) -> None:
    export, _ = made(county, tmp_path / "out.xlsx", query="town=370999001&technology=BOGUS")
    client = sign_in(county.staff["auditor"])
    told = client.get(f"/exports/{export.pk}/").content.decode()
    asked = client.get("/ledgers/payout/export/", {"town": "370999001", "technology": "BOGUS"}).content.decode()
    for page in (told, asked):
        assert "街道镇: 甲镇<br>technology = BOGUS" in page


# --- through the browser ------------------------------------------------------------------------------------


def ask(client: Client, **data: str) -> Any:
    return client.post("/ledgers/payout/export/", {"numbers": "masked", "query": "", **data})


def test_an_export_is_a_job_and_the_file_is_handed_out_by_rights(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["auditor"])
    assert ask(client).status_code == 302
    assert AccessLog.objects.filter(kind="export").count() == 1, "written down before there is a file"
    export = LedgerExport.objects.get()
    assert export.document is None
    assert run_job(Job.objects.get(kind=exports.JOB).pk) == "done"
    export.refresh_from_db()
    assert Job.objects.get(kind=exports.JOB).result["url"] == f"/exports/{export.pk}/"
    answer = client.get(f"/exports/{export.pk}/file/")
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    log = AccessLog.objects.get(kind="download")
    assert (log.content_sha256, log.row_count) == (export.document.sha256, 5)
    assert sign_in(county.staff["clerk_b"]).get(f"/exports/{export.pk}/file/").status_code == 404
    Grant.objects.filter(user=county.staff["auditor"]).delete()
    assert sign_in(User.objects.get(pk=county.staff["auditor"].pk)).get(f"/exports/{export.pk}/file/").status_code in (
        403,
        404,
    )


def test_full_numbers_ask_for_a_one_time_code(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["auditor"])
    refused = ask(client, numbers="full", reason="核对账号与回单")
    assert refused.status_code == 422
    assert not LedgerExport.objects.exists()
    device = TOTPDevice.objects.get(user=county.staff["auditor"])
    code = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift).token()
    assert ask(client, numbers="full", reason="核对账号与回单", token=f"{code:06d}").status_code == 302
    assert LedgerExport.objects.get().full_numbers


def test_a_job_run_twice_makes_one_file(county: World) -> None:
    export, job = exports.request_export(wish=wish(county), by=county.staff["auditor"])
    run_job(job.pk)
    export.refresh_from_db()
    first = export.document_id
    assert exports.make_file(LedgerExport.objects.get(pk=export.pk)) is None
    assert LedgerExport.objects.get(pk=export.pk).document_id == first


def test_who_lost_the_right_meanwhile_gets_no_file(county: World) -> None:
    _export, job = exports.request_export(wish=wish(county), by=county.staff["auditor"])
    Grant.objects.filter(user=county.staff["auditor"]).delete()
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert LedgerExport.objects.get().document is None


# --- by command ---------------------------------------------------------------------------------------------


def test_the_command_writes_the_same_rows(county: World, tmp_path: Path) -> None:
    target = tmp_path / "cli.xlsx"
    call_command("export_ledger", "payout", "--programme", county.programme.code, "--out", str(target))
    export, _ = made(county, tmp_path / "screen.xlsx")
    assert LedgerExport.objects.order_by("id").first().data_hash == export.data_hash
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--full", "--reason", "核对账号"], "--as"),
        (["--as", "nobody"], "nobody"),
        (["--area", "140502"], "140502"),
    ],
)
def test_the_command_says_what_is_wrong(county: World, tmp_path: Path, more: list[str], says: str) -> None:
    out = str(tmp_path / "x.xlsx")
    with pytest.raises(CommandError, match=says):
        call_command("export_ledger", "payout", "--programme", county.programme.code, "--out", out, *more)
    assert not Path(out).exists()


def test_the_command_names_the_known_programmes(county: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=county.programme.code):
        call_command("export_ledger", "payout", "--programme", "x", "--out", str(tmp_path / "x.xlsx"))
