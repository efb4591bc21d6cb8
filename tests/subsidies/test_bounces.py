"""What the bank sends back days after it said it was paid: the payment failed after all, once, to the fen."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.db.models import Sum
from django.urls import reverse

from core import clock
from core.refusals import Refused
from reports.models import BoardTotal, DwellingSummary
from reports.periods import period_of
from reports.public.home import homes_of
from reports.queries import household_file, periodic
from reports.queries.proof import line_of
from reports.queries.scope import Scope
from reports.queries.trace_check import differences
from reports.services.summaries import rebuild_summaries, refresh_summaries
from retrofits.models import Acceptance
from subsidies import queries
from subsidies.facts import facts_for, with_related
from subsidies.fund_figures import disagreements, kind_rows
from subsidies.invariants import broken
from subsidies.models import Clawback, Entitlement, Fund, FundEntry, PayoutBatch, PayoutLine
from subsidies.reviews import Review
from subsidies.services import bank, batches, bounces, clawbacks, funds
from tests import people
from tests.subsidies.conftest import Money
from tests.subsidies.test_bank import HEAD, answer, as_csv, read
from tests.subsidies.test_pages import Sign, enter

__all__ = ["enter"]
pytestmark = pytest.mark.django_db
Kind = FundEntry.Kind


@pytest.fixture
def paid(money: Money) -> PayoutBatch:
    """A settled batch of two payments."""
    batch = money.released(2)
    bank.make_bank_file(batch=batch, by=money.releaser)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    batch.refresh_from_db()
    assert batch.state == "settled"
    return batch


def _first(rows: list[list[str]]) -> list[list[str]]:
    return rows


def _last(rows: list[list[str]]) -> list[list[str]]:
    return rows[::-1]


def bounce(money: Money, line: PayoutLine, **changes: str) -> PayoutLine:
    said = {"document_no": "退汇 88", "words": "账户已销户"} | changes
    return bounces.record_bounce(line=line, by=money.maker, **said)


def sums(money: Money) -> tuple[int, int, int]:
    """Paid, reserved and free fen over the funds."""
    funds = list(Fund.objects.filter(programme=money.programme))
    return sum(f.paid_fen for f in funds), sum(f.reserved_fen for f in funds), sum(f.free_fen for f in funds)


def test_its_money_is_free_again_and_what_is_due_may_be_paid_again(money: Money, paid: PayoutBatch) -> None:
    line = paid.lines.get(line_no=1)
    paid_fen, reserved, free = sums(money)
    elsewhere = [row.before_fen for row in Review(paid, money.maker).sources]
    for _twice in range(2):
        bounce(money, line)
    line.refresh_from_db()
    assert (line.state, line.bank_message, line.entitlement.state) == ("failed", "账户已销户", "payable")
    assert sums(money) == (paid_fen - line.amount_fen, reserved, free + line.amount_fen)
    entries = list(line.fund_entries.filter(kind=Kind.BOUNCED))
    assert sum(entry.amount_fen for entry in entries) == line.amount_fen
    assert {(entry.debit, entry.credit, entry.document_no) for entry in entries} == {("free", "paid", "退汇 88")}
    assert sum(row.total_fen for row in kind_rows(list(Fund.objects.all()))) == paid_fen - line.amount_fen
    assert (broken(), disagreements(money.programme)) == ({}, [])
    assert PayoutBatch.objects.get(pk=paid.pk).state == "settled"
    assert [row.before_fen for row in Review(paid, money.maker).sources] == elsewhere


def paid_again(money: Money, batch: PayoutBatch, line: PayoutLine) -> PayoutBatch:
    """The account is corrected, and the follow-up batch paid."""
    household = line.entitlement.household
    household.account_holder = "示例新户名"
    household.save()
    again = batches.follow_up_batch(batch=batch, request_id=uuid4(), by=money.maker)
    batches.lock_for_signing(batch=again, by=money.maker)
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(again, person)
    bank.make_bank_file(batch=again, by=money.releaser)
    bank.reconcile(bank_return=read(money, again, answer(again)), by=money.maker)
    return again


def test_the_account_is_corrected_and_the_money_paid_by_a_follow_up(money: Money, paid: PayoutBatch) -> None:
    line = bounce(money, paid.lines.get(line_no=1))
    assert not batches.payable(money.programme).exists()  # still the account the money came back from
    paid_again(money, paid, line)
    assert list(line.entitlement.payout_lines.order_by("pk").values_list("state", flat=True)) == ["failed", "paid"]
    assert (broken(), disagreements(money.programme)) == ({}, [])


def test_what_comes_back_twice_is_followed_up_from_where_it_came_back_last(money: Money, paid: PayoutBatch) -> None:
    """Seen from the first batch the account is another one by now: the very one the money came back from again."""
    line = bounce(money, paid.lines.get(line_no=1))
    again = paid_again(money, paid, line)
    second = bounce(money, again.lines.get(), document_no="退汇 89")
    assert [batches.ready_to_follow(batch) for batch in (paid, again)] == [0, 0]
    with pytest.raises(Refused, match="NOTHING_TO_FOLLOW"):
        batches.follow_up_batch(batch=paid, request_id=uuid4(), by=money.maker)
    household = second.entitlement.household
    household.account_holder = "示例又一户名"
    household.save()
    assert [batches.ready_to_follow(batch) for batch in (paid, again)] == [0, 1]
    assert (broken(), disagreements(money.programme)) == ({}, [])


@pytest.mark.parametrize(("changes", "code"), [({"document_no": " "}, "DOCUMENT_NEEDED"), ({"words": ""}, "REASON_")])
def test_without_paper_or_reason_nothing_is_booked(
    money: Money, paid: PayoutBatch, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        bounce(money, paid.lines.get(line_no=1), **changes)
    assert not FundEntry.objects.filter(kind=Kind.BOUNCED).exists()


def test_only_what_the_bank_has_confirmed_can_come_back(money: Money) -> None:
    batch = money.released(2)
    bank.make_bank_file(batch=batch, by=money.releaser)
    with pytest.raises(Refused, match="NOT_PAID"):
        bounce(money, batch.lines.get(line_no=1))
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[1])), by=money.maker)
    with pytest.raises(Refused, match="NOT_PAID"):
        bounce(money, batch.lines.get(line_no=1))


def test_a_clerk_without_the_right_books_nothing(money: Money, paid: PayoutBatch) -> None:
    with pytest.raises(PermissionDenied):
        bounces.record_bounce(line=paid.lines.get(line_no=1), document_no="1", words="退", by=money.reviewer)


def test_what_is_claimed_back_has_to_be_dropped_first(money: Money, paid: PayoutBatch) -> None:
    line = paid.lines.get(line_no=1)
    case = clawbacks.propose_clawback(
        entitlement=line.entitlement, amount_fen=100, reason=Clawback.Reason.OTHER, words="算错", by=money.maker
    )
    with pytest.raises(Refused, match="CLAIMED_BACK") as refused:
        bounce(money, line)
    assert str(case) in refused.value.sentence
    clawbacks.decide_clawback(clawback=case, decision="drop", reason="银行退汇", by=money.reviewer)
    assert bounce(money, line).state == "failed"


def test_the_database_lets_a_confirmed_payment_go_nowhere_else(paid: PayoutBatch) -> None:
    line = paid.lines.get(line_no=1)
    for state in ("sent", "planned", "dropped"):
        with pytest.raises(DatabaseError, match="may not go"), transaction.atomic():
            PayoutLine.objects.filter(pk=line.pk).update(state=state)
    with pytest.raises(DatabaseError, match="may not go"), transaction.atomic():
        Entitlement.objects.filter(pk=line.entitlement_id).update(state="batched")


def test_a_list_of_the_bank_sends_back_what_it_had_confirmed(money: Money, paid: PayoutBatch) -> None:
    rows = [answer(paid, failed=[2])[1]]
    found = read(money, paid, rows, "退汇清单.csv")
    assert (found.counts["bounced"], found.counts["failed"], bank.sum_words(found)) == (1, 0, "")
    bank.reconcile(bank_return=found, by=money.maker)
    assert paid.lines.filter(state="paid").count() == 2  # matched and shown, and booked by its own button only
    assert [bounces.book_bounces(bank_return=found, by=money.maker) for _twice in range(2)] == [1, 0]
    line = paid.lines.get(line_no=2)
    assert (line.state, line.bank_message) == ("failed", "户名不符")
    assert set(line.fund_entries.filter(kind=Kind.BOUNCED).values_list("document_no", flat=True)) == {"R2"}
    assert (broken(), disagreements(money.programme)) == ({}, [])


def test_a_later_answer_of_an_open_batch_books_and_sends_back_in_any_order(money: Money) -> None:
    """One is paid on Monday; on Tuesday the bank sends it back and pays the other."""
    for sent_back_first in (True, False):
        batch = money.sent(2) if sent_back_first else _next(money)
        bank.reconcile(bank_return=read(money, batch, answer(batch)[:1]), by=money.maker)
        found = read(money, batch, [answer(batch, failed=[1])[0], answer(batch)[1]])
        assert (found.counts["paid"], found.counts["bounced"], found.counts["missing"]) == (1, 1, 0)
        steps = [bounces.book_bounces, bank.reconcile]
        for left, step in zip((1, 0), steps if sent_back_first else reversed(steps), strict=True):
            step(bank_return=found, by=money.maker)  # type: ignore[operator]
            assert queries.returns_to_book(money.maker, "370999") == left
        found.refresh_from_db()
        assert found.applied_at and queries.returns_to_book(money.maker, "370999") == 0
        batch.refresh_from_db()
        assert batch.state == "settled"
        assert list(batch.lines.order_by("line_no").values_list("state", flat=True)) == ["failed", "paid"]
    assert (broken(), disagreements(money.programme)) == ({}, [])


def _next(money: Money) -> PayoutBatch:
    money.payable(2)
    batch = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person)
    batch.refresh_from_db()
    bank.make_bank_file(batch=batch, by=money.releaser)
    return batch


def test_a_part_and_then_the_whole_failed_closes_the_payment(money: Money) -> None:
    """The bank paid a part, took it back and says that the whole failed: the batch could not be settled before."""
    batch = money.sent(2)
    before = sums(money)
    bank.reconcile(bank_return=read(money, batch, answer(batch, at1_2="2000.00")), by=money.maker)
    found = read(money, batch, [answer(batch, failed=[1])[0]])
    assert (found.counts["bounced"], found.counts["failed"], bounces.standing(found)) == (1, 0, 1)
    bank.reconcile(bank_return=found, by=money.maker)
    assert batch.lines.get(line_no=1).partial_fen == 200_000  # asked for by its own button
    assert [bounces.book_bounces(bank_return=found, by=money.maker) for _twice in range(2)] == [1, 0]
    line = batch.lines.get(line_no=1)
    assert (line.state, line.partial_fen, line.entitlement.state) == ("failed", 0, "payable")
    assert sums(money) == (before[0] + 600_000, 0, before[2] + 600_000)
    assert not line.fund_entries.filter(kind=Kind.BOUNCED).exists()  # nothing of it had left the funds
    batch.refresh_from_db()
    assert (batch.state, broken(), disagreements(money.programme)) == ("settled", {}, [])


@pytest.mark.parametrize("order", [_first, _last])
def test_a_part_that_the_file_still_lists_is_not_sent_back_with_the_whole(
    money: Money, order: Callable[[list[list[str]]], list[list[str]]]
) -> None:
    batch = money.sent(2)
    part = answer(batch, at1_2="2000.00")[0]
    bank.reconcile(bank_return=read(money, batch, [part]), by=money.maker)
    rows = order([part, [*answer(batch, failed=[1])[0][:5], "R9"]])
    found = read(money, batch, [*rows, answer(batch)[1]])
    assert found.counts["bounced"] == 0 and "ROWS_CONTRADICT" in {row["why"] for row in found.unknown}


def test_a_part_taken_back_alone_is_told(money: Money) -> None:
    batch = money.sent(2)
    part = answer(batch, at1_2="2000.00")[0]
    bank.reconcile(bank_return=read(money, batch, [part]), by=money.maker)
    found = read(money, batch, [[*part[:3], "退汇", "销户", part[5]], answer(batch)[1]])
    assert [row["why"] for row in found.unknown] == ["PART_FAILED"]


def test_two_answers_read_before_either_is_booked_lose_nothing(money: Money, enter: Sign) -> None:
    """Read while the payment was open the second says failed; once the first is booked that is a bounce."""
    batch = money.sent(2)
    first = read(money, batch, answer(batch), "先到.csv")
    second = read(money, batch, answer(batch, failed=[1]), "后到.csv")
    for answered in (first, second):
        bank.reconcile(bank_return=answered, by=money.maker)
    assert batch.lines.filter(state="paid").count() == 2
    assert (bounces.standing(second), queries.returns_to_book(money.maker, "370999")) == (1, 1)
    client, page = enter(money.maker), reverse("subsidies:return-detail", args=[second.pk])
    shown = client.get(page).context
    assert ([row["line"].line_no for row in shown["bounced"]], shown["failed"], shown["to_bounce"]) == ([1], [], 1)
    assert [bounces.book_bounces(bank_return=second, by=money.maker) for _twice in range(2)] == [1, 0]
    assert (bounces.standing(second), queries.returns_to_book(money.maker, "370999"), broken()) == (0, 0, {})


def test_a_list_whose_payments_were_written_down_one_by_one_is_done_with(
    money: Money, paid: PayoutBatch, enter: Sign
) -> None:
    found = read(money, paid, [answer(paid, failed=[1])[0]], "退汇清单.csv")
    client, page = enter(money.maker), reverse("subsidies:return-detail", args=[found.pk])
    assert "未入账" in client.get(page).content.decode()
    bounce(money, paid.lines.get(line_no=1))
    assert "未入账" not in client.get(page).content.decode()
    assert queries.returns_to_book(money.maker, "370999") == 0


def test_by_command_nothing_is_sent_back_unless_it_is_asked_for(
    money: Money, paid: PayoutBatch, tmp_path: Path
) -> None:
    file = tmp_path / "r.csv"
    file.write_bytes(as_csv([answer(paid, failed=[1])[0]]))
    call_command("bank_return", paid.number, str(file), by=money.maker.username, stdout=StringIO())
    assert paid.lines.filter(state="paid").count() == 2
    call_command("bank_return", paid.number, str(file), by=money.maker.username, sent_back=True, stdout=StringIO())
    assert paid.lines.filter(state="paid").count() == 1


@pytest.mark.parametrize("order", [_first, _last])
def test_what_the_same_file_calls_paid_is_not_sent_back(
    money: Money, paid: PayoutBatch, order: Callable[[list[list[str]]], list[list[str]]]
) -> None:
    """Returned on Monday and paid on Tuesday, both in one list: nothing says that the money came back."""
    rows = order([answer(paid, failed=[1])[0], answer(paid)[0]])
    found = read(money, paid, [*rows, answer(paid, failed=[2])[1]])
    assert (found.counts["bounced"], {row["why"] for row in found.unknown} - {"SETTLED_BEFORE"}) == (
        1, {"ROWS_CONTRADICT"}
    )  # fmt: skip
    bounces.book_bounces(bank_return=found, by=money.maker)
    assert list(paid.lines.order_by("line_no").values_list("state", flat=True)) == ["paid", "failed"]


@pytest.mark.parametrize("change", [{"at1_2": "1.00"}, {"at1_1": "6222000000000000"}])
def test_another_amount_or_card_sends_nothing_back(money: Money, paid: PayoutBatch, change: dict[str, str]) -> None:
    with pytest.raises(Refused, match="NOTHING_MATCHES"):
        read(money, paid, [answer(paid, failed=[1], **change)[0]])


def test_a_list_that_contradicts_its_sum_is_not_kept_for_a_settled_batch(money: Money, paid: PayoutBatch) -> None:
    content = as_csv([answer(paid, failed=[1])[0], ["合计", "", "99.00", "", "", ""]], HEAD)
    with pytest.raises(Refused, match="FILE_TOTAL"):
        bank.read_return(batch=paid, content=content, file_name="r.csv", by=money.maker)


def test_what_was_written_down_as_recovered_by_hand_does_not_come_back_as_well(money: Money, paid: PayoutBatch) -> None:
    for fund in Fund.objects.filter(paid_fen__gt=0):
        funds.record_recovery(
            fund=fund, amount_fen=fund.paid_fen, document_no="退汇 88", request_id=uuid4(), by=money.maker
        )
    with pytest.raises(Refused, match="RECOVERED"):
        bounce(money, paid.lines.get(line_no=1))
    assert broken() == {}


def test_one_payment_is_written_down_from_its_amounts_page(money: Money, paid: PayoutBatch, enter: Sign) -> None:
    line, client = paid.lines.get(line_no=1), enter(money.maker)
    due, page = (
        reverse("subsidies:entitlement-detail", args=[line.entitlement_id]),
        reverse("subsidies:payment-bounce", args=[paid.number, line.pk]),
    )
    assert page in client.get(due).content.decode()
    assert page not in enter(money.reviewer).get(due).content.decode()
    client = enter(money.maker)
    refused = client.post(page, {"document_no": "退汇 88", "words": ""})
    assert (refused.status_code, "退汇 88" in refused.content.decode()) == (422, True)
    shown = client.post(page, {"document_no": "退汇 88", "words": "销户"}, follow=True).content.decode()
    assert "请村镇更正收款账户" in shown and page not in shown
    assert client.post(page, {"document_no": "退汇 88", "words": "销户"}).status_code == 302  # pressed twice
    assert PayoutLine.objects.filter(state="failed").count() == 1


def test_the_banks_list_of_a_settled_batch_is_shown_and_booked(money: Money, paid: PayoutBatch, enter: Sign) -> None:
    client = enter(money.maker)
    new = reverse("subsidies:return-new", args=[paid.number])
    assert new in client.get(reverse("subsidies:batch-detail", args=[paid.number])).content.decode()
    upload = SimpleUploadedFile("退汇清单.csv", as_csv([answer(paid, failed=[2])[1]]))
    shown = client.post(new, {"file": upload}, follow=True).content.decode()
    found = paid.bank_returns.latest("pk")
    book = reverse("subsidies:return-bounce", args=[found.pk])
    assert book in shown and reverse("subsidies:return-book", args=[found.pk]) not in shown
    assert queries.returns_to_book(money.maker, "370999") == 1
    shown = client.post(book, follow=True).content.decode()
    assert "已登记退汇 1 笔" in shown and book not in shown
    assert (queries.returns_to_book(money.maker, "370999"), paid.lines.get(line_no=2).state) == (0, "failed")


def readers(money: Money, line: PayoutLine) -> tuple[object, ...]:
    """What rooms that read payments say of one dwelling and of all: summary, boards, report of the month, facts, file,
    the household's own page, ledger and the auditors' path."""
    refresh_summaries(now=clock.now())
    assert differences() == []
    home = line.entitlement.dwelling
    summary = DwellingSummary.objects.get(dwelling=home)
    arrived = BoardTotal.objects.filter(kind="arrived").aggregate(n=Sum("number"), fen=Sum("fen"))
    done = periodic.figures_of(money.programme, "370999", period_of("month", clock.today()))["done"]
    accepted = Acceptance.objects.filter(task__dwelling=home)
    ((_one, facts),) = facts_for(list(with_related(accepted)), on=clock.today())
    file = household_file.file_of(home, money.programme, money.office)
    shown = [event.look for event in household_file.events_of(file) if event.note == line.bank_reference]
    own = homes_of(home.household, clock.today())[0].paid_fen
    proof = line_of(Scope(people.user("auditor", "370999"), money.programme, "370999"), home.dwelling_no)
    total = queries.payout_ledger(money.programme, money.office).total_fen
    return (
        summary.stage, summary.paid_fen, summary.payment_failed, arrived["n"], arrived["fen"], done["payments"],
        done["paid_fen"], len(facts.payments), file.paid_at is not None, shown, own, proof is not None, total,
    )  # fmt: skip


def test_whatever_reads_payments_follows_there_and_back(money: Money, paid: PayoutBatch) -> None:
    rebuild_summaries()
    line = paid.lines.get(line_no=1)
    fen = line.amount_fen
    arrived = ("paid", fen, False, 2, 2 * fen, 2, 2 * fen, 1, True, [""], fen, True, 2 * fen)
    assert readers(money, line) == arrived
    bounce(money, line)
    assert readers(money, line) == ("payable", 0, True, 1, fen, 1, fen, 0, False, ["bad"], 0, False, fen)
    paid_again(money, paid, line)
    assert readers(money, line) == arrived
    rebuild_summaries()
    assert differences() == []
