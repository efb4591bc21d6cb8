"""The path of a village from its list to the booked return, each step by command, by the person whose duty it is."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.demonstration import current_code
from accounts.models import AuditEntry, Grant, TOTPDevice
from heating_portal.demo import pictures, works
from households.models import RosterSeal
from retrofits.models import Acceptance, Photo, Task
from retrofits.queries import items_for
from retrofits.visits import stage_of
from subsidies.models import BankReturn, BatchSignature, Entitlement, Fund, FundEntry, Notice, PayoutBatch, PayoutLine
from tests.flows import bank, story
from tests.flows.village import NAME, NOVEMBER, TARGETS, VILLAGE, Village, load_village

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HOUSEHOLDS = sum(quantity for _technology, quantity in TARGETS)
PROGRAMME = ("--programme", NAME.replace("_", "-"))
HERE = (*PROGRAMME, "--village", VILLAGE)
STEPS = ("review", "approve", "release")
COLUMNS = {
    "镇名": "town_name", "村名": "village_name", "门牌号": "door_no", "住户名字": "occupant_name",
    "联系电话": "occupant_phone", "取暖面积": "heated_area_m2", "经度": "longitude", "纬度": "latitude",
    "厂商名称": "manufacturer", "设备名称": "device_name", "型号": "model_no", "供应商": "supplier",
    "安装日期": "installed_on",
}  # fmt: skip


@pytest.fixture
def village(settings: Any, tmp_path: Path) -> Village:
    """Loaded, its roster imported; the demonstration's second factors answer."""
    settings.FILES_DIR, settings.DEMONSTRATION = tmp_path / "files", True
    with acting("tests"):
        loaded = load_village(tmp_path / "preset")
        story.import_roster(loaded, loaded.roster())
    return loaded


def run(name: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(name: str, *arguments: object) -> str:
    with pytest.raises(CommandError) as refusal:
        run(name, *arguments)
    return str(refusal.value)


def by(village: Village, role: str) -> tuple[str, str]:
    return "--by", village.person(role).username


def with_code(village: Village, role: str) -> tuple[str, ...]:
    """The person and a code that is good now, whatever wrong one was typed before."""
    TOTPDevice.objects.filter(user=village.person(role)).update(throttling_failure_count=0)
    return *by(village, role), "--code", current_code(village.person(role))


def workbook(village: Village, path: Path) -> Path:
    """What the firm sends: the village's installations, a row per dwelling."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("安装信息")
        sheet.write_row(0, 0, [*COLUMNS, "住宅编号", "DEVICE"])
        for number, task in enumerate(works.tasks_in_order(village.programme, [VILLAGE])):
            entry = works._entry(task, number, dt.date(2021, 8, 2), None)
            cells = [*(getattr(entry, name) for name in COLUMNS.values()), task.dwelling.dwelling_no, "4600"]
            sheet.write_row(number + 1, 0, cells)
    return path


def test_the_village_from_its_list_to_the_booked_return(village: Village, tmp_path: Path) -> None:
    list_sealed(village)
    works_recorded(village, tmp_path)
    amounts_payable(village)
    number = batch_signed(village)
    bank_answered(village, number, tmp_path)
    reasons = set(AuditEntry.objects.filter(table="subsidies_batchsignature").values_list("reason", flat=True))
    assert reasons == {"command sign_batch"}


def list_sealed(village: Village) -> None:
    assert "rosters.import" in refused("draw_up_roster", *HERE, *by(village, "auditor"))
    run("draw_up_roster", *HERE, *by(village, "town_staff"))
    for level, role in story.SEALS[:2]:
        run("seal_roster", *HERE, "--level", level, *by(village, role))
    refused("seal_roster", *HERE, "--level", "office", *by(village, "office"))
    assert RosterSeal.objects.count() == 2, "the office's seal needs its code"
    run("seal_roster", *HERE, "--level", "office", *with_code(village, "office"))
    assert RosterSeal.objects.values("person_no").distinct().count() == 3


def works_recorded(village: Village, folder: Path) -> None:
    run("open_tasks", *PROGRAMME, "--area", VILLAGE, *by(village, "office"))
    file = workbook(village, folder / "安装.xlsx")
    works.register_firms(dt.date(2021, 6, 20))
    shut = refused("record_installations", file, *PROGRAMME, "--area", VILLAGE, *by(village, "supplier"))
    assert "T-47" in shut and "T-07" in shut, "no tender, no gas: the preset's gates stand"
    story.open_gates(village)
    refused("record_installations", file, *PROGRAMME, "--area", VILLAGE, *by(village, "auditor"))
    said = run("record_installations", file, *PROGRAMME, "--area", VILLAGE, *by(village, "supplier"))
    assert str(HOUSEHOLDS) in said
    assert Task.objects.filter(state=Task.State.INSTALLED).count() == HOUSEHOLDS
    again = refused("record_installations", file, *PROGRAMME, "--area", VILLAGE, *by(village, "supplier"))
    assert "安装信息!" in again, "every row is named"
    accepted_by_command(village, folder)
    works.accept(works.tasks_in_order(village.programme, [VILLAGE]), NOVEMBER, story.quiet())


def accepted_by_command(village: Village, folder: Path) -> None:
    """The first dwelling's visit from a file; the others are accepted as the demonstration does it."""
    task = works.tasks_in_order(village.programme, [VILLAGE])[0]
    items, file = items_for(task), folder / "visit.json"
    stages = [stage_of(item) for item in items if item["kind"] == "photo"]
    for stage in stages:
        (folder / f"{stage}.jpg").write_bytes(pictures.photo(stage, task.pk))
    answers = {item["code"]: "ok" for item in items if item["kind"] == "yes_no"}
    said = {"result": "passed", "answers": answers, "photos": {stage: f"{stage}.jpg" for stage in stages}}
    file.write_text(json.dumps(said), encoding="utf-8")
    visit = (task.dwelling.dwelling_no, *PROGRAMME, "--answers", file, "--at", "2021-11-01T10:00:00+08:00")
    assert "ROOM_TEMP" in refused("record_acceptance", *visit, *by(village, "inspector"))
    assert not Photo.objects.exists(), "nothing of an incomplete visit is kept"
    file.write_text(
        json.dumps(said | {"answers": answers | {"ROOM_TEMP": "19.5"}, "signer_name": "王测试"}), encoding="utf-8"
    )
    refused("record_acceptance", *visit, *by(village, "town_leader"))
    run("record_acceptance", *visit, *by(village, "inspector"))
    made = Acceptance.objects.get()
    assert (made.task_id, made.result, made.accepted_on) == (task.pk, "passed", NOVEMBER)
    assert set(task.photos.values_list("stage", flat=True)) == set(stages)


def amounts_payable(village: Village) -> None:
    at = story.AT.isoformat()
    refused("assess_entitlements", *PROGRAMME, "--at", at, *by(village, "village_staff"))
    run("assess_entitlements", *PROGRAMME, "--at", at, *by(village, "office"))
    assert Entitlement.objects.filter(state=Entitlement.State.ASSESSED).count() == HOUSEHOLDS
    run("publish_notice", *HERE, "--at", at, *by(village, "town_staff"))
    run("close_notices", "--at", at)
    assert Notice.objects.get().state == Notice.State.OPEN, "its days are not over"
    run("close_notices", "--at", (story.AT + dt.timedelta(days=2)).isoformat())
    assert len(story.payable(village)) == HOUSEHOLDS


def money_received(village: Village) -> None:
    """Written down once, however often the same receipt is sent."""
    asked = ("record_receipt", *PROGRAMME, "--year", 2021, "--document", "演示〔2021〕1号", "--source")
    refused(*asked, "DISTRICT", "--amount", "二十万", *with_code(village, "finance"))
    assert "CENTRAL_MUNICIPAL" in refused(*asked, "NOBODY", "--amount", "20万", *with_code(village, "finance"))
    refused(*asked, "DISTRICT", "--amount", "20万", *with_code(village, "town_staff"))
    refused(*asked, "DISTRICT", "--amount", "20万", *by(village, "finance"), "--code", "000000")
    assert not FundEntry.objects.exists()
    for source in ("CENTRAL_MUNICIPAL", "DISTRICT"):
        once = ("--request-id", uuid.uuid4())
        for _again in range(2):
            run(*asked, source, "--amount", "200,000.00", *once, *with_code(village, "finance"))
    assert sorted(Fund.objects.values_list("source", "received_fen")) == [
        ("CENTRAL_MUNICIPAL", 20_000_000), ("DISTRICT", 20_000_000)
    ]  # fmt: skip


def batch_signed(village: Village) -> str:
    refused("prepare_batch", *HERE, *by(village, "finance"))
    assert not PayoutBatch.objects.exists(), "without funds nothing is left half-done"
    money_received(village)
    number, lines, _total, content = run("prepare_batch", *HERE, *by(village, "finance")).split()
    batch = PayoutBatch.objects.get(number=number)
    assert (batch.state, int(lines), content) == (PayoutBatch.State.LOCKED, HOUSEHOLDS, batch.content_hash)
    assert "payouts.review" in refused("sign_batch", number, "--step", "review", *with_code(village, "finance"))
    Grant.objects.create(user=village.person("finance"), role="office", area=village.town)
    said = refused("sign_batch", number, "--step", "review", *with_code(village, "finance"))
    assert _("You prepared this batch. Somebody else has to sign it.") in said
    refused("sign_batch", number, "--step", "review", *by(village, "office"), "--code", "000000")
    refused("sign_batch", number, "--step", "release", *with_code(village, "finance_release"))
    refused("sign_batch", number, "--step", "review", *with_code(village, "office"), "--hash", "0" * 64)
    assert not BatchSignature.objects.exists()
    for step, role in zip(STEPS, story.SIGNERS, strict=True):
        run("sign_batch", number, "--step", step, *with_code(village, role), "--hash", content)
    signed = BatchSignature.objects.filter(batch=batch, content_hash=content).order_by("at")
    assert [signature.step for signature in signed] == list(STEPS)
    assert len({signature.person_no for signature in signed} | {batch.created_person_no}) == 4
    return number


def bank_answered(village: Village, number: str, folder: Path) -> None:
    out, answer = folder / "付款.xlsx", folder / "回单.xlsx"
    refused("bank_file", number, "--out", out, *by(village, "finance_release"), "--code", "000000")
    assert not out.exists()
    run("bank_file", number, "--out", out, *with_code(village, "finance_release"))
    assert out.stat().st_mode & 0o077 == 0
    orders = bank.read_orders(out.read_bytes())
    answer.write_bytes(bank.answer(orders, failed={orders[0].ref}))
    run("bank_return", number, answer, *by(village, "finance"))
    run("bank_return", number, answer, *by(village, "finance"))  # the same file again is the same answer
    assert BankReturn.objects.filter(applied_at__isnull=False).count() == 1
    assert PayoutBatch.objects.get().state == PayoutBatch.State.SETTLED
    assert PayoutLine.objects.filter(state=PayoutLine.State.PAID).count() == HOUSEHOLDS - 1
    assert Entitlement.objects.filter(state=Entitlement.State.PAYABLE).count() == 1


def test_a_time_of_its_own_is_refused_in_production(settings: Any) -> None:
    settings.PRODUCTION = True
    refused("close_notices", "--at", story.AT.isoformat())
    settings.PRODUCTION = False
    assert "2021-99" in refused("close_notices", "--at", "2021-99")
