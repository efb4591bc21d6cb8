"""The ledger for the auditor: rows, totals and the nine links behind each payment."""

from __future__ import annotations

import pytest

from subsidies import queries
from subsidies.services import bank
from tests import people
from tests.subsidies.conftest import OTHER_TOWN, Money
from tests.subsidies.test_bank import answer, read

pytestmark = pytest.mark.django_db


def test_rows_totals_and_the_databases_own_sums_agree(money: Money) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[2])), by=money.maker)
    auditor = people.user("auditor", "370999")
    ledger = queries.payout_ledger(money.programme, auditor)
    assert (len(ledger.rows), ledger.total_fen, ledger.households) == (2, 1_200_000, 2)
    assert (
        ledger.by_source == {"CENTRAL": 600_000, "DISTRICT": 600_000} == queries.ledger_totals(money.programme, auditor)
    )
    assert len(queries.payout_ledger(money.programme, auditor, states_in=["paid", "failed"]).rows) == 3


def test_nobody_reads_the_ledger_of_another_place(money: Money) -> None:
    batch = money.sent(1)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    stranger = people.user("auditor", OTHER_TOWN[:9])
    assert queries.payout_ledger(money.programme, stranger).rows == []


def test_nine_links_stand_behind_a_paid_line_and_a_missing_one_shows(money: Money) -> None:
    batch = money.sent(1)
    line = batch.lines.get()
    links = {link.code: link for link in queries.trail_of(line)}
    assert tuple(links) == queries.LINKS
    assert [code for code, link in links.items() if not link.holds] == ["BANK_RETURN"]
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    assert all(link.holds for link in queries.trail_of(batch.lines.get()))


def test_the_menus_number_counts_what_this_person_can_sign_now(money: Money) -> None:
    batch = money.locked(1)
    assert [queries.batches_waiting_for(one, "370999") for one in (money.office, money.reviewer, money.maker)] == [
        1,
        0,
        0,
    ]
    money.sign(batch, money.office)
    assert [queries.batches_waiting_for(one, "370999") for one in (money.office, money.reviewer)] == [0, 1]
