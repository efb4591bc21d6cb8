"""To the bank and back: one file, every row of the answer accounted for, the funds to the fen."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
import xlsxwriter
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import AccessLog
from core.blind_index import blind_index
from core.identity import synthetic_card
from core.money import plain_yuan
from core.refusals import Refused
from core.workbooks.read import read_workbook
from subsidies.exporting import line_ref
from subsidies.invariants import broken
from subsidies.models import BankReturn, Entitlement, Fund, FundEntry, PayoutBatch, PayoutLine
from subsidies.reviews import Review
from subsidies.services import bank, batches, notices
from tests.subsidies.conftest import VILLAGE, Money, make_money

pytestmark = pytest.mark.django_db
HEAD = ["附言", "账号", "金额（元）", "处理结果", "失败原因", "流水号"]


def answer(batch: PayoutBatch, failed: Sequence[int] = (), **changes: str) -> list[list[str]]:
    """The bank's rows for the batch; `changes` maps "line_no:column" to another text."""
    rows = []
    for line in batch.lines.exclude(state="dropped").order_by("line_no"):
        bad = line.line_no in failed
        row = [line_ref(batch.number, line.line_no), line.bank_card, plain_yuan(line.amount_fen)]
        rows.append([*row, "退汇" if bad else "成功", "户名不符" if bad else "", f"R{line.line_no}"])
    for place, text in changes.items():
        number, column = place.removeprefix("at").split("_")
        rows[int(number) - 1][int(column)] = text
    return rows


def as_csv(rows: Sequence[Sequence[str]], head: Sequence[str] = HEAD) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([["示例农商行 代发回单"], head, *rows, ["合计"]])
    return out.getvalue().encode("utf-8")


def read(money: Money, batch: PayoutBatch, rows: Sequence[Sequence[str]], name: str = "r.csv") -> BankReturn:
    return bank.read_return(batch=batch, content=as_csv(rows), file_name=name, by=money.maker)


def test_the_payment_file_holds_text_only_and_its_own_sums(money: Money, tmp_path: Path) -> None:
    batch = money.released(3)
    made = bank.make_bank_file(batch=batch, by=money.releaser)
    path = tmp_path / "f.xlsx"
    path.write_bytes(bank.hand_out_bank_file(bank_file=made, by=money.releaser))
    pay, check = read_workbook(path).sheets
    assert pay.rows[0].texts[0] == f"{batch.number} 代发清单　笔数 3　合计 18000.00 元"
    line = batch.lines.order_by("line_no").first()
    assert pay.rows[2].texts == ("1", line.payee_name, line.bank_card, "6000.00", line_ref(batch.number, 1))
    assert not any(row.notes for row in pay.rows)
    assert ("合计（元）", "18000.00") in [row.texts[:2] for row in check.rows]
    assert (made.total_fen, made.line_count) == (1_800_000, 3)


def test_asked_again_it_is_the_same_file_and_every_handing_out_is_written_down(money: Money) -> None:
    batch = money.released(2)
    first, second = (bank.make_bank_file(batch=batch, by=money.releaser) for _ in range(2))
    assert first == second
    once = bank.hand_out_bank_file(bank_file=first, by=money.releaser)
    with pytest.raises(Refused, match="REASON_NEEDED"):
        bank.hand_out_bank_file(bank_file=first, by=money.releaser)
    assert bank.hand_out_bank_file(bank_file=first, by=money.releaser, reason="银行未收到") == once
    assert list(first.issues.order_by("pk").values_list("reason", "issued_by")) == [
        ("", money.releaser.pk), ("银行未收到", money.releaser.pk)
    ]  # fmt: skip
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        first.issues.update(reason="")
    assert list(AccessLog.objects.values_list("content_sha256", flat=True)) == [first.sha256] * 2


def test_before_release_there_is_no_file(money: Money) -> None:
    with pytest.raises(Refused, match="BATCH_STATE"):
        bank.make_bank_file(batch=money.locked(1), by=money.releaser)


def test_a_csv_template_is_data_of_the_programme(db: None) -> None:
    columns = [["card", "卡号"], ["payee", "姓名"], ["amount", "金额"], ["line_ref", "摘要"], ["purpose", "用途"]]
    money = make_money(settings={"bank_template": {"format": "csv", "columns": columns, "purpose": "煤改电补贴"}})
    made = bank.make_bank_file(batch=money.released(1), by=money.releaser)
    text = bank.hand_out_bank_file(bank_file=made, by=money.releaser).decode("utf-8-sig")
    assert text.splitlines()[0] == "卡号,姓名,金额,摘要,用途"
    assert text.splitlines()[1].endswith(",6000.00,PB-2021-001-0001,煤改电补贴")


@pytest.mark.clause(
    "T-58",
    "及时将…各项补贴资金拨付到位",
    serves="subsidies.services.bank:reconcile",
    page="subsidies:return-detail",
    model="subsidies.BankReturn",
)
def test_all_paid_settles_the_batch_and_the_funds(money: Money) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    assert PayoutBatch.objects.get(pk=batch.pk).state == "settled"
    assert set(Entitlement.objects.values_list("state", flat=True)) == {"paid"}
    for fund in Fund.objects.all():
        assert (fund.reserved_fen, fund.paid_fen, fund.free_fen) == (0, 900_000, 100_000_000 - 900_000)
    assert FundEntry.objects.filter(kind="paid").count() == 6


def test_a_failed_line_gives_its_money_back_and_is_paid_once_its_account_is_corrected(
    money: Money,
) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[2])), by=money.maker)
    failed = PayoutLine.objects.get(batch=batch, line_no=2)
    assert (failed.state, failed.bank_message, failed.entitlement.state) == ("failed", "户名不符", "payable")
    assert PayoutBatch.objects.get(pk=batch.pk).state == "settled"
    assert set(Fund.objects.values_list("reserved_fen", "paid_fen")) == {(0, 600_000)}
    with pytest.raises(Refused, match="NOTHING_PAYABLE"), transaction.atomic():
        money.draft()
    assert Review(batch, money.maker).sent_back == [{"again": "", "count": 1, "fen": 600_000}]
    household = failed.entitlement.household
    assert "张错名" not in (household.head_name, household.account_holder)
    household.account_holder = "张错名"  # the card's own name
    household.save()
    follow_up = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    assert list(follow_up.lines.values_list("entitlement", flat=True)) == [failed.entitlement_id]
    assert Review(batch, money.maker).sent_back == [{"again": follow_up.number, "count": 1, "fen": 600_000}]


def test_a_partial_answer_leaves_the_rest_with_the_bank(money: Money) -> None:
    batch = money.sent(3)
    found = read(money, batch, answer(batch)[:2])
    assert (found.counts["paid"], found.counts["missing"]) == (2, 1)
    assert "12,000.00" in bank.sum_words(found) and "18,000.00" in bank.sum_words(found)
    bank.reconcile(bank_return=found, by=money.maker)
    assert PayoutBatch.objects.get(pk=batch.pk).state == "released"
    rest = read(money, batch, answer(batch)[2:])
    bank.reconcile(bank_return=rest, by=money.maker)
    assert PayoutBatch.objects.get(pk=batch.pk).state == "settled"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"at1_2": "6000.01"}, "OVERPAID"),
        ({"at1_2": "0"}, "AMOUNT_DIFFERS"),
        ({"at1_2": "5999.99", "at1_3": "退汇"}, "AMOUNT_DIFFERS"),
        ({"at1_1": "6230990000000000000"}, "CARD_DIFFERS"),
        ({"at1_3": "处理中"}, "RESULT_UNREADABLE"),
        ({"at1_2": "六千"}, "AMOUNT_UNREADABLE"),
        ({"at1_0": "PB-2021-001-0002"}, "CARD_DIFFERS"),
        ({"at1_0": "", "at1_1": ""}, "NO_LINE"),
    ],
)
def test_a_row_that_does_not_fit_is_told_and_not_booked(money: Money, change: dict[str, str], why: str) -> None:
    batch = money.sent(3)
    found = read(money, batch, answer(batch, **change))
    assert [row["why"] for row in found.unknown] == [why]
    assert (found.counts["rows"], found.counts["paid"]) == (3, 2)
    named = "at1_0" not in change  # a payment the file speaks of, though wrongly, is not one it does not mention
    assert found.counts["missing"] == (0 if named else 1)
    bank.reconcile(bank_return=found, by=money.maker)
    assert batch.lines.get(line_no=1).state == "sent"


def test_without_a_reference_card_and_amount_find_the_line(money: Money) -> None:
    batch = money.sent(2)
    found = read(money, batch, answer(batch, at1_0="", at2_0="别的"))
    assert found.counts["paid"] == 2


@pytest.mark.parametrize("say", [["成功", "成功"], ["成功", "退汇"], ["成功"], ["成功", "成功", "成功"]])
def test_two_seasons_at_the_cap_need_no_reference_where_the_bank_says_the_same_of_both(
    money: Money, say: list[str]
) -> None:
    home = money.accepted(costs=()).dwelling
    spring = dt.datetime(2023, 4, 12, 1, tzinfo=dt.UTC)
    for year in (2021, 2022):
        money.reading(home, "3100", f"{year}-11-01", f"{year + 1}-03-31")
        money.receipt("DISTRICT", 10_000_000, budget_year=year)
    money.assess(on=spring.date(), now=spring)
    notices.close_notices(now=money.publish(VILLAGE, now=spring).ends_at)
    batch = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person)
    batch.refresh_from_db()
    bank.make_bank_file(batch=batch, by=money.releaser)
    card = batch.lines.first().bank_card
    rows = [["", card, "600.00", words, "", ""] for words in say]
    if say != ["成功", "成功"]:
        with pytest.raises(Refused, match="NOTHING_MATCHES"):
            read(money, batch, rows)
        return
    found = read(money, batch, rows)
    assert (found.counts["paid"], found.counts["unknown"]) == (2, 0)
    bank.reconcile(bank_return=found, by=money.maker)
    assert (PayoutBatch.objects.get().state, broken()) == ("settled", {})


def test_two_rows_for_one_payment_count_once(money: Money) -> None:
    batch = money.sent(2)
    rows = answer(batch)
    found = read(money, batch, [*rows, rows[0]])
    assert (found.counts["paid"], [row["why"] for row in found.unknown]) == (2, ["SECOND_ROW"])


@pytest.mark.parametrize(
    ("words", "outcome"),
    [("未成功", "failed"), ("交易不成功", "failed"), ("成功后退回", "failed"), ("Unsuccessful", "failed"),
     ("UNPAID", "failed"), ("未支付成功", "unknown"), ("没有成功", "unknown"), ("not successful", "unknown"),
     ("冲正成功", "unknown"), ("已撤销（原成功）", "unknown"), ("代发成功（不含手续费）", "paid"),
     ("Account paid", "paid")],
)  # fmt: skip
def test_only_what_says_so_plainly_is_read_as_paid(money: Money, words: str, outcome: str) -> None:
    batch = money.sent(2)
    counts = read(money, batch, answer(batch, at1_3=words)).counts
    assert {name: counts[name] for name in ("paid", "failed", "unknown")} == {
        name: (name == "paid") + (name == outcome) for name in ("paid", "failed", "unknown")
    }


@pytest.mark.parametrize(("column", "text"), [(3, "退汇"), (2, "-6000.00"), (3, "冲正")])
def test_a_payment_called_paid_and_not_paid_is_not_booked(money: Money, column: int, text: str) -> None:
    batch = money.sent(2)
    first, second = answer(batch)
    other = [text if at == column else cell for at, cell in enumerate(first)]
    found = read(money, batch, [first, second, other, first])
    assert [row["why"] for row in found.unknown] == ["ROWS_CONTRADICT", "ROWS_CONTRADICT", "SECOND_ROW"]
    assert (found.counts["rows"], found.counts["paid"]) == (4, 1)
    bank.reconcile(bank_return=found, by=money.maker)
    assert dict(batch.lines.values_list("line_no", "state")) == {1: "sent", 2: "paid"}


def test_the_same_file_again_is_the_same_answer_even_after_booking(money: Money) -> None:
    batch = money.sent(2)
    found = read(money, batch, answer(batch))
    assert read(money, batch, answer(batch)) == found
    bank.reconcile(bank_return=found, by=money.maker)
    again = read(money, batch, answer(batch))
    assert (again, BankReturn.objects.count()) == (found, 1)
    bank.reconcile(bank_return=again, by=money.maker)
    assert FundEntry.objects.filter(kind="paid").count() == 4


def test_the_file_of_another_batch_is_refused(money: Money) -> None:
    first, rows = money.sent(1), [["", "", "6000.00", "成功", "", ""]]
    content = as_csv([[line_ref(first.number, 1), *rows[0][1:]]])
    bank.read_return(batch=first, content=content, file_name="r.csv", by=money.maker)
    second = money.sent(1)
    with pytest.raises(Refused, match="SAME_FILE"):
        bank.read_return(batch=second, content=content, file_name="r.csv", by=money.maker)


def test_a_part_is_kept_and_the_rest_completes_it_once(money: Money) -> None:
    batch = money.sent(3)
    part = read(money, batch, answer(batch, at1_2="2000.00")[:2])
    assert (part.counts["partial"], part.counts["paid"]) == (1, 1)
    bank.reconcile(bank_return=part, by=money.maker)
    line = batch.lines.get(line_no=1)
    assert (line.state, line.partial_fen) == ("sent", 200_000)
    assert set(Fund.objects.values_list("reserved_fen", "paid_fen")) == {(600_000, 300_000)}, "paid once it is whole"
    rows = answer(batch, at1_2="2000.00")
    known = read(money, batch, [rows[0], rows[2]])
    assert ([row["why"] for row in known.unknown], known.counts["paid"]) == (["PART_KNOWN"], 1)
    bank.reconcile(bank_return=known, by=money.maker)
    rest = read(money, batch, answer(batch, at1_2="4000.00", at1_5="R9")[:1])
    bank.reconcile(bank_return=rest, by=money.maker)
    line.refresh_from_db()
    assert (line.state, line.partial_fen, PayoutBatch.objects.get(pk=batch.pk).state) == ("paid", 0, "settled")
    assert set(Fund.objects.values_list("reserved_fen", "paid_fen")) == {(0, 900_000)}
    assert broken() == {}


@pytest.mark.parametrize(
    ("parts", "state", "partial_fen", "told"),
    [
        ([("2000.00", "R1"), ("4000.00", "R2")], "paid", 0, []),
        ([("2000.00", "R1"), ("1000.00", "R2")], "sent", 300_000, []),
        ([("2000.00", "R1"), ("2000.00", "R1")], "sent", 200_000, ["SECOND_ROW"]),
        ([("2000.00", ""), ("4000.00", "")], "sent", 200_000, ["SECOND_ROW"]),
        ([("2000.00", "R1"), ("4000.01", "R2")], "sent", 200_000, ["SECOND_ROW"]),
        ([("6000.00", "R1"), ("6000.00", "R2")], "paid", 0, ["SECOND_ROW"]),
    ],
)
def test_parts_in_one_file_make_the_whole_where_each_has_its_own_reference(
    money: Money, parts: list[tuple[str, str]], state: str, partial_fen: int, told: list[str]
) -> None:
    batch = money.sent(2)
    row, other = answer(batch)
    rows = [[*row[:2], fen, *row[3:5], reference] for fen, reference in parts]
    found = read(money, batch, [*rows, other])
    assert [one["why"] for one in found.unknown] == told
    for _twice in range(2):
        bank.reconcile(bank_return=found, by=money.maker)
    line = batch.lines.get(line_no=1)
    assert (line.state, line.partial_fen, broken()) == (state, partial_fen, {})
    if state == "sent":  # the next answer lists them all again and brings the rest
        rest = [*row[:2], plain_yuan(600_000 - partial_fen), *row[3:5], "R9"]
        bank.reconcile(bank_return=read(money, batch, [*rows[: 2 - len(told)], rest]), by=money.maker)
        assert (batch.lines.get(line_no=1).state, broken()) == ("paid", {})


def test_parts_that_the_file_also_calls_failed_are_all_told(money: Money) -> None:
    batch = money.sent(1)
    row = answer(batch)[0]
    rows = [[*row[:2], "2000.00", *row[3:5], "R1"], [*row[:2], "1000.00", *row[3:5], "R2"],
            [*row[:3], "失败", "", "R3"]]  # fmt: skip
    with pytest.raises(Refused, match="NOTHING_MATCHES"):
        read(money, batch, rows)


def test_two_files_about_the_same_part_book_it_once(money: Money) -> None:
    batch = money.sent(1)
    rows = answer(batch, at1_2="2000.00")
    first, second = read(money, batch, rows), read(money, batch, [[*rows[0][:4], "部分", "R1"]])
    for found in (first, second):
        bank.reconcile(bank_return=found, by=money.maker)
    assert batch.lines.get().partial_fen == 200_000


@pytest.mark.parametrize("first", ["R1", ""])
def test_a_file_that_lists_earlier_parts_again_books_none_of_them_twice(money: Money, first: str) -> None:
    batch = money.sent(2)
    part, other = answer(batch, at1_2="2000.00", at1_5=first)
    second = [*part[:2], "1000.00", *part[3:5], "R2"]
    before = read(money, batch, [[*part[:4], "read before the others were booked", first]])
    for found in (read(money, batch, [part]), read(money, batch, [second]), before):
        bank.reconcile(bank_return=found, by=money.maker)
    assert batch.lines.get(line_no=1).partial_fen == 300_000
    again = read(money, batch, [part, other])
    assert ([row["why"] for row in again.unknown], again.counts["paid"]) == (["PART_KNOWN"], 1)
    rest = [*part[:2], "3000.00", *part[3:5], "R3"]
    for found in (again, read(money, batch, [rest])):
        bank.reconcile(bank_return=found, by=money.maker)
    assert (batch.lines.get(line_no=1).state, PayoutBatch.objects.get().state, broken()) == ("paid", "settled", {})


def test_more_than_is_due_is_never_booked_and_says_by_how_much(money: Money) -> None:
    batch = money.sent(2)
    found = read(money, batch, answer(batch, at1_2="6000.01"))
    assert (found.unknown[0]["amount_fen"], found.unknown[0]["due_fen"]) == (600_001, 600_000)
    bank.reconcile(bank_return=found, by=money.maker)
    assert batch.lines.get(line_no=1).state == "sent"


def test_a_payment_settled_before_is_told_apart_from_an_unknown_one(money: Money) -> None:
    batch = money.sent(2)
    bank.reconcile(bank_return=read(money, batch, answer(batch)[:1]), by=money.maker)
    found = read(money, batch, answer(batch))
    assert ([row["why"] for row in found.unknown], found.counts["paid"]) == (["SETTLED_BEFORE"], 1)


@pytest.mark.parametrize(
    ("total", "words"),
    [(["合计", "", "12000.01"], "12,000.01"), (["合计", "3", "12000.00"], "3"), (["总计", "2笔", "0.00"], "0.00")],
)
def test_a_file_that_contradicts_its_own_sums_is_not_booked(money: Money, total: list[str], words: str) -> None:
    batch = money.sent(2)
    found = read(money, batch, [*answer(batch), total])
    assert words in bank.own_sums_wrong(found.counts)
    with pytest.raises(Refused, match="FILE_TOTAL"):
        bank.reconcile(bank_return=found, by=money.maker)
    assert not batch.lines.exclude(state="sent").exists()


def test_a_file_with_its_own_sums_right_is_booked(money: Money) -> None:
    batch = money.sent(2)
    found = read(money, batch, [*answer(batch), ["合计", "2", "12000.00"]])
    assert (found.counts["stated_rows"], found.counts["stated_fen"]) == (2, 1_200_000)
    bank.reconcile(bank_return=found, by=money.maker)
    assert PayoutBatch.objects.get().state == "settled"


@pytest.mark.parametrize("label", ["合计：", "合 计（元）", "合计金额", "TOTAL", "总计:"])
def test_a_line_of_sums_is_no_payment_however_it_is_titled(money: Money, label: str) -> None:
    batch = money.sent(2)
    found = read(money, batch, [*answer(batch), [label, "", "12000.00"]])
    counts = found.counts
    assert (counts["rows"], counts["sum_fen"], counts["stated_fen"]) == (2, 1_200_000, 1_200_000)


@pytest.mark.parametrize("page", ["合计", "小计", "本页合计："])
def test_sums_of_the_pages_beside_the_sum_of_all_say_nothing_new(money: Money, page: str) -> None:
    batch = money.sent(2)
    first, second = answer(batch)
    found = read(money, batch, [first, [page, "1", "6000"], second, [page, "1", "6000"], ["总计", "2", "12000"]])
    assert (found.counts["stated_rows"], found.counts["stated_fen"]) == (2, 1_200_000)
    bank.reconcile(bank_return=found, by=money.maker)
    assert PayoutBatch.objects.get().state == "settled"


def test_an_answer_between_bars_in_gbk_is_read(money: Money) -> None:
    batch = money.sent(2)
    text = "\r\n".join("|".join(row) for row in [HEAD, *answer(batch, failed=[2])])
    found = bank.read_return(batch=batch, content=text.encode("gbk"), file_name="r.txt", by=money.maker)
    assert (found.counts["paid"], found.counts["failed"], found.unknown) == (1, 1, [])


def test_a_corrected_account_is_paid_by_a_follow_up_and_an_uncorrected_one_is_not(money: Money) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[1, 2])), by=money.maker)
    key = uuid4()
    with pytest.raises(Refused, match="NOTHING_TO_FOLLOW"), transaction.atomic():
        batches.follow_up_batch(batch=batch, request_id=uuid4(), by=money.maker)
    first = batch.lines.get(line_no=1)
    household = first.entitlement.household
    household.bank_card, household.bank_card_index = (card := synthetic_card(990_001)), blind_index(card, "bank_card")
    household.save()
    made, again = (batches.follow_up_batch(batch=batch, request_id=key, by=money.maker) for _ in range(2))
    assert made == again and made.follows == batch
    assert list(made.lines.values_list("entitlement", flat=True)) == [first.entitlement_id]
    other = batches.follow_up_batch(batch=batch, request_id=uuid4(), by=money.maker, unchanged_too=True)
    assert list(other.lines.values_list("entitlement", flat=True)) == [batch.lines.get(line_no=2).entitlement_id]


def test_the_follow_up_of_a_batch_with_the_longest_title_is_made(money: Money) -> None:
    batch = money.sent(1)
    PayoutBatch.objects.update(title="题" * 120)
    bank.reconcile(bank_return=read(money, batch, [*answer(batch, failed=[1])]), by=money.maker)
    batch.refresh_from_db()
    made = batches.follow_up_batch(batch=batch, request_id=uuid4(), by=money.maker, unchanged_too=True)
    assert made.title.startswith("题" * 100) and len(made.title) <= 120 and not made.title.endswith("题")


def test_booking_twice_books_once(money: Money) -> None:
    batch = money.sent(2)
    found = read(money, batch, answer(batch))
    first, second = (bank.reconcile(bank_return=found, by=money.maker) for _ in range(2))
    assert second.applied_at == first.applied_at == batch.lines.first().settled_at
    assert set(Fund.objects.values_list("paid_fen", flat=True)) == {600_000}


def test_two_answers_about_one_line_pay_it_once(money: Money) -> None:
    batch = money.sent(2)
    first, second = read(money, batch, answer(batch)[:1]), read(money, batch, answer(batch))
    for found in (first, second):
        bank.reconcile(bank_return=found, by=money.maker)
    assert FundEntry.objects.filter(kind="paid").count() == 4


def test_a_file_of_another_kind_is_refused_in_words(money: Money) -> None:
    batch = money.sent(1)
    for content in (b"", b"\x89PNG\r\n\x1a\n123", "姓名,说明\n张,李\n".encode()):
        with pytest.raises(Refused, match="FILE_UNREADABLE") as refusal:
            bank.read_return(batch=batch, content=content, file_name="x", by=money.maker)
        assert refusal.value.sentence


def test_cards_typed_as_numbers_are_named(money: Money, tmp_path: Path) -> None:
    batch, path = money.sent(1), tmp_path / "n.xlsx"
    line = batch.lines.get()
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, [line_ref(batch.number, 1), int(line.bank_card), 6000, "成功", "", "R"])
    with pytest.raises(Refused, match="NOTHING_MATCHES"):
        bank.read_return(batch=batch, content=path.read_bytes(), file_name="n.xlsx", by=money.maker)


def test_a_receipt_pressed_twice_is_money_once(money: Money) -> None:
    key = uuid4()
    assert money.receipt("CENTRAL", 100, request_id=key) == money.receipt("CENTRAL", 100, request_id=key)
    assert Fund.objects.get().received_fen == 100


def test_the_ledger_can_only_grow(money: Money) -> None:
    entry = money.receipt("CENTRAL", 100)
    for change in (lambda: FundEntry.objects.filter(pk=entry.pk).update(amount_fen=1), entry.delete):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()


def test_a_fund_can_not_be_overdrawn_by_anybody(money: Money) -> None:
    money.receipt("CENTRAL", 100)
    with pytest.raises(IntegrityError), transaction.atomic():
        Fund.objects.update(reserved_fen=101)
