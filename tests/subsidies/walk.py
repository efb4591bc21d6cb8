"""What anybody may press in the payout chain, in any order, as a machine of steps; and what holds after each of them.

Every walk runs in a savepoint that is rolled back at its end. A step that is refused is a good step; a step that breaks
an invariant of `subsidies.invariants` (TRUST I1–I15) is the failure looked for.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from core.refusals import Refused
from households.models import Dwelling
from subsidies import chains
from subsidies.fund_figures import balances, disagreements
from subsidies.models import (
    BankReturn,
    BatchSignature,
    Clawback,
    ClawbackEntry,
    Entitlement,
    Fund,
    Notice,
    Objection,
    PayoutBatch,
    PayoutLine,
)
from subsidies.services import bank, batches, bounces, clawbacks, funds, holds, notices, signatures
from tests.subsidies.conftest import Money
from tests.subsidies.test_bank import answer, as_csv
from tests.subsidies.walking import Watch

NEXT = {
    "review": "office", "approve": "reviewer", "release": "releaser", "department": "office", "finance": "reviewer",
    "finance-2": "second_reviewer",
}  # fmt: skip
SIGNING = ("locked", "reviewed", "approved")
pick = st.integers(0, 7)
who = st.sampled_from(["office", "reviewer", "releaser", "maker", "clerk", "second_office", "makers_twin"])


def at_noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(4), tzinfo=dt.UTC)


class Restart(Exception):
    """The process dies before it commits."""


class Walk(RuleBasedStateMachine):
    """What anybody may press, in any order. Nothing is remembered but the database: each step reads its rows anew."""

    money: Money
    seen: Counter[str]
    watch: Watch
    dies = False
    begun = 0  # presses of the right people behind it when it begins
    claimed = False  # whether it begins with a claim that the next season's payment has to keep back

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()

    def teardown(self) -> None:
        self.seen["paid"] += PayoutLine.objects.filter(state="paid").count()
        self.seen["failed"] += PayoutLine.objects.filter(state="failed").count()
        self.seen["kept back"] += PayoutLine.objects.filter(state="paid", offset_fen__gt=0).count()
        self.seen["given back"] += ClawbackEntry.objects.count()
        self.seen["walks"] += 1
        transaction.set_rollback(True)
        self.point.__exit__(None, None, None)
        self.watch.forget(self.seen["walks"])

    @initialize(homes=st.integers(1, 3))
    def a_village_is_ready(self, homes: int) -> None:
        """One home and the money were there before; two homes at least, where one is to be refused."""
        if self.claimed:
            self.a_claim_meets_the_next_season()
        elif more := homes - 1 + bool(self.begun):
            self.money.payable(more)
        self.go_on(self.begun, failed=[2])

    def a_claim_meets_the_next_season(self) -> None:
        """A season is paid and in part claimed back; the next one may be paid. Chance seldom comes this far."""
        self.a_season_is_read_and_computed(0, 2021, "3100")
        self.a_notice_ends(1)
        self.go_on(9, failed=[])
        self.a_payment_is_claimed_back(1, 12_000, "offset", "confirm", "reviewer")
        self.a_season_is_read_and_computed(0, 2022, "900")
        self.a_notice_ends(2)

    @rule(steps=st.integers(1, 6), failed=st.sampled_from([[], [1], [1, 2]]))
    def the_work_goes_on(self, steps: int, failed: list[int]) -> None:
        """The right people do what is due, so that walks come to their end as well as to their side paths."""
        self.go_on(steps, failed=failed)

    def go_on(self, steps: int, *, failed: list[int]) -> None:
        for _step in range(steps):
            self.press(lambda: self.next_step(failed))

    def next_step(self, failed: list[int]) -> None:
        money, batch = self.money, PayoutBatch.objects.exclude(state__in=["settled", "void"]).last()
        if batch is None:
            money.draft()
        elif batch.state == "draft":
            batches.lock_for_signing(batch=batch, by=batch.created_by)
        elif batch.state == "returned":
            batches.reopen_batch(batch=batch, by=money.maker)
        elif batch.state in SIGNING:
            money.sign(batch, self.whose_turn(batch))
        elif open_answer := BankReturn.objects.filter(batch=batch, applied_at=None).first():
            bank.reconcile(bank_return=open_answer, by=money.maker)
        else:
            bank.make_bank_file(batch=batch, by=money.releaser)
            bank.read_return(batch=batch, content=as_csv(answer(batch, failed)), file_name="r.csv", by=money.maker)

    # money held after the seal, and money that goes and comes

    @rule()
    def money_is_held(self) -> None:
        self.press(lambda: holds.reserve_pending(programme=self.money.programme, by=self.money.maker))

    @rule(which=pick, back=st.booleans(), fen=st.sampled_from([1, 300_000, 5_000_000]), twice=st.booleans())
    def money_goes_back_or_comes_back(self, which: int, back: bool, fen: int, twice: bool) -> None:
        move, key = funds.give_to_source if back else funds.record_recovery, uuid4()
        if fund := self.one(Fund, which):
            for _press in range(1 + twice):
                self.press(lambda: move(
                    fund=fund, amount_fen=fen, document_no="示例〔2022〕1号", request_id=key, by=self.money.maker
                ))  # fmt: skip

    @rule(which=pick, unchanged=st.booleans(), twice=st.booleans())
    def what_failed_is_followed_up(self, which: int, unchanged: bool, twice: bool) -> None:
        key = uuid4()

        def follow(batch: PayoutBatch) -> Any:
            return batches.follow_up_batch(batch=batch, request_id=key, by=self.money.maker, unchanged_too=unchanged)

        for _press in range(1 + twice):
            self.on_batch(which, follow)

    # what happens around the chain

    @rule(homes=st.integers(1, 3))
    def homes_become_payable(self, homes: int) -> None:
        if Entitlement.objects.count() < 8:
            self.press(lambda: self.money.payable(homes))

    @rule(yuan=st.sampled_from([3_000, 9_000, 50_000]))
    def money_arrives(self, yuan: int) -> None:
        self.press(lambda: self.money.fund(yuan))

    @rule(which=pick)
    def somebody_objects(self, which: int) -> None:
        if due := self.one(Entitlement, which, state="noticed"):
            self.press(lambda: notices.raise_objection(entitlement=due, text="不符", by=self.money.clerk))

    @rule(which=pick, decision=st.sampled_from(["upheld", "rejected"]), by=who)
    def an_objection_is_decided(self, which: int, decision: str, by: str) -> None:
        if found := self.one(Objection, which):
            self.press(
                lambda: notices.decide_objection(
                    objection=found, decision=decision, reason="核实", by=self.person(by), now=found.raised_at
                )
            )

    @rule(which=pick)
    def a_notice_ends(self, which: int) -> None:
        if notice := self.one(Notice, which):
            self.press(lambda: notices.close_notices(now=notice.ends_at))

    @rule()
    def the_process_dies_at_the_next_step(self) -> None:
        self.dies = True

    # the chain

    @rule(twice=st.booleans())
    def a_batch_is_drawn_up(self, twice: bool) -> None:
        key = uuid4()
        for _press in range(1 + twice):
            self.press(lambda: self.money.draft(request_id=key))

    @rule(which=pick, by=who)
    def a_batch_is_locked(self, which: int, by: str) -> None:
        self.on_batch(which, lambda batch: batches.lock_for_signing(batch=batch, by=self.person(by)))

    @rule(which=pick)
    def its_maker_locks_it(self, which: int) -> None:
        self.on_batch(which, lambda batch: batches.lock_for_signing(batch=batch, by=batch.created_by), state="draft")

    @rule(which=pick, by=who, twice=st.booleans())
    def anybody_signs(self, which: int, by: str, twice: bool) -> None:
        key = uuid4()
        for _press in range(1 + twice):
            self.on_batch(which, lambda batch: self.money.sign(batch, self.person(by), request_id=key))

    @rule(which=pick)
    def whose_turn_it_is_signs(self, which: int) -> None:
        self.on_batch(which, lambda batch: self.money.sign(batch, self.whose_turn(batch)), state__in=SIGNING)

    @rule(which=pick, by=who)
    def anybody_returns_it(self, which: int, by: str) -> None:
        def back(batch: PayoutBatch) -> Any:
            return signatures.return_batch(
                batch=batch, shown_hash=batch.content_hash, request_id=uuid4(), by=self.person(by), reason="再核",
                lines=dict.fromkeys(batch.lines.values_list("pk", flat=True)[:1], "销户"),
            )  # fmt: skip

        self.on_batch(which, back)

    @rule(which=pick)
    def a_returned_batch_is_opened_again(self, which: int) -> None:
        self.on_batch(which, lambda batch: batches.reopen_batch(batch=batch, by=self.money.maker), state="returned")

    @rule(which=pick)
    def a_batch_is_given_up(self, which: int) -> None:
        self.on_batch(which, lambda batch: batches.give_up_batch(batch=batch, reason="重做", by=self.money.maker))

    @rule(which=pick, line=pick)
    def a_line_is_taken_out(self, which: int, line: int) -> None:
        def drop(batch: PayoutBatch) -> Any:
            ids = list(batch.lines.values_list("pk", flat=True))[line : line + 1]
            return batches.drop_lines(batch=batch, line_ids=ids, reason="暂缓", by=self.money.maker)

        self.on_batch(which, drop)

    # the bank

    @precondition(lambda self: PayoutBatch.objects.filter(state="released").exists())
    @rule(which=pick, twice=st.booleans())
    def a_file_goes_to_the_bank(self, which: int, twice: bool) -> None:
        for _press in range(1 + twice):
            self.on_batch(which, lambda batch: bank.make_bank_file(batch=batch, by=self.money.releaser))

    @precondition(lambda self: PayoutLine.objects.filter(state="sent").exists())
    @rule(which=pick, failed=st.lists(st.integers(1, 3), max_size=2), part=st.integers(1, 3), twice=st.booleans(),
          yuan=st.sampled_from(["", "2000.00", "4000.00", "6000.01", "0"]))  # fmt: skip
    def the_bank_answers(self, which: int, failed: list[int], part: int, twice: bool, yuan: str) -> None:
        """Also a part, the rest of it, too much, nothing."""

        def read(batch: PayoutBatch) -> None:
            rows = answer(batch, failed=failed, **({"at1_2": yuan, "at1_5": f"R{yuan}"} if yuan else {}))
            content = as_csv(rows[:part])
            for _time in range(1 + twice):
                bank.read_return(batch=batch, content=content, file_name="r.csv", by=self.money.maker)

        self.on_batch(which, read, state="released")

    @precondition(lambda self: BankReturn.objects.exists())
    @rule(which=pick, twice=st.booleans())
    def an_answer_is_booked(self, which: int, twice: bool) -> None:
        if found := self.one(BankReturn, which):
            for _press in range(1 + twice):
                self.press(lambda: bank.reconcile(bank_return=found, by=self.money.maker))

    @precondition(lambda self: bounces.confirmed(PayoutLine.objects.all()).exists())
    @rule(which=pick, twice=st.booleans())
    def a_payment_comes_back(self, which: int, twice: bool) -> None:
        """Days after the bank has confirmed it, in part or whole."""
        if found := list(bounces.confirmed(PayoutLine.objects.order_by("pk"))):
            line = found[which % len(found)]
            for _press in range(1 + twice):
                self.press(lambda: bounces.record_bounce(
                    line=line, document_no="示例退汇1号", words="销户", by=self.money.maker
                ))  # fmt: skip

    # seasons, claims back, what later payments keep back

    @rule(which=pick, year=st.integers(2021, 2023), kwh=st.sampled_from(["40", "900", "3100"]))
    def a_season_is_read_and_computed(self, which: int, year: int, kwh: str) -> None:
        """The next season's amount of a home is what its claims are kept back from."""
        home = self.one(Dwelling, which)
        if home and not home.meter_readings.filter(starts_on__year=year).exists():
            self.press(lambda: self.money.reading(home, kwh, f"{year}-11-01", f"{year + 1}-03-31"))
            spring = dt.date(year + 1, 4, 5)
            self.press(lambda: self.money.assess(on=spring))
            self.press(lambda: self.money.publish(now=at_noon(spring)))

    @rule(which=pick, fen=st.sampled_from([1, 777, 12_000, 600_000]), way=st.sampled_from(["offset", "return"]),
          decision=st.sampled_from(["confirm", "confirm", "drop", ""]), by=who)  # fmt: skip
    def a_payment_is_claimed_back(self, which: int, fen: int, way: str, decision: str, by: str) -> None:
        """Proposed, and mostly decided at once; now and then by somebody who may not."""
        if due := self.one(Entitlement, which, state="paid"):
            self.press(lambda: clawbacks.propose_clawback(
                entitlement=due, amount_fen=min(fen, due.amount_fen), reason="other", words="误付", way=way,
                by=self.money.maker,
            ))  # fmt: skip
        case = Clawback.objects.filter(state="proposed").last()
        if case and decision:
            people = {"office": "reviewer", "clerk": "reviewer"}
            self.press(lambda: clawbacks.decide_clawback(
                clawback=case, decision=decision, reason="核实", by=self.person(people.get(by, by))
            ))  # fmt: skip

    @rule(which=pick, fen=st.sampled_from([1, 500, 12_000, 600_000]), twice=st.booleans())
    def a_household_gives_back(self, which: int, fen: int, twice: bool) -> None:
        key = uuid4()
        if case := self.one(Clawback, which, state="confirmed"):
            for _press in range(1 + twice):
                self.press(lambda: clawbacks.record_return(
                    clawback=case, amount_fen=fen, document_no="示例缴款书1号", request_id=key, by=self.money.maker
                ))  # fmt: skip

    @invariant()
    def every_yuan_is_where_it_should_be(self) -> None:
        """Looked at after every step that wrote anything; what wrote nothing can have broken nothing."""
        if not self.watch.something_was_written():
            return
        self.seen["looks"] += 1
        self.watch.assert_nothing_is_broken()
        assert not Fund.objects.filter(reserved_fen__lt=0).exists()
        assert disagreements(self.money.programme) == [], "the ledger is not the sum of its lines"
        assert sum(balances(list(Fund.objects.all())).values()) == 0
        signers = list(BatchSignature.objects.values_list("batch", "round_no", "person_no"))
        assert len(signers) == len(set(signers)), "somebody signed twice"

    # how a step is taken

    def press(self, deed: Callable[[], Any]) -> None:
        """One press of a button, whole or not at all; refusals are answers."""
        dies, self.dies = self.dies, False
        with contextlib.suppress(Refused, PermissionDenied, Restart), transaction.atomic():
            deed()
            if dies:
                raise Restart

    def on_batch(self, which: int, deed: Callable[[PayoutBatch], Any], **only: Any) -> None:
        if batch := self.one(PayoutBatch, which, **only):
            self.press(lambda: deed(batch))

    def one(self, model: Any, which: int, **only: Any) -> Any:
        found = list(model.objects.filter(**only).order_by("pk"))
        return found[which % len(found)] if found else None

    def whose_turn(self, batch: PayoutBatch) -> Any:
        seat = chains.next_seat(batch, len(signatures.votes_of(batch)))
        assert seat is not None, "a batch in signing has a seat that is due"
        return self.person(NEXT[seat.step])

    def person(self, name: str) -> Any:
        return self.staff[name] if name in self.staff else getattr(self.money, name)

    staff: dict[str, Any]
