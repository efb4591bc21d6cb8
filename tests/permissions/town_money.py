"""The money of a town: policy, amounts in every state, notices, objections, funds, batches up to the bank's return."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import clock
from households.models import Dwelling
from reports.models import AuditFinding, AuditSample, AuditSampleLine, BenchQuery, LedgerExport, PeriodicReport
from reports.queries.progress import FIGURES
from retrofits.models import Acceptance
from subsidies.fact_coding import encode_facts
from subsidies.facts import facts_for, with_related
from subsidies.models import (
    BankFile,
    BankReturn,
    BatchRound,
    BatchSignature,
    CliffSignature,
    Entitlement,
    EntitlementDifference,
    EntitlementLine,
    Fund,
    FundEntry,
    Notice,
    NoticePhoto,
    Objection,
    OptionDecision,
    PayoutBatch,
    PayoutLine,
    Policy,
    PolicyTrial,
    PolicyTrialRow,
)  # fmt: skip
from subsidies.services.policies import content_sha256

if TYPE_CHECKING:
    from tests.permissions.town import Town

POLICY = Path(__file__).parents[2] / "presets" / "taishan_2021" / "policy.yaml"
STEPS = [{"code": "FIXED", "params": {"amount_fen": 200000}, "clause": "三（一）"}]


def build(town: Town) -> None:
    """Three amounts per accepted dwelling: one in a released batch, one payable, one on notice with an objection."""
    policy = _policy(town)
    fund = _fund(town)
    paid = [_due(town, home, policy, "CONVERSION", "payable") for home in town.homes["accepted"]]
    for home in town.homes["accepted"]:
        _due(town, home, policy, "EFFICIENCY", "payable")
        _noticed(town, _due(town, home, policy, "RUNNING", "assessed"))
        town.keep("entitlement_assessed", _due(town, home, policy, "PRICE", "assessed"))
    for n in range(town.size):
        town.keep("batch", _batch(town, n))
    town.keep("batch_locked", _locked(town))
    _pay(town, fund, paid)
    for n in range(town.size):
        _ledger(town)
        _bench(town, n)
    _desk(town, policy)


def _policy(town: Town) -> Policy:
    text, (drafter, releaser) = POLICY.read_text(encoding="utf-8"), town.signers[:2]
    common: dict[str, Any] = {
        "programme": town.county, "area": town.area, "title": f"{town.word}办法",
        "document_number": f"{town.code}〔2021〕1",
        "document": text, "sha256": content_sha256(text, {}), "drafted_by": drafter,
        "drafted_person_no": drafter.person_no, "valid_from": dt.date(2021, 1, 1), "valid_to": dt.date(2023, 12, 31),
    }  # fmt: skip
    made = Policy.objects.create(code=f"{town.code.lower()}-policy", version_no=1, **common)
    _try(town, made, [])
    made.state, made.released_by, made.released_person_no = "released", releaser, releaser.person_no
    made.released_at = clock.now()
    made.save()
    for n in range(town.size):
        draft = Policy.objects.create(code=f"{town.code.lower()}-policy", version_no=n + 2, **common)
        town.keep("policy_draft", draft)
    return town.keep("policy", made)


def _desk(town: Town, policy: Policy) -> None:
    """A trial of the version in force with a row per home, a signed jump, an answered question, differences."""
    draft = town.objects["policy_draft"]
    jump: dict[str, Any] = {"key": "ef" * 32, "rule": "T-R5", "axis": "eligible_cost", "case": {},
            "below": {"at": "1", "amount_fen": 0, "household_fen": 0, "code": "OK"},
            "above": {"at": "2", "amount_fen": 100_000, "household_fen": 0, "code": "OK"}}  # fmt: skip
    for tried in (policy, draft):
        trial = _try(town, tried, [jump])
        for home in town.homes["accepted"]:
            PolicyTrialRow.objects.create(
                trial=trial, area=town.village, dwelling=home, household=home.household, benefit_kind="CONVERSION",
                benefit="T-R5", before_fen=0, after_fen=town.fen, before_reason="OK", after_reason="OK",
                change_fen=town.fen,
            )  # fmt: skip
    signer = town.signers[1]
    CliffSignature.objects.create(
        policy=draft, area=town.area, key=jump["key"], cliff=jump, reason=f"{town.word}理由", signer=signer,
        person_no=signer.person_no, signed_at=clock.now(),
    )  # fmt: skip
    OptionDecision.objects.create(
        policy=draft, area=town.area, option="Q1", before="min", after="min", reason=f"{town.word}理由",
        decided_by=signer, person_no=signer.person_no, decided_at=clock.now(),
    )  # fmt: skip
    for one in Entitlement.objects.filter(area=town.village, benefit_kind="CONVERSION").order_by("id"):
        EntitlementDifference.objects.create(
            entitlement=one, area=town.village, policy=draft, as_of=dt.date(2021, 12, 10), outcome="due", reason="OK",
            before_fen=town.fen, after_fen=town.fen + 1, difference_fen=1, sources=[[town.code.lower(), 1]],
            found_at=clock.now(),
        )  # fmt: skip


def _try(town: Town, policy: Policy, cliffs: list[dict[str, Any]]) -> PolicyTrial:
    """A stored trial run of the version."""
    side = {"due": town.size, "not_due": 0, "undefined": 0, "fen": town.fen, "sources": {town.code.lower(): town.fen},
            "reasons": {"OK": town.size}}  # fmt: skip
    totals = {"before": side, "after": side, "gain": town.size, "lose": 0, "same": 0, "unclear": 0, "paid": 0}
    return PolicyTrial.objects.create(
        policy=policy, area=town.area, sha256=policy.sha256, on=dt.date(2021, 12, 10), dwelling_count=town.size,
        totals=totals, cliffs=cliffs, made_by=town.signers[0], made_at=clock.now(),
    )  # fmt: skip


def _due(town: Town, home: Dwelling, policy: Policy, kind: str, state: str) -> Entitlement:
    visit = with_related(Acceptance.objects.filter(task__dwelling=home)).get()
    [(_visit, facts)] = facts_for([visit], on=dt.date(2021, 12, 10))
    made = Entitlement.objects.create(
        programme=town.county, area=town.village, household=home.household, dwelling=home, task=visit.task,
        acceptance=visit, policy=policy, benefit="T-R5", benefit_kind=kind, outcome="due", reason="OK",
        amount_fen=town.fen, household_share_fen=town.fen, facts=encode_facts(facts), steps=STEPS, clause="三（一）",
        state=state, assessed_at=clock.now(),
    )  # fmt: skip
    EntitlementLine.objects.create(entitlement=made, source=town.code.lower(), budget_year=2021, amount_fen=town.fen)
    return town.keep("entitlement", made)


def _noticed(town: Town, due: Entitlement) -> None:
    row = [due.dwelling.dwelling_no, town.word, due.benefit, due.period, due.amount_fen]
    now = clock.now()
    notice = Notice.objects.create(
        programme=town.county, area=town.village, number=f"{town.code}-GS-{due.pk}", published_at=now,
        ends_at=now + dt.timedelta(days=7), published_by=town.clerk, content=[row], content_hash="cd" * 32,
    )  # fmt: skip
    due.notice = notice
    for state in ("noticed", "objected"):
        due.state = state
        due.save()
    objection = Objection.objects.create(
        entitlement=due, area=town.village, text=f"{town.word}异议", raised_at=now, recorded_by=town.clerk
    )
    photo = NoticePhoto.objects.create(
        notice=notice, area=town.village, document=town.document("notice_photo"), sha256=f"{due.pk:064d}",
        added_by=town.clerk, added_at=now,
    )  # fmt: skip
    town.keep("notice", notice), town.keep("objection", objection), town.keep("notice_photo", photo)


def _fund(town: Town) -> Fund:
    total = town.fen * (town.size + 2)
    fund = Fund.objects.create(
        programme=town.county, area=town.area, source=f"{town.code.lower()}", budget_year=2021, received_fen=total
    )
    for n in range(town.size):
        FundEntry.objects.create(
            fund=fund, area=town.area, kind="received", amount_fen=town.fen, request_id=uuid.uuid4(), at=clock.now(),
            document_no=f"{town.code}-IN-{n}", recorded_by=town.clerk,
        )  # fmt: skip
    return town.keep("fund", fund)


def _batch(town: Town, n: int, **fields: Any) -> PayoutBatch:
    return PayoutBatch.objects.create(
        programme=town.county, area=town.area, number=f"{town.code}-PB-{n:03d}", title=f"{town.word}批次",
        benefit="T-R5",
        request_id=uuid.uuid4(), created_by=town.clerk, created_person_no=town.clerk.person_no,
        return_reason=f"{town.word}退", **fields,
    )  # fmt: skip


def _locked(town: Town) -> PayoutBatch:
    batch = _batch(town, 800, locked_by=town.clerk, locked_person_no=town.clerk.person_no, locked_at=clock.now())
    batch.content_hash = "ee" * 32
    _to(batch, "locked")
    return batch


def _pay(town: Town, fund: Fund, dues: list[Entitlement]) -> None:
    """One batch with a line for each amount, signed by three people, sent to the bank and answered by it."""
    batch = town.keep("batch_released", _batch(town, 900))
    lines = [_line(town, batch, due, n) for n, due in enumerate(dues, 1)]
    total = sum(line.amount_fen for line in lines)
    batch.total_fen, batch.line_count, batch.content_hash = total, len(lines), "ef" * 32
    batch.locked_by, batch.locked_person_no, batch.locked_at = town.clerk, town.clerk.person_no, clock.now()
    _to(batch, "locked")
    BatchRound.objects.create(
        batch=batch, round_no=1, content_hash=batch.content_hash, total_fen=total, line_count=len(lines),
        content={str(due.pk): [due.amount_fen, "00"] for due in dues}, sources=[[town.code.lower(), 2021, total]],
        locked_by=town.clerk, locked_at=clock.now(),
    )  # fmt: skip
    for step, state, signer in zip(
        ("review", "approve", "release"), ("reviewed", "approved", "released"), town.signers, strict=False
    ):
        _sign(batch, step, signer, town.word)
        _to(batch, state)
    _bank(town, fund, batch, lines, total)


def _line(town: Town, batch: PayoutBatch, due: Entitlement, n: int) -> PayoutLine:
    family = due.household
    line = PayoutLine.objects.create(
        batch=batch, area=town.village, entitlement=due, line_no=n, payee_name=family.head_name,
        bank_card=family.bank_card, amount_fen=due.amount_fen, bank_message=f"{town.word}摘要",
    )  # fmt: skip
    due.state = "batched"
    due.save()
    return town.keep("payout_line", line)


def _sign(batch: PayoutBatch, step: str, signer: Any, word: str) -> None:
    BatchSignature.objects.create(
        batch=batch, round_no=1, step=step, decision="agree", signer=signer, person_no=signer.person_no,
        content_hash=batch.content_hash, comment=f"{word}批注", request_id=uuid.uuid4(), at=clock.now(),
    )  # fmt: skip


def _to(batch: PayoutBatch, state: str) -> None:
    batch.state = state
    batch.save()


def _bank(town: Town, fund: Fund, batch: PayoutBatch, lines: list[PayoutLine], total: int) -> None:
    fund.reserved_fen = total
    fund.save()
    for line in lines:
        line.state, line.bank_reference = "sent", f"{town.code}-REF-{line.line_no}"
        line.save(update_fields=["state", "bank_reference"])
    town.keep("bank_file", BankFile.objects.create(
        batch=batch, area=town.area, document=town.document("bank_file", content_type="text/csv"), total_fen=total,
        line_count=len(lines), sha256="12" * 32, made_by=town.signers[2], made_at=clock.now(),
    ))  # fmt: skip
    town.keep("bank_return", BankReturn.objects.create(
        batch=batch, area=town.area, document=town.document("bank_return"), file_sha256="34" * 32,
        counts={"paid": len(lines), "failed": 0, "unknown": 1, "missing": 0, "rows": 3,
                "sum_fen": total, "batch_sum_fen": total},
        results=[[line.pk, "paid", f"{town.code}-REF", f"{town.word}成功"] for line in lines],
        unknown=[{"cell": f"{town.code}9", "card": "**** 1234", "amount_fen": town.fen, "why": "NO_LINE"}],
        entered_by=town.clerk, entered_at=clock.now(),
    ))  # fmt: skip
    FundEntry.objects.create(
        fund=fund, area=town.area, kind="reserved", amount_fen=total, batch=batch, round_no=1, at=clock.now(),
        recorded_by=town.clerk,
    )  # fmt: skip


def _ledger(town: Town) -> None:
    town.keep("ledger", LedgerExport.objects.create(
        programme=town.county, area=town.area, kind="completion", query=f"q={town.word}", reason=f"{town.word}用途",
        row_count=3, total_fen=town.fen, data_hash="56" * 32, document=town.document("ledger"),
        requested_by=town.clerk,
    ))  # fmt: skip


def _bench(town: Town, n: int) -> None:
    """A drawn sample of the town's own payment, a finding, and a question asked there."""
    line = PayoutLine.objects.within(town.area.code).order_by("id").first()
    assert line is not None
    sample = town.keep("audit_sample", AuditSample.objects.create(
        programme=town.county, area=town.area, number=f"CY-{town.code}-{n}", title=f"{town.word}抽查", confidence=95,
        margin=5, expected=5, seed=town.word, population=1, population_fen=town.fen, population_hash="ab" * 32,
        last_line_id=line.pk, strata=[{"name": town.word, "population": 1, "fen": town.fen, "size": 1}], size=1,
        sealed_by=town.clerk, sealed_at=clock.now(), drawn_at=clock.now(),
    ))  # fmt: skip
    AuditSampleLine.objects.create(
        sample=sample, area=town.area, line=line, stratum=town.word, place=1, words=f"{town.word}属实"
    )
    town.keep("audit_finding", AuditFinding.objects.create(
        programme=town.county, area=town.area, number=f"WT-{town.code}-{n}", title=f"{town.word}问题", words="x",
        owner=f"{town.word}单位", due_on=clock.today(), opened_by=town.clerk, opened_person_no="A", line=line,
        opened_at=clock.now(),
    ))  # fmt: skip
    BenchQuery.objects.create(
        area=town.area, programme=town.county, asked_by=town.clerk, asked_at=clock.now(), page="trace",
        query=f"q={town.word}",
    )  # fmt: skip
    day = clock.today() - dt.timedelta(days=7 * (n + 1))
    town.keep("periodic_report", PeriodicReport.objects.create(
        programme=town.county, area=town.area, rhythm="week", begins_on=day, ends_on=day, due_on=day,
        figures={"places": [], "whole": dict.fromkeys(("planned", *FIGURES), 0), "money": [], "behind": [],
                 "done": dict.fromkeys(("installed", "accepted", "failed", "payments", "paid_fen"), 0)},
        filled_at=clock.now(), words=f"{town.word}进度", reporter=town.clerk,
    ))  # fmt: skip
