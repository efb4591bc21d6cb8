"""Last part of the story: policies released by two people, money in, what is due, public notice, batches, the bank.

Each step gets the programme, is safe to repeat (it looks at what is there), and goes through the services people use,
each by the person whose duty it is and with the day of the story as its clock. What is left for visitors: one batch
waits for the office's review, one village may be paid, two refused payments wait for a follow-up batch.
"""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from accounts.acting import acting
from accounts.models import Area, User
from core.money import plain_yuan
from heating_portal.demo import operation
from heating_portal.demo.people import person
from programmes.models import Programme
from retrofits.models import Task
from subsidies.exporting import line_ref
from subsidies.models import BankReturn, Entitlement, Objection, PayoutBatch, Policy
from subsidies.services import bank, batches, entitlements, funds, notices, policies, signatures, trials

MoneyStep = Callable[[Programme], object]

WHY = "demonstration"
NAMESPACE = uuid.UUID("0d3c6a0e-70a1-4a57-8f0f-370902202100")
ASSESSED_ON = {2020: date(2020, 12, 8), 2021: date(2021, 12, 6)}
# Taishan's two towns: the first is paid, a village of the second waits for signatures, the others may be paid.
SETTLED_TOWN, WAITING_VILLAGE, RUNNING_VILLAGE = "370902101", "370902102201", "370902101201"
FIRST_BATCH, SECOND_BATCH = "省庄镇 设备购置补贴（第一批）", "测试店村 气代煤补贴（第二批）"
SIGNED = (
    ("office", "抽查 12 户，现场相符"),
    ("finance_review", "资金来源与标准一致，同意支付"),
    ("finance_release", "同意拨付"),
)
CLIFF_REASON = "按文件原文执行，界线附近的发票逐户核对"
FAILED_LINES = {17: "户名与账号不符", 140: "账户已销户"}
RUNNING_ON = date(2022, 4, 12)


def run(programme: Programme, users: Mapping[str, User] | None = None, today: date | None = None) -> None:
    """All steps in order. `users` and `today` are not needed: people are found by duty, the story has its own days."""
    for _words, step in STEPS:
        step(programme)


def release_policies(programme: Programme) -> None:
    """Finance answers for the draft that came with the preset; the reviewer releases it."""
    for policy in Policy.objects.filter(programme=programme, state=Policy.State.DRAFT):
        maker, reviewer = _person("finance", programme), _person("finance_review", programme)
        if not policy.drafted_person_no:
            with acting(maker, WHY):
                policy = policies.take_over_draft(policy=policy, by=maker)
        day = date(programme.year_from, 10, 15)
        with acting(maker, WHY):
            trial = trials.run_trial(policy=policy, by=maker, on=ASSESSED_ON[programme.year_from], now=_at(day))
        with acting(reviewer, WHY):
            for cliff in trial.cliffs:
                trials.sign_cliff(policy=policy, key=cliff["key"], reason=CLIFF_REASON, by=reviewer, now=_at(day))
            policies.release_policy(policy=policy, sha256=policy.sha256, by=reviewer, now=_at(day))


def receive_money(programme: Programme) -> None:
    """The receipts the programme's file names."""
    maker = _person("finance", programme)
    for entry in programme.settings.get("funds", []):
        with acting(maker, WHY):
            funds.record_receipt(
                programme=programme, source=entry["source"], budget_year=entry["budget_year"],
                amount_fen=entry["amount_fen"], document_no=entry["document"], on=_day(entry["received_on"]),
                request_id=_key(programme, "receipt", entry["source"], str(entry["budget_year"])), by=maker,
            )  # fmt: skip


def assess(programme: Programme) -> None:
    on = ASSESSED_ON[programme.year_from]
    maker = _person("finance", programme)
    with acting(maker, WHY):
        entitlements.assess_pending(programme=programme, on=on, by=maker, now=_at(on, 9))


def put_up(programme: Programme) -> None:
    """Every village's clerk puts its amounts up; one neighbour objects, and the office finds nothing against it."""
    if not programme.notice_required:
        return
    begun = _at(date(2021, 12, 7), 9)
    for code in _villages_due(programme):
        clerk = person("town_staff", code)
        with acting(clerk, WHY):
            notices.publish_notice(programme=programme, area=Area.objects.get(code=code), by=clerk, now=begun)
    _objection(programme, begun + timedelta(hours=5))
    with acting("close_notices", WHY):
        notices.close_notices(now=begun + timedelta(days=programme.notice_days))


def pay_first_town(programme: Programme) -> None:
    """Gathered, signed by three people, sent to the bank, answered, booked; two payments come back."""
    town = Area.objects.filter(code=SETTLED_TOWN).first()
    if town is None or not _wanted(programme, SETTLED_TOWN, FIRST_BATCH, "settled"):
        return
    batch = _gather(programme, [town], FIRST_BATCH)
    for hours, (role, words) in enumerate(SIGNED, 1):
        _sign(batch, role, words, _at(date(2021, 12, 10), 9 + hours))
    _send_and_book(batch)


def lock_one_village(programme: Programme) -> None:
    """A batch that waits for the office's review, so that a visitor has something to sign."""
    village = Area.objects.filter(code=WAITING_VILLAGE).first()
    if village is not None and _wanted(programme, WAITING_VILLAGE, SECOND_BATCH, "locked"):
        _gather(programme, [village], SECOND_BATCH)


def running_subsidy(programme: Programme) -> None:
    """One village's season: readings from the power company, what is due for it, and its notice."""
    tasks = Task.objects.filter(programme=programme, area_id=RUNNING_VILLAGE, state=Task.State.ACCEPTED)
    metered = list(tasks.select_related("dwelling").order_by("id"))
    if not metered:
        return
    clerk, maker = person("town_staff", RUNNING_VILLAGE), _person("finance", programme)
    operation.take_in(programme, RUNNING_VILLAGE, metered, clerk)
    with acting(maker, WHY):
        entitlements.assess_pending(programme=programme, on=RUNNING_ON, by=maker, now=_at(RUNNING_ON, 9))
    begun = _at(RUNNING_ON + timedelta(days=1), 9)
    if RUNNING_VILLAGE in _villages_due(programme):
        with acting(clerk, WHY):
            notices.publish_notice(
                programme=programme, area=Area.objects.get(code=RUNNING_VILLAGE), by=clerk, now=begun
            )
    with acting("close_notices", WHY):
        notices.close_notices(now=begun + timedelta(days=programme.notice_days))


def compare_season(programme: Programme) -> None:
    """Claims beside heaters, and a claim back that waits for its decision."""
    accepted = Task.objects.filter(programme=programme, state=Task.State.ACCEPTED).select_related("dwelling")
    metered = list(accepted.filter(area_id=RUNNING_VILLAGE).order_by("id"))
    if metered:
        unread = accepted.filter(technology__family="ELECTRIC").exclude(area_id=RUNNING_VILLAGE).order_by("id")[:1]
        operation.compare(programme, metered, unread, _at(RUNNING_ON, 15))
        operation.claim_back(programme, _at(RUNNING_ON, 16))


def bank_answer(batch: PayoutBatch, failed: Mapping[int, str]) -> bytes:
    """What the invented bank sends back: every payment, those in `failed` with the reason."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["示例农商行 代发回单"])
    writer.writerow(["附言", "账号", "金额（元）", "处理结果", "失败原因", "流水号"])
    for line in batch.lines.filter(state="sent").order_by("line_no"):
        bad = failed.get(line.line_no, "")
        row = [line_ref(batch.number, line.line_no), line.bank_card, plain_yuan(line.amount_fen)]
        writer.writerow([*row, "退汇" if bad else "成功", bad, f"SL{batch.pk:04d}{line.line_no:06d}"])
    return out.getvalue().encode("utf-8-sig")


def _objection(programme: Programme, at: datetime) -> None:
    one = Entitlement.objects.filter(programme=programme, state="noticed", notice__state="open").order_by("id").first()
    if one is None or Objection.objects.filter(entitlement__programme=programme).exists():
        return
    clerk, office = person("town_staff", one.area_id), _person("office", programme)
    with acting(clerk, WHY):
        objection = notices.raise_objection(entitlement=one, text="邻居反映该户冬季不住人", by=clerk, now=at)
    with acting(office, WHY):
        notices.decide_objection(
            objection=objection, decision="rejected", reason="入户核实有人居住，有取暖用电记录", by=office,
            now=at + timedelta(hours=2),
        )  # fmt: skip


def _gather(programme: Programme, areas: list[Area], title: str) -> PayoutBatch:
    maker = _person("finance", programme)
    with acting(maker, WHY):
        batch = batches.create_batch(
            programme=programme, areas=areas, request_id=_key(programme, title), by=maker, title=title
        )
        if batch.state == PayoutBatch.State.DRAFT:
            batch = batches.lock_for_signing(batch=batch, by=maker, now=_at(date(2021, 12, 10), 9))
    return batch


def _sign(batch: PayoutBatch, role: str, words: str, at: datetime) -> None:
    signer = person(role, batch.area_id)
    with acting(signer, WHY):
        signatures.sign_batch(
            batch=batch, shown_hash=batch.content_hash, request_id=uuid.uuid5(NAMESPACE, f"{batch.number}/{role}"),
            by=signer, comment=words, now=at,
        )  # fmt: skip


def _send_and_book(batch: PayoutBatch) -> None:
    releaser, maker = person("finance_release", batch.area_id), person("finance", batch.area_id)
    with acting(releaser, WHY):
        bank.make_bank_file(batch=batch, by=releaser, now=_at(date(2021, 12, 10), 15))
    at = _at(date(2021, 12, 13), 10)
    with acting(maker, WHY):
        found = BankReturn.objects.filter(batch=batch).first() or bank.read_return(
            batch=batch,
            content=bank_answer(batch, FAILED_LINES),
            file_name=f"{batch.number} 回单.csv",
            by=maker,
            now=at,
        )
        bank.reconcile(bank_return=found, by=maker, now=at)


def _villages_due(programme: Programme) -> list[str]:
    waiting = Entitlement.objects.filter(programme=programme, state="assessed", outcome="due")
    return sorted(set(waiting.values_list("area_id", flat=True)))


def _wanted(programme: Programme, code: str, title: str, *ended: str) -> bool:
    """Something may be paid there, or the batch of an interrupted load is not at its end."""
    batch = PayoutBatch.objects.filter(request_id=_key(programme, title)).first()
    if batch is not None:
        return batch.state not in ended
    return Entitlement.objects.within(code).filter(programme=programme, state="payable").exists()


def _person(role: str, programme: Programme) -> User:
    return person(role, programme.area_id)


def _key(programme: Programme, *parts: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, "/".join((programme.code, *parts)))


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _at(day: date, hour: int = 12) -> datetime:
    """The hour of that day in Shanghai."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=8)


STEPS: list[tuple[str, MoneyStep]] = [
    ("政策发布 · releasing policies", release_policies),
    ("资金到位 · money received", receive_money),
    ("资格核算 · what is due", assess),
    ("公示 · public notice", put_up),
    ("第一批兑付 · first batch paid", pay_first_town),
    ("第二批待复核 · second batch waits", lock_one_village),
    ("运行补贴 · running subsidy", running_subsidy),
    ("运行比对 · claims and heaters", compare_season),
]
