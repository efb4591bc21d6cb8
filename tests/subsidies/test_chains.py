"""The chain of a batch: data of the programme, more people where more money is at stake, fixed when it is sent."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from core.refusals import Refused
from subsidies import chains
from subsidies.chains import ChainError, seats_of
from subsidies.differences import difference_rows
from subsidies.invariants import broken
from subsidies.models import BatchSignature, LineRemark, PayoutBatch
from subsidies.reviews import Review, drawn
from subsidies.services import batches, signatures
from tests import people
from tests.subsidies.conftest import VILLAGE, Money, make_money

YUAN, DELETE_VOTES = 100, "DELETE FROM subsidies_batchsignature"
CHAIN: list[dict[str, Any]] = [
    {"step": "town", "kind": "review", "title": "街道镇审核", "right": "rosters.seal_town", "within": "town"},
    {"step": "department", "kind": "review", "title": "主管部门复核"},
    {"step": "office", "kind": "review", "title": "领导小组办公室", "above_yuan": 100},
    {
        "step": "finance", "kind": "approve", "title": "财政审定",
        "signatures": [{"above_yuan": 0, "count": 1}, {"above_yuan": 20_000, "count": 2}],
    },
    {"step": "release", "kind": "release", "title": "待支付"},
]  # fmt: skip


def steps(fen: int, place: str = VILLAGE) -> list[str]:
    return [seat.step for seat in seats_of({"payout_chain": CHAIN}, fen, place)]


@pytest.mark.parametrize(
    ("fen", "place", "expected"),
    [
        (100 * YUAN, VILLAGE, ["town", "department", "finance", "release"]),
        (100 * YUAN + 1, VILLAGE, ["town", "department", "office", "finance", "release"]),
        (20_000 * YUAN, VILLAGE, ["town", "department", "office", "finance", "release"]),
        (20_000 * YUAN + 1, VILLAGE, ["town", "department", "office", "finance", "finance-2", "release"]),
        (20_000 * YUAN, "370999", ["department", "office", "finance", "release"]),
    ],
)
def test_how_many_sign_is_told_by_the_sum_to_the_fen_and_by_the_place(
    fen: int, place: str, expected: list[str]
) -> None:
    assert steps(fen, place) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        [{"step": "approve"}],
        [{"step": "review"}, {"step": "release"}],
        [{"step": "approve"}, {"step": "review"}, {"step": "release"}],
        [{"step": "approve"}, {"step": "release"}, {"step": "x", "kind": "release"}],
        [{"step": "approve", "above_yuan": 5}, {"step": "release"}],
        [{"step": "approve"}, {"step": "approve"}, {"step": "release"}],
        [{"step": "Ap prove", "kind": "approve"}, {"step": "release"}],
        [{"step": "approve", "signatures": 20}, {"step": "release"}],
    ],
)
def test_what_can_not_be_a_chain_says_why(wrong: list[dict[str, Any]]) -> None:
    with pytest.raises(ChainError, match="payout_chain"):
        seats_of({"payout_chain": wrong}, 10**9, VILLAGE)


@pytest.fixture
def long(db: None) -> Money:
    return make_money(settings={"payout_chain": CHAIN})


def staff(money: Money) -> dict[str, Any]:
    return {
        "town": people.user("town_leader", VILLAGE[:9]), "department": people.user("office", "370999"),
        "office": money.office, "finance": money.reviewer, "finance-2": people.user("finance_review", "370999"),
        "release": money.releaser,
    }  # fmt: skip


@pytest.mark.django_db
def test_six_people_sign_a_large_batch_in_their_order_and_only_then_it_is_released(long: Money) -> None:
    batch, signers, seen = long.locked(4), staff(long), []
    for seat in chains.chain_of(batch):
        for other in set(signers) - {seat.step}:
            with pytest.raises((PermissionDenied, Refused)), transaction.atomic():
                long.sign(batch, signers[other], step=other)
        long.sign(batch, signers[seat.step], step=seat.step)
        seen.append((seat.step, PayoutBatch.objects.get().state))
    assert seen == [
        ("town", "reviewed"), ("department", "reviewed"), ("office", "reviewed"), ("finance", "reviewed"),
        ("finance-2", "approved"), ("release", "released"),
    ]  # fmt: skip
    assert broken() == {}


@pytest.mark.django_db
def test_the_chain_is_fixed_when_the_batch_is_sent(long: Money) -> None:
    batch = long.locked(1)
    long.programme.settings = {}
    long.programme.save()
    fresh = PayoutBatch.objects.select_related("programme").get(pk=batch.pk)
    assert [seat.step for seat in chains.chain_of(fresh)] == ["town", "department", "office", "finance", "release"]
    with pytest.raises(DatabaseError, match="is locked"), transaction.atomic():
        PayoutBatch.objects.update(chain=[])


@pytest.mark.django_db
def test_the_database_itself_keeps_order_and_number_of_the_votes(long: Money) -> None:
    batch = long.locked(1)
    with pytest.raises(DatabaseError, match="not the next one"), transaction.atomic():
        vote(batch, long.releaser, "release")
    vote(batch, people.user("town_leader", VILLAGE[:9]), "town")
    for state in ("reviewed", "approved"):
        PayoutBatch.objects.update(state=state)
    with pytest.raises(DatabaseError, match="not signed by all"), transaction.atomic():
        PayoutBatch.objects.update(state="released")


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["UPDATE subsidies_batchsignature SET comment = 'x'", DELETE_VOTES])
def test_a_vote_can_be_neither_changed_nor_deleted(money: Money, change: str) -> None:
    batch = money.locked(1)
    money.sign(batch, money.office)
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert BatchSignature.objects.count() == 1


@pytest.mark.django_db
def test_single_payments_are_sent_back_with_words_and_the_next_round_shows_what_became_of_them(money: Money) -> None:
    batch = money.locked(3)
    first, second, _third = batch.lines.order_by("line_no")
    signatures.return_batch(
        batch=batch, shown_hash=batch.content_hash, request_id=uuid4(), by=money.office, reason="两户有误",
        lines={first.pk: "已销户", second.pk: "户名不符"},
    )  # fmt: skip
    assert list(LineRemark.objects.order_by("pk").values_list("words", flat=True)) == ["已销户", "户名不符"]
    batches.reopen_batch(batch=batch, by=money.maker)
    batches.drop_lines(batch=batch, line_ids=[first.pk], reason="销户核实", by=money.maker)
    second.entitlement.household.account_holder = "李样本"
    second.entitlement.household.save()
    (added,) = money.payable(1)
    batches.fill_batch(batch=batch, by=money.maker)
    batches.lock_for_signing(batch=batch, by=money.maker)
    now = PayoutBatch.objects.select_related("programme", "area").get(pk=batch.pk)
    rows = difference_rows(Review(now, money.office))
    assert [(row.sign, row.entitlement.pk, row.remark, row.reason) for row in rows] == [
        ("＋", added.pk, "", ""), ("−", first.entitlement_id, "已销户", "销户核实"),
        ("≠", second.entitlement_id, "户名不符", ""),
    ]  # fmt: skip
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        LineRemark.objects.all().delete()


@pytest.mark.django_db
def test_a_payment_of_another_batch_can_not_be_remarked(money: Money) -> None:
    batch = money.locked(1)
    with pytest.raises(Refused, match="LINE_UNKNOWN"):
        signatures.return_batch(
            batch=batch, shown_hash=batch.content_hash, request_id=uuid4(), by=money.office, reason="x", lines={0: "x"}
        )
    assert PayoutBatch.objects.get().state == "locked"


@pytest.mark.django_db
def test_the_sample_is_drawn_by_a_stored_seed_and_can_be_drawn_again(money: Money) -> None:
    money.programme.settings = {"payout_sample": 2}
    money.programme.save()
    batch = PayoutBatch.objects.select_related("programme").get(pk=money.locked(5).pk)
    review = Review(batch, money.office)
    kept = batch.rounds.get()
    assert (review.seed, review.sample_size, len(review.sample)) == (kept.seed, 2, 2)
    lots = sorted(range(1, 6), key=lambda number: sha256(f"{kept.seed}:{number}".encode()).hexdigest())
    assert sorted(lots[:2]) == [line.line_no for line in review.sample]
    assert [line.line_no for line in drawn(batch.lines.all(), kept.seed)] == lots


def vote(batch: PayoutBatch, by: Any, step: str) -> BatchSignature:
    return BatchSignature.objects.create(
        batch=batch, round_no=1, step=step, decision="agree", signer=by, person_no=by.person_no,
        content_hash=batch.content_hash, request_id=uuid4(), at=batch.locked_at,
    )  # fmt: skip
