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

from accounts.acting import acting
from accounts.models import AuditEntry, User
from core.refusals import Refused
from households.models import Roster
from subsidies.invariants import broken
from subsidies.models import BatchSignature, DifferenceSettlement, Entitlement, Fund, PayoutBatch
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
from tests.subsidies.conftest import ASSESSED, MORNING, POLICY, SECOND, VILLAGE, Money, make_money, make_ready
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


def test_a_payment_that_comes_back_is_written_down_once_and_never_beside_a_claim(money: Money) -> None:
    batch = money.sent(1)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    line = batch.lines.get()

    def bounce() -> None:
        bounces.record_bounce(line=line, document_no="退1", words="销户", by=money.maker)

    def claim() -> None:
        clawbacks.propose_clawback(
            entitlement=line.entitlement, amount_fen=1, reason="other", words="误付", by=money.maker
        )

    outcomes = at_once([*[bounce] * (CLIENTS - 2), claim, claim])
    line.refresh_from_db()
    came_back = line.state == "failed"
    assert outcomes == ({"ok": CLIENTS - 2, "NOT_PAID": 2} if came_back else
                        {"ok": 1, "CLAIMED_BACK": CLIENTS - 2, "CLAWBACK_OPEN": 1})  # fmt: skip
    assert line.fund_entries.filter(kind="bounced").count() == 2 * came_back


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
