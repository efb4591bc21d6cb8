"""Each invariant is empty in a whole life of a batch, and names the row when something is planted."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from households.models import Roster
from subsidies.invariants import ALL, broken
from subsidies.models import FundHold
from subsidies.services import bank, holds
from tests.subsidies.conftest import ACCEPTED, MORNING, Money
from tests.subsidies.test_bank import answer, read

pytestmark = pytest.mark.django_db

PLANTED = {
    "I1": "UPDATE subsidies_payoutline SET amount_fen = amount_fen + 1 WHERE state = 'paid'",
    "I2": "UPDATE subsidies_entitlement SET household_id = (SELECT MIN(household_id) FROM subsidies_entitlement)",
    "I3": "UPDATE retrofits_acceptance SET result = 'failed'",
    "I4": "UPDATE subsidies_entitlementline SET amount_fen = amount_fen + 1",
    "I5": "UPDATE subsidies_fund SET paid_fen = paid_fen - 1",
    "I6": "UPDATE subsidies_payoutbatch SET created_person_no = (SELECT MIN(person_no) FROM subsidies_batchsignature)",
    "I7": "ALTER TABLE subsidies_policy DROP CONSTRAINT policy_four_eyes; "
    "UPDATE subsidies_policy SET released_person_no = drafted_person_no",
    "I8": "UPDATE subsidies_bankfile SET total_fen = total_fen + 1",
    "I9": "UPDATE subsidies_entitlement SET state = 'payable' WHERE state = 'paid'",
    "I10": "UPDATE subsidies_entitlement SET benefit_kind = 'RUNNING'",
    "I15": "UPDATE subsidies_payoutline SET payee_name = '别人'",
}


OVERCLAIMED = """
    INSERT INTO subsidies_clawback (programme_id, area_id, dwelling_id, entitlement_id, benefit_kind, period,
        amount_fen, shares, way, reason, words, evidence, state, proposed_by_id, proposed_person_no, proposed_at,
        decided_person_no, decision_reason)
    SELECT programme_id, area_id, dwelling_id, id, benefit_kind, period, amount_fen + 1, '{}', 'offset', 'other', '',
        '{}', 'confirmed', (SELECT MIN(id) FROM accounts_user), 'a', now(), 'b', '' FROM subsidies_entitlement"""


@pytest.fixture
def settled(money: Money) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[2])), by=money.maker)


def test_all_hold_after_a_whole_life(settled: None) -> None:
    assert broken() == {}


def test_signed_early_in_the_morning_of_the_acceptance_is_signed_after_it(money: Money) -> None:
    batch = money.locked(1)
    at_seven = dt.datetime.combine(ACCEPTED - dt.timedelta(days=1), dt.time(23), dt.UTC)
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person, now=at_seven)
    batch.refresh_from_db()
    bank.make_bank_file(batch=batch, by=money.releaser)
    assert broken(["I3"]) == {}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_named(settled: None, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(PLANTED[name])
    assert name in broken()


def test_an_illegal_step_in_the_history_is_named(settled: None) -> None:
    """The trigger taken away by somebody with the power to do so; history still tells."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'subsidies_payoutbatch'::regclass "
            "AND position('legal_edge' IN tgname) > 0"
        )
        (name,) = cursor.fetchone()
        cursor.execute(f'ALTER TABLE subsidies_payoutbatch DISABLE TRIGGER "{name}"')
        cursor.execute("UPDATE subsidies_payoutbatch SET state = 'approved'")
    assert "I14" in broken()


def test_every_invariant_has_a_planted_fault() -> None:
    assert {*ALL, "I15"} == {*PLANTED, "I14"}


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("I1", "UPDATE subsidies_payoutline SET offset_fen = 5"),
        ("I1", OVERCLAIMED),
        ("I5", "UPDATE subsidies_fundhold SET state = 'short'"),
        ("I5", "UPDATE subsidies_fundentry SET document_no = '' WHERE kind = 'paid'"),
        ("I5", "UPDATE subsidies_fundentry SET kind = 'granted' WHERE kind = 'received'"),
        ("I5", "UPDATE subsidies_fund SET returned_fen = 1, received_fen = received_fen + 1"),
        ("I6", "DELETE FROM subsidies_batchsignature WHERE step = 'approve'"),
        ("I6", "UPDATE subsidies_batchsignature SET step = 'other' WHERE step = 'review'"),
        ("I14", "UPDATE accounts_auditentry SET before = '{\"state\": \"used\"}', after = '{\"state\": \"gone\"}' "
                "WHERE \"table\" = 'subsidies_fundhold'"),
    ],
)  # fmt: skip
def test_chains_holds_and_papers_are_looked_at_too(money: Money, name: str, damage: str) -> None:
    batch = money.sent(1)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    money.payable(1)
    Roster.objects.update(approved_at=MORNING)
    money.programme.settings = {"reserve_per_home": {"*": {"CENTRAL": 3000, "DISTRICT": 3000}}}
    money.programme.save()
    holds.reserve_pending(programme=money.programme, by=money.maker)
    FundHold.objects.update(state="used", batch=batch)
    FundHold.objects.update(state="held", batch=None)
    assert broken() == {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(damage)
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert name in broken()
