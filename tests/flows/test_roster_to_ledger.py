"""The first stream, from a township's roster file to the auditors' ledger, through the functions people use."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.history.sealing import seal_history
from accounts.history.verify import verify_chain
from accounts.models import AuditEntry
from core.files import open_file
from core.identity import synthetic_id
from core.refusals import Refused
from heating_portal.demo.rosters import CLEAN, MESSY
from households.models import Dwelling, Household, ImportRow, Roster, RosterImport, RosterSeal
from households.services.repairs import correct_row
from reports.ledgers.registry import LEDGERS
from reports.services import exports
from retrofits.models import Acceptance, Installation, Task
from subsidies import invariants
from subsidies.models import Entitlement, Fund, FundEntry, Notice, PayoutBatch, PayoutLine
from subsidies.services import entitlements, funds
from subsidies.services.signatures import sign_batch
from tests.flows import bank, story
from tests.flows.ledgers import fen, read_ledger
from tests.flows.village import TARGETS, Village, load_village

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HOUSEHOLDS = sum(quantity for _technology, quantity in TARGETS)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def village(tmp_path: Path) -> Village:
    return load_village(tmp_path / "preset")


def test_a_roster_becomes_a_paid_ledger_line(village: Village) -> None:
    _rosters_come_in(village)
    _the_list_is_sealed_by_three(village)
    _works_are_done(village)
    _amounts_are_noticed(village)
    batch = _the_chain_signs(village)
    failed = _the_bank_answers(village, batch)
    _everything_adds_up(village, batch, failed)
    _the_auditor_reads_the_same(village, batch)
    assert invariants.broken() == {}
    _history_holds()


def _rosters_come_in(village: Village) -> None:
    """A messy file with one row repaired, then the clean one: each household is in the register once."""
    messy = village.roster(MESSY)
    first, job = story.upload(village, messy)
    story.done(job)
    assert {row.row_no for row in _faulty(first)} == {fault.row_no for fault in messy.faults}
    _repair_the_identity_number(village, first)
    first.refresh_from_db()
    story.done(story.ask_to_apply(village, first))
    left = len(messy.faults) - 1
    assert Household.objects.count() == HOUSEHOLDS - left
    second = story.import_roster(village, village.roster(CLEAN))
    assert second.state == RosterImport.State.APPLIED
    outcomes = [row.outcome for row in second.rows.filter(kind="data")]
    assert {one: outcomes.count(one) for one in set(outcomes)} == {"created": left, "unchanged": HOUSEHOLDS - left}
    assert (Household.objects.count(), Dwelling.objects.count()) == (HOUSEHOLDS, HOUSEHOLDS)


def _faulty(roster_import: RosterImport) -> list[ImportRow]:
    return list(roster_import.rows.filter(state="faulty").order_by("row_no"))


def _repair_the_identity_number(village: Village, roster_import: RosterImport) -> None:
    clerk = village.person("town_staff")
    row = next(row for row in _faulty(roster_import) if "E_ID_CHECK_DIGIT" in row.issue_codes)
    wrong = row.raw["texts"]["id_number"].strip().upper()
    right = next(number for n in range(10_000, 10_100) if (number := synthetic_id(n))[:17] == wrong[:17])
    with acting(clerk):
        repaired = correct_row(row=row, version=row.version, changes={"id_number": right}, by=clerk)
    assert repaired.state == "ready", repaired.issue_codes


def _the_list_is_sealed_by_three(village: Village) -> None:
    roster = story.draw_up_and_seal(village)
    assert roster.state == Roster.State.APPROVED
    assert len(set(RosterSeal.objects.values_list("person_no", flat=True))) == 3
    assert roster.rows.count() == HOUSEHOLDS


def _works_are_done(village: Village) -> None:
    tasks = story.works_done(village, leave_out=1)
    assert [task.state for task in tasks] == [Task.State.ACCEPTED] * (HOUSEHOLDS - 1) + [Task.State.INSTALLED]
    assert Installation.objects.count() == HOUSEHOLDS
    record = Installation.objects.all()[0]
    assert record.occupant_name and record.manufacturer and record.longitude and record.installed_on
    assert Acceptance.objects.filter(result="passed").count() == HOUSEHOLDS - 1


def _amounts_are_noticed(village: Village) -> None:
    """Due is what is accepted; nothing is payable before the notice is over, and it is not over a second early."""
    assert story.assess(village).due == HOUSEHOLDS - 1
    assert story.assess(village).total == 0, "what is assessed is not pending any more"
    notice = story.publish(village)
    assert notice.ends_at - notice.published_at == dt.timedelta(days=village.programme.notice_days)
    story.end_notices(notice.ends_at - dt.timedelta(seconds=1))
    assert (Notice.objects.get().state, story.payable(village)) == (Notice.State.OPEN, [])
    story.end_notices(notice.ends_at)
    assert len(story.payable(village)) == HOUSEHOLDS - 1


def _the_chain_signs(village: Village) -> PayoutBatch:
    batch = story.prepare_batch(village)
    with pytest.raises(funds.FundsShort):
        story.lock(village, batch)
    story.receive_funds(village)
    batch = story.lock(village, batch)
    _refused_to_the_creator(village, batch)
    for step in range(3):
        batch = story.sign(village, batch, step)
    assert batch.state == PayoutBatch.State.RELEASED
    assert len({batch.created_person_no, *batch.signatures.values_list("person_no", flat=True)}) == 4
    return batch


def _refused_to_the_creator(village: Village, batch: PayoutBatch) -> None:
    """Even with the reviewer's right of his own, who made the batch doesn't sign it."""
    from accounts.services import grant_role
    from heating_portal.demo.people import person

    maker = village.person("finance")
    grant_role(user=maker, role="office", area=village.programme.area, by="tests")
    person.cache_clear()
    maker = type(maker).objects.get(pk=maker.pk)
    assert maker.has_right("payouts.review", batch.area_id)
    with acting(maker), pytest.raises(Refused) as refusal:
        sign_batch(batch=batch, shown_hash=batch.content_hash, request_id=story.form("own"), by=maker)
    assert refusal.value.code == "CREATOR_SIGNS"


def _the_bank_answers(village: Village, batch: PayoutBatch) -> PayoutLine:
    """One payment comes back; its household is payable again, the others are paid."""
    orders = bank.read_orders(story.send_to_bank(village, batch))
    assert [(order.card, order.payee) for order in orders] == [
        (line.bank_card, line.payee_name) for line in batch.lines.order_by("line_no")
    ]
    returned = story.enter_return(village, batch, bank.answer(orders, failed={orders[3].ref}))
    assert (returned.counts["paid"], returned.counts["failed"], returned.counts["unknown"]) == (len(orders) - 1, 1, 0)
    story.reconcile(village, returned)
    story.reconcile(village, returned)  # pressed twice
    failed = batch.lines.get(state=PayoutLine.State.FAILED)
    assert failed.bank_message == "户名不符"
    assert [one.pk for one in story.payable(village)] == [failed.entitlement_id]
    assert PayoutBatch.objects.get(pk=batch.pk).state == PayoutBatch.State.SETTLED
    return failed


def _everything_adds_up(village: Village, batch: PayoutBatch, failed: PayoutLine) -> None:
    """Lines, entitlements, funds and their entries say the same, and the engine says it again from the facts."""
    lines = list(batch.lines.filter(state=PayoutLine.State.PAID).select_related("entitlement__policy__programme"))
    paid = sum(line.amount_fen for line in lines)
    again = [entitlements.recompute(line.entitlement) for line in lines]
    assert paid == sum(outcome.payable_fen for outcome in again) > 0
    assert sum(fund.paid_fen for fund in Fund.objects.all()) == paid
    assert sum(fund.reserved_fen for fund in Fund.objects.all()) == 0
    booked = FundEntry.objects.filter(kind=FundEntry.Kind.PAID)
    assert sum(entry.amount_fen for entry in booked) == paid
    assert not booked.filter(line=failed).exists()
    states = Entitlement.objects.values_list("state", flat=True)
    assert sorted(states) == ["paid"] * (HOUSEHOLDS - 2) + ["payable"]


def _the_auditor_reads_the_same(village: Village, batch: PayoutBatch) -> None:
    """The exported workbook, the screen, the payout lines and the fund entries have the same sums."""
    auditor, ledger = village.person("auditor"), LEDGERS["payout"]
    wish = exports.Wish("payout", village.programme, village.programme.area_id)
    with acting(auditor):
        export, job = exports.request_export(wish=wish, by=auditor)
    story.done(job)
    export.refresh_from_db()
    extent = exports.extent_of(export)
    columns = {column.key: column.heading for column in ledger.columns(extent)}
    with open_file(export.document.stored_name) as stream:
        read = read_ledger(stream.read(), columns["no"], _("Total"))
    paid = batch.lines.filter(state=PayoutLine.State.PAID)
    assert len(read.rows) == export.row_count == paid.count()
    amounts = [fen(row[columns["amount"]]) for row in read.rows]
    assert sorted(amounts) == sorted(paid.values_list("amount_fen", flat=True))
    assert read.total_fen(columns["amount"]) == sum(amounts) == ledger.total_fen(extent) == export.total_fen
    for fund in Fund.objects.exclude(paid_fen=0):
        column = columns[f"source_{fund.source}"]
        assert read.sum_fen(column) == read.total_fen(column) == fund.paid_fen


def _history_holds() -> None:
    sealed = seal_history()
    verdict = verify_chain()
    assert verdict.holds, verdict.broken
    assert sealed and verdict.checked == AuditEntry.objects.count()
    assert not AuditEntry.objects.filter(actor_name="").exists()
