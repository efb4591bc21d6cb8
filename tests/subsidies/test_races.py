"""Eight at once: exactly one approval, no fund overdrawn, no amount twice. Real transactions in real threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Sum

from accounts.acting import acting
from accounts.models import AuditEntry, User
from core.refusals import Refused
from households.models import Roster
from subsidies import queries
from subsidies.invariants import broken
from subsidies.models import (
    BatchSignature,
    Clawback,
    DifferenceSettlement,
    Entitlement,
    Fund,
    PayoutBatch,
    PayoutLine,
)
from subsidies.services import (
    bank,
    batches,
    bounces,
    clawbacks,
    entitlements,
    holds,
    policies,
    settlements,
    signatures,
)
from tests import people
from tests.subsidies.conftest import (
    ASSESSED,
    MORNING,
    POLICY,
    SECOND,
    VILLAGE,
    Money,
    make_money,
    make_ready,
    release,
)
from tests.subsidies.test_bank import answer, read
from tests.subsidies.test_settlements import at_most, later, paid

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 8


@pytest.fixture
def money(transactional_db: None) -> Iterator[Money]:
    """Every race ends with all invariants holding."""
    yield make_money()
    assert broken() == {}


def at_once(work: Sequence[Callable[[], Any]]) -> Counter[str]:
    """Run all at the same moment, each on its own connection; counts "ok" and codes of refusals."""
    gate, outcomes = threading.Barrier(len(work)), []

    def one(deed: Callable[[], Any]) -> None:
        try:
            with acting("race"):
                gate.wait()
                deed()
            outcomes.append("ok")
        except Refused as refusal:
            outcomes.append(refusal.code)
        except PermissionDenied:
            outcomes.append("403")
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(deed,)) for deed in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)


def test_of_eight_approvals_exactly_one_counts(money: Money) -> None:
    batch = money.locked(2)
    signers = [people.user("office", "370999") for _ in range(CLIENTS)]
    outcomes = at_once([_signing(batch, one) for one in signers])
    assert outcomes == {"ok": 1, "BATCH_STATE": CLIENTS - 1}
    assert BatchSignature.objects.count() == 1


def test_one_press_sent_eight_times_is_one_signature(money: Money) -> None:
    batch, key = money.locked(2), uuid4()
    outcomes = at_once([_signing(batch, money.office, key) for _ in range(CLIENTS)])
    assert outcomes == {"ok": CLIENTS}
    assert BatchSignature.objects.count() == 1


def test_approve_and_return_at_once_one_of_them_wins(money: Money) -> None:
    batch = money.locked(2)
    one, other = (people.user("office", "370999") for _ in range(2))
    back = {"batch": batch, "shown_hash": batch.content_hash, "reason": "再核", "step": "review"}
    outcomes = at_once([
        _signing(batch, one), lambda: signatures.return_batch(**back, request_id=uuid4(), by=other)
    ])  # fmt: skip
    assert outcomes == {"ok": 1, "BATCH_STATE": 1}


def test_eight_batches_for_a_fund_that_holds_three_lock_exactly_three(money: Money) -> None:
    homes = money.payable(CLIENTS)
    money.receipt("CENTRAL", 3 * 300_000), money.receipt("DISTRICT", 3 * 300_000)
    waiting = [one.pk for one in homes]
    drafts = []
    for pk in waiting:
        Entitlement.objects.filter(state="payable").exclude(pk=pk).update(state="batched")
        drafts.append(money.draft())
        Entitlement.objects.filter(state="batched", payout_lines__isnull=True).update(state="payable")
    outcomes = at_once([_locking(money, draft) for draft in drafts])
    assert outcomes == {"ok": 3, "FUNDS_SHORT": CLIENTS - 3}
    assert set(Fund.objects.values_list("reserved_fen", flat=True)) == {900_000}


def test_eight_runs_assess_each_dwelling_once(money: Money) -> None:
    for _home in range(6):
        money.accepted()
    run = lambda: entitlements.assess_pending(programme=money.programme, on=ASSESSED, by="race")  # noqa: E731
    assert at_once([run] * CLIENTS) == {"ok": CLIENTS}
    assert Entitlement.objects.count() == 6


def test_two_drafts_at_once_never_share_an_amount(money: Money) -> None:
    money.payable(4)
    outcomes = at_once([lambda: money.draft() for _ in range(4)])
    assert outcomes["ok"] >= 1 and set(outcomes) <= {"ok", "NOTHING_PAYABLE"}
    assert sum(batch.line_count for batch in PayoutBatch.objects.all()) == 4


def test_one_answer_booked_eight_times_is_booked_once(money: Money) -> None:
    batch = money.sent(3)
    found = read(money, batch, answer(batch, failed=[1]))
    outcomes = at_once([lambda: bank.reconcile(bank_return=found, by=money.maker)] * CLIENTS)
    assert outcomes == {"ok": CLIENTS}
    assert set(Fund.objects.values_list("paid_fen", "reserved_fen")) == {(600_000, 0)}


def test_sent_back_while_it_is_released_either_is_true_and_never_both(money: Money) -> None:
    batch = money.locked(2)
    for person in (money.office, money.reviewer):
        money.sign(batch, person)
    other = people.user("finance_release", "370999")
    back = {"batch": batch, "shown_hash": batch.content_hash, "reason": "再核", "step": "release"}
    outcomes = at_once([
        lambda: money.sign(batch, money.releaser, step="release"),
        lambda: signatures.return_batch(**back, request_id=uuid4(), by=other),
        lambda: bank.make_bank_file(batch=batch, by=money.releaser),
    ])  # fmt: skip
    state = PayoutBatch.objects.get().state
    assert outcomes["ok"] in (1, 2) and outcomes["BATCH_STATE"] == 3 - outcomes["ok"]
    sent = batch.lines.filter(state="sent").count()
    assert (state, sent) in [("returned", 0), ("released", 0), ("released", 2)]


def test_the_bank_file_is_made_once_by_eight_and_handed_out_again_only_with_a_reason(money: Money) -> None:
    batch = money.released(2)
    outcomes = at_once([lambda: bank.make_bank_file(batch=batch, by=money.releaser) for _ in range(CLIENTS)])
    assert outcomes == {"ok": CLIENTS}
    made = batch.bank_file
    outcomes = at_once([lambda: bank.hand_out_bank_file(bank_file=made, by=money.releaser) for _ in range(CLIENTS)])
    assert outcomes == {"ok": 1, "REASON_NEEDED": CLIENTS - 1}
    assert made.issues.count() == 1


def test_one_file_of_the_bank_entered_by_eight_is_one_answer(money: Money) -> None:
    batch = money.sent(2)
    rows = answer(batch)
    assert at_once([lambda: read(money, batch, rows) for _ in range(CLIENTS)]) == {"ok": CLIENTS}
    assert batch.bank_returns.count() == 1


def test_two_people_of_one_seat_sign_at_once_and_each_takes_one(transactional_db: None) -> None:
    chain = [{"step": "finance", "kind": "approve", "signatures": 2}, {"step": "release"}]
    money = make_money(settings={"payout_chain": chain})
    batch = money.locked(1)
    signers = [people.user("finance_review", "370999") for _ in range(CLIENTS)]
    deeds = [_signing(batch, one, step="") for one in signers]
    assert at_once(deeds) == {"ok": 2, "403": CLIENTS - 2}, "the next seat asks for another right"
    assert list(batch.signatures.order_by("pk").values_list("step", flat=True)) == ["finance", "finance-2"]
    assert (PayoutBatch.objects.get().state, broken()) == ("approved", {})


def test_eight_follow_ups_pressed_at_once_share_nothing(money: Money) -> None:
    batch = money.sent(2)
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[1, 2])), by=money.maker)
    deeds = [
        lambda: batches.follow_up_batch(batch=batch, request_id=uuid4(), by=money.maker, unchanged_too=True)
        for _ in range(CLIENTS)
    ]
    assert at_once(deeds) == {"ok": 1, "NOTHING_TO_FOLLOW": CLIENTS - 1}


def test_money_is_held_once_by_eight_runs_and_a_batch_beside_them(money: Money) -> None:
    money.payable(3)
    Roster.objects.update(approved_at=MORNING)
    money.programme.settings = {"reserve_per_home": {"*": {"CENTRAL": 3000, "DISTRICT": 3000}}}
    money.programme.save()
    money.fund(9_000)
    draft = money.draft()
    runs = [lambda: holds.reserve_pending(programme=money.programme, by=money.maker) for _ in range(CLIENTS)]
    outcomes = at_once([*runs, _locking(money, draft)])
    assert outcomes["ok"] + outcomes["FUNDS_SHORT"] == CLIENTS + 1
    if outcomes["FUNDS_SHORT"]:
        batches.lock_for_signing(batch=draft, by=money.maker)
    assert set(Fund.objects.values_list("held_fen", "reserved_fen")) == {(0, 900_000)}


def test_of_eight_who_decide_a_difference_one_counts_and_nobody_signs_twice(money: Money) -> None:
    """Four confirm and four drop at once, and the one who proposed it tries as well: one decision, one amount."""
    paid(money)
    difference = later(money, at_most(6500))
    asked = settlements.propose_settlement(difference=difference, words="补差", by=money.maker)
    deciders = [people.user("finance_review", "370999") for _ in range(CLIENTS)]
    wishes = ["confirm", "drop"] * (CLIENTS // 2)
    deeds = [_deciding(asked, one, wish) for one, wish in zip(deciders, wishes, strict=True)]
    twin = people.user("finance_review", "370999", person_no=money.maker.person_no)
    outcomes = at_once([*deeds, _deciding(asked, twin, "confirm")])
    assert outcomes.pop("SAME_PERSON", 0) <= 1, "told so, or that it is decided"
    row = DifferenceSettlement.objects.get()
    assert outcomes["ok"] in (4, 5) and set(outcomes) == {"ok", "SETTLEMENT_STATE"}
    assert row.decided_person_no in {one.person_no for one in deciders} - {money.maker.person_no}
    written = AuditEntry.objects.filter(table="subsidies_differencesettlement", operation="U")
    assert [entry.after["decided_person_no"] for entry in written] == [row.decided_person_no]
    further = Entitlement.objects.filter(period="once/2")
    assert [one.amount_fen for one in further] == ([50_000] if row.state == "confirmed" else [])


def test_of_two_releases_of_a_policy_one_counts(money: Money) -> None:
    later = POLICY.replace("valid_from: 2021-01-01", "valid_from: 2022-01-01")
    draft = policies.draft_policy(programme=money.programme, document=later, by=money.maker)
    releasers = [people.user("finance_review", "370999") for _ in range(4)]
    make_ready(draft, releasers[0])
    outcomes = at_once([_releasing(draft, one) for one in releasers])
    assert outcomes == {"ok": 1, "NOT_DRAFT": 3}


def test_batches_of_two_villages_lock_side_by_side(money: Money) -> None:
    money.payable(2), money.payable(2, area=SECOND)
    money.fund()
    outcomes = at_once([_locking(money, money.draft(place)) for place in (VILLAGE, SECOND)])
    assert outcomes == {"ok": 2}


def _signing(batch: PayoutBatch, by: Any, key: Any = None, step: str = "review") -> Callable[[], Any]:
    return lambda: signatures.sign_batch(
        batch=batch, shown_hash=batch.content_hash, request_id=key or uuid4(), by=by, step=step
    )


def _locking(money: Money, draft: PayoutBatch) -> Callable[[], Any]:
    return lambda: batches.lock_for_signing(batch=draft, by=money.maker)


def _releasing(draft: Any, by: Any) -> Callable[[], Any]:
    return lambda: policies.release_policy(policy=draft, sha256=draft.sha256, by=by)


def _deciding(asked: DifferenceSettlement, by: User, decision: str) -> Callable[[], Any]:
    return lambda: settlements.decide_settlement(settlement=asked, decision=decision, reason="核对", by=by)


def _sent_back(line: PayoutLine, by: User) -> Callable[[], Any]:
    return lambda: bounces.record_bounce(line=line, document_no="退汇 88", words="账户已销户", by=by)


def _bounced(line: PayoutLine) -> int:
    found = line.fund_entries.filter(kind="bounced").aggregate(fen=Sum("amount_fen"))
    return found["fen"] or 0


def test_what_came_back_is_written_down_once_by_eight_one_by_one_and_from_the_list(money: Money) -> None:
    paid(money, 2)
    batch = PayoutBatch.objects.get()
    line, other = batch.lines.order_by("line_no")
    listed = read(money, batch, answer(batch, failed=[1, 2]), "退汇.csv")
    deeds = [_sent_back(line, money.maker) for _ in range(CLIENTS)]
    deeds += [lambda: bounces.book_bounces(bank_return=listed, by=money.maker) for _ in range(CLIENTS // 2)]
    assert at_once(deeds) == {"ok": CLIENTS + CLIENTS // 2}
    assert (_bounced(line), _bounced(other)) == (line.amount_fen, other.amount_fen)
    assert set(Fund.objects.values_list("paid_fen", flat=True)) == {0}


@pytest.mark.parametrize("turn", range(3))
def test_a_bounce_and_a_claim_back_of_the_same_money_one_of_them_wins(money: Money, turn: int) -> None:
    (due,) = paid(money)
    line = due.payout_lines.get()
    asked = {"entitlement": due, "amount_fen": 100, "reason": "other", "words": "算错", "by": money.maker}
    claims = [lambda: clawbacks.propose_clawback(**asked) for _ in range(CLIENTS)]
    outcomes = at_once([_sent_back(line, money.maker), *claims])
    due.refresh_from_db()
    if due.state == "payable":
        assert outcomes == {"ok": 1, "NOT_PAID": CLIENTS} and not Clawback.objects.exists()
    else:
        assert outcomes == {"ok": 1, "CLAWBACK_OPEN": CLIENTS - 1, "CLAIMED_BACK": 1}
        assert (Clawback.objects.count(), _bounced(line)) == (1, 0)


def test_a_second_answer_and_what_it_sends_back_are_booked_at_once_once_each(money: Money) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch)[:1], "先到.csv"), by=money.maker)
    second = read(money, batch, answer(batch, failed=[1]), "后到.csv")
    line = batch.lines.get(line_no=1)
    deeds = [lambda: bank.reconcile(bank_return=second, by=money.maker) for _ in range(4)]
    deeds += [lambda: bounces.book_bounces(bank_return=second, by=money.maker) for _ in range(4)]
    assert at_once([*deeds, *(_sent_back(line, money.maker) for _ in range(4))]) == {"ok": 12}
    assert list(batch.lines.order_by("line_no").values_list("state", flat=True)) == ["failed", "paid", "paid"]
    assert _bounced(line) == line.amount_fen
    assert (PayoutBatch.objects.get().state, queries.returns_to_book(money.maker, "370999")) == ("settled", 0)


def test_returns_of_claimed_money_and_bounces_over_the_same_sources_never_wait_in_a_circle(money: Money) -> None:
    """A case keeps its sources in another order (the shorter name first) than the funds are locked in."""
    release(money.programme, POLICY.replace("DISTRICT", "CITY"))
    money.receipt("CITY", 100_000_000)
    homes = paid(money, 2 * CLIENTS)
    claimed, bounced = homes[:CLIENTS], homes[CLIENTS:]
    returns = [_returning(money, due) for due in claimed]
    assert list(Clawback.objects.latest("pk").shares) == ["CITY", "CENTRAL"]
    deeds = [_sent_back(due.payout_lines.get(), money.maker) for due in bounced]
    receipts = [lambda: money.receipt("CENTRAL", 100) for _ in range(CLIENTS)]
    assert at_once([*returns, *deeds, *receipts]) == {"ok": 3 * CLIENTS}


def _returning(money: Money, due: Entitlement) -> Callable[[], Any]:
    case = clawbacks.propose_clawback(
        entitlement=due, amount_fen=100_000, reason="other", words="算错", by=money.maker, way="return"
    )
    clawbacks.decide_clawback(clawback=case, decision="confirm", reason="核对", by=money.reviewer)
    return lambda: clawbacks.record_return(
        clawback=case, amount_fen=100_000, document_no="缴款书", request_id=uuid4(), by=money.maker
    )


def test_bounces_of_two_batches_and_payments_of_a_third_never_block_each_other(money: Money) -> None:
    """All of them draw on the same two funds."""
    batches_ = [money.sent(2) for _ in range(3)]
    for batch in batches_[:2]:
        bank.reconcile(bank_return=read(money, batch, answer(batch), f"{batch.number}.csv"), by=money.maker)
    third = read(money, batches_[2], answer(batches_[2]), "third.csv")
    lines = [line for batch in batches_[:2] for line in batch.lines.all()]
    deeds = [_sent_back(line, money.maker) for line in lines]
    outcomes = at_once([*deeds, lambda: bank.reconcile(bank_return=third, by=money.maker)])
    assert outcomes == {"ok": len(lines) + 1}
    assert sum(Fund.objects.values_list("paid_fen", flat=True)) == batches_[2].total_fen
