"""A batch from draft to release: money set aside, content fixed, different people in order, one effect per press."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction

from core.identity import synthetic_card
from core.refusals import Refused
from subsidies.models import BatchSignature, Entitlement, Fund, FundEntry, PayoutBatch, PayoutLine
from subsidies.services import batches, funds, signatures
from tests import people
from tests.subsidies.conftest import OTHER_TOWN, SECOND, VILLAGE, Money, make_money

pytestmark = pytest.mark.django_db


def state_of(batch: PayoutBatch) -> str:
    return PayoutBatch.objects.get(pk=batch.pk).state


def sql(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)


def test_a_draft_takes_what_is_payable_in_its_places_and_nothing_else(money: Money) -> None:
    money.payable(2)
    money.payable(1, area=SECOND)
    money.accepted(costs=[])  # undefined
    money.accepted(is_second_home=True)  # not due
    money.accepted()  # due, not put up yet
    money.assess()
    batch = money.draft(VILLAGE)
    assert (batch.lines.count(), batch.total_fen, batch.area_id) == (2, 1_200_000, VILLAGE)
    assert set(batch.lines.values_list("entitlement__outcome", flat=True)) == {"due"}
    assert money.draft(SECOND).number == "PB-2021-002"


def test_an_undefined_amount_can_not_be_put_into_a_batch_by_hand(money: Money) -> None:
    money.payable(1)
    batch = money.draft()
    unclear = money.accepted(costs=[])
    money.assess()
    one = Entitlement.objects.get(task=unclear)
    with pytest.raises(DatabaseError, match="does not pay what"), transaction.atomic():
        PayoutLine.objects.create(
            batch=batch, area_id=VILLAGE, entitlement=one, line_no=9, payee_name="x", bank_card="1", amount_fen=600_000
        )


def test_the_same_press_twice_makes_one_batch(money: Money) -> None:
    money.payable(2)
    key = uuid4()
    assert money.draft(request_id=key).pk == money.draft(request_id=key).pk
    assert PayoutBatch.objects.count() == 1


def test_households_without_a_card_stay_out_and_stay_payable(money: Money) -> None:
    first, *_rest = money.payable(2)
    type(first.household).objects.filter(pk=first.household_id).update(bank_card="", bank_card_index="")
    batch = money.draft()
    assert batch.line_count == 1
    assert Entitlement.objects.get(pk=first.pk).state == "payable"


@pytest.mark.clause(
    "T-57",
    "专款专用",
    serves="subsidies.services.batches:lock_for_signing",
    page="subsidies:batch-detail",
    model="subsidies.FundEntry",
)
def test_locking_sets_the_money_of_every_source_aside(money: Money) -> None:
    batch = money.locked(3)
    assert (batch.state, batch.total_fen, batch.line_count) == ("locked", 1_800_000, 3)
    assert set(Fund.objects.values_list("source", "reserved_fen")) == {("CENTRAL", 900_000), ("DISTRICT", 900_000)}
    assert FundEntry.objects.filter(batch=batch, kind="reserved").count() == 2


@pytest.mark.clause(
    "T-57", "专款专用", serves="subsidies.services.funds:reserve", page="subsidies:batch-detail", model="subsidies.Fund"
)
def test_short_funds_say_how_much_is_missing_and_reserve_nothing(money: Money) -> None:
    money.payable(2)
    money.receipt("CENTRAL", 10_000_000)
    money.receipt("DISTRICT", 500_000)
    with pytest.raises(funds.FundsShort) as refusal:
        batches.lock_for_signing(batch=money.draft(), by=money.maker)
    assert refusal.value.missing == {("DISTRICT", 2021): 100_000}
    assert "1,000.00" in refusal.value.sentence
    assert not Fund.objects.filter(reserved_fen__gt=0).exists()


def test_a_card_changed_after_locking_does_not_alter_the_line(money: Money) -> None:
    batch = money.locked(1)
    line = batch.lines.get()
    before, household = line.bank_card, line.entitlement.household
    household.bank_card = synthetic_card(987_654)
    household.save(update_fields=["bank_card"])
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person)
    assert batch.lines.get().bank_card == before != household.bank_card


@pytest.mark.parametrize("column", ["bank_card = 'x'", "payee_name = 'x'", "amount_fen = 1", "entitlement_id = 0"])
def test_a_locked_line_is_fixed_for_everybody(money: Money, column: str) -> None:
    batch = money.locked(1)
    with pytest.raises(DatabaseError, match="is fixed"), transaction.atomic():
        sql(f"UPDATE subsidies_payoutline SET {column} WHERE batch_id = {batch.pk}")


@pytest.mark.parametrize("target", ["released", "settled", "draft", "locked"])
def test_a_state_that_may_not_follow_is_refused_by_the_database(money: Money, target: str) -> None:
    batch = money.locked(1)
    if target == "locked":
        money.sign(batch, money.office)
    with pytest.raises(DatabaseError, match="may not go from"), transaction.atomic():
        sql(f"UPDATE subsidies_payoutbatch SET state = '{target}' WHERE id = {batch.pk}")


def test_the_total_of_a_locked_batch_is_fixed_and_lines_can_not_be_slipped_in(money: Money) -> None:
    batch = money.locked(1)
    with pytest.raises(DatabaseError, match="is locked"), transaction.atomic():
        sql(f"UPDATE subsidies_payoutbatch SET total_fen = 1 WHERE id = {batch.pk}")
    (other,) = money.payable(1)
    with pytest.raises(DatabaseError, match="being prepared"), transaction.atomic():
        PayoutLine.objects.create(
            batch=batch,
            area_id=VILLAGE,
            entitlement=other,
            line_no=9,
            payee_name="x",
            bank_card="1",
            amount_fen=600_000,
        )


def test_three_people_sign_in_order_and_the_batch_is_released(money: Money) -> None:
    batch = money.locked()
    seen = []
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person)
        seen.append(state_of(batch))
    assert seen == ["reviewed", "approved", "released"]
    assert len(set(batch.signatures.values_list("person_no", flat=True))) == 3


def test_nobody_jumps_the_queue(money: Money) -> None:
    batch = money.locked()
    for person in (money.releaser, money.reviewer):
        with pytest.raises(PermissionDenied):
            money.sign(batch, person)
    assert state_of(batch) == "locked"


def test_the_creator_signs_nothing_even_through_another_account(money: Money) -> None:
    batch = money.locked()
    second_account = people.user("office", "370999", person_no=money.maker.person_no)
    with pytest.raises(Refused, match="CREATOR_SIGNS"):
        money.sign(batch, second_account)
    with pytest.raises(DatabaseError, match="prepared a batch"), transaction.atomic():
        _signature(batch, second_account, "review")


def test_one_person_never_signs_two_steps(money: Money) -> None:
    batch = money.locked()
    money.sign(batch, money.office)
    same = people.user("finance_review", "370999", person_no=money.office.person_no)
    with pytest.raises(Refused, match="SAME_SIGNER"):
        money.sign(batch, same)
    with pytest.raises(IntegrityError), transaction.atomic():
        _signature(batch, same, "approve")


def test_who_locked_it_signs_nothing_either(money: Money) -> None:
    money.payable(1)
    money.fund()
    locker = people.user("finance", "370999")
    batch = batches.lock_for_signing(batch=money.draft(), by=locker)
    second_account = people.user("office", "370999", person_no=locker.person_no)
    with pytest.raises(Refused, match="CREATOR_SIGNS"):
        money.sign(batch, second_account)


def test_a_hash_that_is_not_the_present_one_is_a_conflict(money: Money) -> None:
    batch = money.locked()
    with pytest.raises(Refused) as refusal:
        money.sign(batch, money.office, shown_hash="0" * 64)
    assert (refusal.value.code, refusal.value.status) == ("CONTENT_CHANGED", 409)


def test_the_same_signature_twice_has_one_effect(money: Money) -> None:
    batch, key = money.locked(), uuid4()
    first = money.sign(batch, money.office, request_id=key)
    assert money.sign(batch, money.office, request_id=key) == first
    assert (state_of(batch), BatchSignature.objects.count()) == ("reviewed", 1)


def test_rows_changed_behind_the_seal_are_noticed_before_a_signature(money: Money) -> None:
    batch = money.locked(1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE subsidies_payoutline SET payee_name = '别人' WHERE batch_id = %s", [batch.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(Refused, match="TAMPERED"):
        money.sign(batch, money.office)


def test_a_returned_batch_frees_its_money_and_begins_a_new_round(money: Money) -> None:
    batch = money.locked(2)
    money.sign(batch, money.office)
    signatures.return_batch(
        batch=batch, shown_hash=batch.content_hash, request_id=uuid4(), by=money.reviewer, reason="第 1 户销户"
    )
    assert not Fund.objects.filter(reserved_fen__gt=0).exists()
    again = batches.reopen_batch(batch=batch, by=money.maker)
    batches.drop_lines(batch=again, line_ids=[again.lines.first().pk], reason="销户", by=money.maker)
    locked = batches.lock_for_signing(batch=again, by=money.maker)
    assert (locked.round_no, locked.line_count, locked.total_fen) == (2, 1, 600_000)
    assert locked.content_hash != batch.content_hash
    money.sign(locked, money.office)  # may sign again: it is another round
    assert state_of(locked) == "reviewed"
    assert Entitlement.objects.filter(state="payable").count() == 1


def test_a_return_needs_words(money: Money) -> None:
    batch = money.locked(1)
    with pytest.raises(Refused, match="REASON_NEEDED"):
        signatures.return_batch(
            batch=batch, shown_hash=batch.content_hash, request_id=uuid4(), by=money.office, reason=" "
        )


def test_a_batch_given_up_makes_its_lines_payable_again(money: Money) -> None:
    money.payable(2)
    batch = money.draft()
    batches.give_up_batch(batch=batch, reason="重做", by=money.maker)
    assert (state_of(batch), Entitlement.objects.filter(state="payable").count()) == ("void", 2)
    assert money.draft().line_count == 2


def test_a_programme_may_leave_out_the_review(db: None) -> None:
    money = make_money(settings={"payout_chain": [{"step": "approve"}, {"step": "release"}]})
    batch = money.locked(1)
    money.sign(batch, money.reviewer)
    money.sign(batch, money.releaser)
    assert state_of(batch) == "released"


def test_outside_ones_place_nothing_can_be_prepared(money: Money) -> None:
    money.payable(1)
    elsewhere = people.user("finance", OTHER_TOWN[:9])
    with pytest.raises(PermissionDenied):
        money.draft(by=elsewhere)


def _signature(batch: PayoutBatch, by: Any, step: str) -> BatchSignature:
    return BatchSignature.objects.create(
        batch=batch, round_no=1, step=step, decision="agree", signer=by, person_no=by.person_no,
        content_hash=batch.content_hash, request_id=uuid4(), at=batch.locked_at,
    )  # fmt: skip
