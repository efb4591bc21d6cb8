"""The auditor's bench: sealed samples, findings, amounts computed again, bundles of proof, and what broke a chain."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django_otp.oath import TOTP

from accounts.models import TOTPDevice, User
from core.bundles import verify
from core.refusals import Refused
from core.together import read
from households.models import RosterSeal
from jobs.models import Job
from jobs.running import run_job
from reports.models import AuditFinding, AuditSample, AuditSampleLine, BenchQuery, LedgerExport
from reports.queries import recompute
from reports.queries.proof import broken_chains
from reports.queries.scope import Scope
from reports.services import findings, sampling
from reports.services.summaries import refresh_summaries
from retrofits.models import Acceptance
from subsidies.models import Entitlement, FundEntry, PayoutLine
from subsidies.rules.outcomes import Undefined
from subsidies.services import bounces
from tests.reports.world import A1, B1, World, forced, undone

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ROOT = Path(__file__).resolve().parents[2]


def sealed(made: World, **more: Any) -> AuditSample:
    wish = sampling.Wish(made.programme, "370999", "2021 年拨付抽查", margin=Decimal(30), seed="铜", **more)
    return sampling.seal_sample(wish=wish, by=made.staff["auditor"])


# --- samples ------------------------------------------------------------------------------------------------


def test_a_sample_is_sealed_before_it_is_drawn_and_drawn_again_alike(county: World) -> None:
    sample = sealed(county)
    assert (sample.population, sample.population_fen, sample.drawn_at) == (5, 2_796_000, None)
    assert [one["population"] for one in sample.strata] == [4, 1]
    assert sum(one["size"] for one in sample.strata) == sample.size == 4
    assert not sample.lines.exists()
    drawn = sampling.draw_sample(sample=sample, by=county.staff["auditor"])
    assert drawn.lines.filter(is_substitute=False).count() == 4
    assert sampling.same_again(drawn)
    line = drawn.lines.first()
    AuditSampleLine.objects.filter(pk=line.pk).update(place=99)
    assert not sampling.same_again(drawn), "a list that was tampered with is told"
    with pytest.raises(Refused, match="DRAWN_ALREADY"):
        sampling.draw_sample(sample=sample, by=county.staff["auditor"])


def test_a_population_that_changed_is_not_drawn_from(county: World) -> None:
    sample = sealed(county)
    with forced():
        PayoutLine.objects.filter(pk=PayoutLine.objects.filter(state="paid").first().pk).update(amount_fen=1)
    with pytest.raises(Refused, match="POPULATION_CHANGED"):
        sampling.draw_sample(sample=sample, by=county.staff["auditor"])
    county.dwelling(A1, "paid")  # later payments are no part of what was sealed


def test_later_payments_do_not_disturb_a_sealed_sample(county: World) -> None:
    sample = sealed(county, stratify="amount")
    county.dwelling(A1, "paid")
    sampling.draw_sample(sample=sample, by=county.staff["auditor"])
    assert sampling.same_again(sample)


def came_back(made: World, line: PayoutLine) -> None:
    bounces.record_bounce(line=line, document_no="退汇 88", words="账户已销户", by=made.staff["finance"])


def test_a_payment_that_came_back_before_the_draw_is_not_drawn(county: World) -> None:
    sample = sealed(county)
    came_back(county, PayoutLine.objects.filter(state="paid").first())
    with pytest.raises(Refused, match="POPULATION_CHANGED"):
        sampling.draw_sample(sample=sample, by=county.staff["auditor"])


def test_a_payment_that_came_back_after_the_draw_leaves_it_the_same_and_is_marked(
    county: World, sign_in: SignIn
) -> None:
    """Nobody tampered with what was sealed; the worksheet says that this money is no longer out, and so does its sheet
    of paper. Another one sealed now does not know it."""
    sample = sampling.draw_sample(sample=sealed(county), by=county.staff["auditor"])
    row = sample.lines.filter(is_substitute=False).first()
    came_back(county, row.line)
    assert sampling.same_again(sample)
    sampling.judge_line(line=row, verdict="wrong", words="银行退汇", right_fen=0, by=county.staff["auditor"])
    assert sampling.result_of(sample).error_fen == row.line.amount_fen
    client, page = sign_in(county.staff["auditor"]), f"/trace/samples/{sample.pk}/"
    shown, number = client.get(page).content.decode(), row.line.entitlement.dwelling.dwelling_no
    assert "账户已销户" in shown and f"dwelling={number}" not in shown
    assert client.get(f"{page}?print=1").content.decode().count("已退回，未到账") == 1
    finding = AuditFinding.objects.get(pk=opened(county, line=row.line, sample=sample).pk)
    assert "账户已销户" in client.get(f"/trace/findings/{finding.pk}/").content.decode()
    assert sealed(county).population == sample.population - 1
    with undone(), forced():
        FundEntry.objects.filter(line=row.line, kind="bounced").delete()
        assert not sampling.same_again(sample), "what stopped being paid otherwise is told"


def test_a_finding_about_a_dwelling_is_about_the_payment_that_arrived(county: World, sign_in: SignIn) -> None:
    line = PayoutLine.objects.filter(state="paid", area_id=B1).get()
    came_back(county, line)
    asked = {
        "title": "重复", "words": "核对", "weight": "fault", "amount": "1", "owner": "财政局", "due_on": "2999-01-01",
        "dwelling": line.entitlement.dwelling.dwelling_no,
    }  # fmt: skip
    client = sign_in(county.staff["auditor"])
    client.post("/trace/findings/", asked)
    assert AuditFinding.objects.latest("pk").line_id == line.pk, "nothing arrived: what came back"
    with forced():
        county._pay(line.entitlement, "paid")
    client.post("/trace/findings/", asked)
    assert AuditFinding.objects.latest("pk").line.state == "paid"


def test_only_auditors_draw(county: World) -> None:
    wish = sampling.Wish(county.programme, "370999", "x")
    with pytest.raises(PermissionDenied):
        sampling.seal_sample(wish=wish, by=county.staff["office"])
    sample = sealed(county)
    with pytest.raises(PermissionDenied):
        sampling.draw_sample(sample=sample, by=county.staff["finance"])


@pytest.mark.clause(
    "J-62",
    "跟踪审计",
    serves="reports.services.sampling:draw_sample",
    page="reports:sample-detail",
    model="reports.AuditSample",
)
def test_what_was_found_is_projected_and_substitutes_come_in_turn(county: World) -> None:
    sample = sampling.draw_sample(sample=sealed(county), by=county.staff["auditor"])
    by = county.staff["auditor"]
    first, *others = [one for one in sampling.in_use(sample) if one.stratum.startswith("370999001")]
    spare = sample.lines.filter(stratum=first.stratum, is_substitute=True).first()
    with pytest.raises(Refused, match="NOT_IN_TURN"):
        sampling.judge_line(line=spare, verdict="right", words="", by=by)
    with pytest.raises(Refused, match="WORDS_NEEDED"):
        sampling.judge_line(line=first, verdict="unseen", words=" ", by=by)
    with pytest.raises(Refused, match="AMOUNT_NEEDED"):
        sampling.judge_line(line=first, verdict="wrong", words="重复", by=by)
    sampling.judge_line(line=first, verdict="unseen", words="家中无人", by=by)
    assert spare.pk in {one.pk for one in sampling.in_use(sample)}
    sampling.judge_line(line=spare, verdict="wrong", words="面积不符", right_fen=spare.line.amount_fen - 40_000, by=by)
    for one in [*others, *sample.lines.filter(stratum__startswith="370999002", is_substitute=False)]:
        sampling.judge_line(line=one, verdict="right", words="", by=by)
    found = sampling.result_of(sample)
    assert (found.examined, found.wrong, found.error_fen) == (4, 1, 40_000)
    assert found.projection.total == round(4 * 40_000 / 3)
    assert found.rate_low < 0.25 < found.rate_high


# --- findings -----------------------------------------------------------------------------------------------


def opened(made: World, **more: Any) -> AuditFinding:
    found = findings.Found(
        made.programme, A1, "收款账户不符", "收款人不是户主", "区住建局", dt.date.today() + dt.timedelta(days=9), **more
    )
    return findings.open_finding(found=found, by=made.staff["auditor"])


def test_a_finding_is_answered_by_another_and_closed_by_the_auditor(county: World) -> None:
    one = opened(county)
    assert one.number.startswith("WT-") and one.state == "open"
    with pytest.raises(Refused, match="SAME_PERSON"):
        findings.answer_finding(finding=one, words="已改", by=county.staff["auditor"])
    with pytest.raises(Refused, match="FINDING_STATE"):
        findings.close_finding(finding=one, words="好", by=county.staff["auditor"])
    with pytest.raises(PermissionDenied):
        findings.answer_finding(finding=one, words="已改", by=county.staff["clerk_a"])
    findings.answer_finding(finding=one, words="账户为配偶所有，已补证明", by=county.staff["office"])
    with pytest.raises(PermissionDenied):
        findings.close_finding(finding=one, words="好", by=county.staff["office"])
    later = dt.date.today() + dt.timedelta(days=20)
    findings.reject_answer(finding=one, words="缺证明", due_on=later, by=county.staff["auditor"])
    findings.answer_finding(finding=one, words="证明已附", by=county.staff["finance"])
    closed = findings.close_finding(finding=one, words="核对无误", by=county.staff["auditor"])
    assert (closed.state, closed.due_on, closed.answer) == ("closed", later, "证明已附")
    assert closed.late_days(dt.date(2999, 1, 1)) == 0, "an answer in time is never late"


def test_a_finding_in_the_past_is_refused_and_lateness_runs(county: World) -> None:
    past = findings.Found(county.programme, A1, "x", "y", "z", dt.date(2020, 1, 1))
    with pytest.raises(Refused, match="DUE_IN_THE_PAST"):
        findings.open_finding(found=past, by=county.staff["auditor"])
    one = opened(county)
    assert one.late_days(one.due_on + dt.timedelta(days=3)) == 3


# --- computed again -----------------------------------------------------------------------------------------


def test_amounts_that_come_out_the_same_are_no_difference(county: World) -> None:
    due = Entitlement.objects.filter(outcome="due").first()
    undefined = Undefined.__new__(Undefined)
    assert recompute.amount_of(undefined) is None
    broken = recompute.differs(due, lambda one: (_ for _ in ()).throw(KeyError("facts")))
    assert broken is not None and broken.again_fen is None and broken.code == "KeyError"


def test_the_page_lists_amounts_that_do_not_come_out_again(county: World, sign_in: SignIn) -> None:
    """The county's amounts were written past the rules, so every one of them is told."""
    client = sign_in(county.staff["auditor"])
    answer = client.get("/trace/again/?on=2021-12-31")
    found = answer.context["found"]
    assert found.count == found.found == len(found.differences) > 0
    assert client.get("/trace/again/?on=2021-10-01").context["found"].count == 0
    assert client.get("/trace/again/?on=31.12.2021").status_code == 422
    assert BenchQuery.objects.filter(page="recompute").count() == 2


def test_more_amounts_than_a_page_waits_for_are_computed_by_a_job(
    county: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job tells how far it is and leads back to the list; asked for twice it is one job, and its own."""
    monkeypatch.setattr("reports.pages.audit.AT_ONCE", 2)
    monkeypatch.setattr(recompute, "CHUNK", 2)
    client, address = sign_in(county.staff["auditor"]), "/trace/again/"
    answer = client.get(address, {"on": "2021-12-31"})
    count = answer.context["many"]
    assert count > 2 and answer.context["found"] is None
    first, second = (client.post(address, {"on": "2021-12-31"}).url for _press in range(2))
    job = Job.objects.get(kind="reports.recompute")
    assert first == second == f"/jobs/{job.pk}/"
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress_total, job.result["found"]["found"]) == ("done", count, count)
    assert not any("张" in str(row) for row in job.result["found"]["rows"])
    found = client.get(job.result["url"]).context["found"]
    assert (found.count, found.found, len(found.differences)) == (count, count, count)
    assert {one.due.pk for one in found.differences} == set(Entitlement.objects.values_list("pk", flat=True))
    stranger = sign_in(county.staff["office"]).get(job.result["url"])
    assert stranger.status_code == 403 or stranger.context["found"] is None
    assert client.post(address, {"on": "31.12."}).status_code == 422


# --- chains -------------------------------------------------------------------------------------------------


def faults(made: World, line: PayoutLine) -> set[str]:
    scope = Scope(made.staff["auditor"], made.programme, "370999")
    return {one.why for one in read(broken_chains(scope)) if one.line.pk == line.pk}


def by_the_installer(line: PayoutLine) -> None:
    recorder = line.entitlement.task.installation.recorded_by
    Acceptance.objects.filter(task=line.entitlement.task).update(signer_name=recorder.person_name)


def sealed_otherwise(line: PayoutLine) -> None:
    RosterSeal.objects.filter(roster=line.entitlement.task.roster_row.roster).update(content_hash="f" * 64)


def amount_changed(line: PayoutLine) -> None:
    batch = line.batch
    batch.rounds.create(
        round_no=batch.round_no, content_hash=batch.content_hash, total_fen=1, line_count=1,
        content={str(line.entitlement_id): [line.amount_fen + 1, "x"]}, sources=[], locked_by_id=batch.created_by_id,
        locked_at=batch.locked_at,
    )  # fmt: skip


def test_chains_broken_by_installers_and_later_changes_are_told(county: World) -> None:
    line = PayoutLine.objects.filter(state="paid", area_id=B1).get()
    assert faults(county, line) == set()
    for spoil in (by_the_installer, sealed_otherwise, amount_changed):
        with undone():
            with forced():
                spoil(line)
            refresh_summaries()
            assert len(faults(county, line)) == 1


# --- bundles ------------------------------------------------------------------------------------------------


def bundle(made: World, client: Client, query: str) -> LedgerExport:
    device = TOTPDevice.objects.get(user=made.staff["auditor"])
    code = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift).token()
    asked = {"query": query, "reason": "逐笔核对凭证", "token": f"{code:06d}"}
    assert client.post("/ledgers/bundle/export/", asked).status_code == 302
    run_job(Job.objects.get(kind="reports.export_ledger").pk)
    return LedgerExport.objects.get(kind="bundle")


def test_a_bundle_is_checked_without_the_portal(county: World, sign_in: SignIn, tmp_path: Path) -> None:
    client = sign_in(county.staff["auditor"])
    assert client.post("/ledgers/bundle/export/", {"query": f"village={B1}"}).status_code == 422, "a reason is needed"
    export = bundle(county, client, f"village={B1}")
    assert export.full_numbers and export.row_count == 1
    answer = client.get(f"/exports/{export.pk}/file/")
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"".join(answer.streaming_content))
    checked = verify(path)
    assert checked.faults == [] and checked.stated["reason"] == "逐笔核对凭证"
    names = zipfile.ZipFile(path).namelist()
    assert {"ledger.xlsx", "proof.xlsx", "manifest.json", "SHA256SUMS"} <= set(names)
    assert sum(name.startswith("evidence/") for name in names) == 3, "three photos"
    command = [sys.executable, str(ROOT / "portal"), "verify_bundle", str(path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    damage(path, tmp_path / "damaged.zip", "proof.xlsx")
    assert verify(tmp_path / "damaged.zip").faults == [("CHANGED", "proof.xlsx")]
    command[-1] = str(tmp_path / "damaged.zip")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def damage(whole: Path, target: Path, name: str) -> None:
    """The same bundle with one byte of one file changed."""
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info, content[:-1] + bytes([content[-1] ^ 1]) if info.filename == name else content)


def test_what_is_no_bundle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK nonsense")
    assert verify(path).faults[0][0] == "NOT_A_BUNDLE"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "manifest.json", '{"format": "proof-bundle/1", "files": [{"name": "a", "sha256": "", "size": 0}]}'
        )
        book.writestr("b", "")
    assert verify(path).faults == [("EXTRA", "b"), ("MISSING", "a")]


# --- in the browser's words ---------------------------------------------------------------------------------


def test_the_pages_of_the_bench_work_from_seal_to_finding(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["auditor"])
    form = {
        "title": "年度抽查", "stratify": "town", "confidence": "95", "margin": "30", "expected": "50",
        "substitutes": "1", "seed": "",
    }  # fmt: skip
    assert client.post("/trace/samples/", form | {"margin": "0"}).status_code == 422
    answer = client.post("/trace/samples/", form)
    sample = AuditSample.objects.get()
    assert answer.url == f"/trace/samples/{sample.pk}/" and len(sample.seed) == 16
    client.post(answer.url, {"deed": "draw"})
    line = sample.lines.filter(is_substitute=False).first()
    assert (
        client.post(answer.url, {"line": line.pk, "verdict": "wrong", "words": "x", "right": "一千"}).status_code == 422
    )
    client.post(answer.url, {"line": line.pk, "verdict": "wrong", "words": "多付", "right": "5,000.00"})
    line.refresh_from_db()
    assert line.right_fen == 500_000
    page = client.get(answer.url)
    assert page.context["same"] is True and page.context["result"].rate_words[1] == "100.0%"
    assert "尚无区间" in page.content.decode()
    papers = client.get(f"{answer.url}?print=1").content.decode()
    assert papers.count("a4--sheet") == sample.lines.count() > sample.size
    home = line.line.entitlement
    assert home.dwelling.dwelling_no in papers and str(line.line.bank_card) not in papers
    assert home.task.installation.model_no in papers
    finding = {
        "title": "多付", "words": "面积不符", "weight": "fault", "amount": "1000", "owner": "财政局",
        "dwelling": line.line.entitlement.dwelling.dwelling_no, "due_on": "2999-01-01",
    }  # fmt: skip
    said = client.post("/trace/findings/", finding)
    one = AuditFinding.objects.get()
    assert (one.line_id, one.amount_fen, said.status_code) == (line.line_id, 100_000, 302)
    assert "待答复" in client.get("/trace/findings/").content.decode()
    office = sign_in(county.staff["office"])
    assert one.number in office.get("/").content.decode(), "who answers is reminded"
    office.post(f"/trace/findings/{one.pk}/", {"deed": "answer", "words": "已追回"})
    assert one.number not in office.get("/").content.decode()
    assert one.number in client.get("/").content.decode(), "and then who closes"
    assert office.post(f"/trace/findings/{one.pk}/", {"deed": "close", "words": "好"}).status_code == 403
    client.post(f"/trace/findings/{one.pk}/", {"deed": "close", "words": "属实"})
    one.refresh_from_db()
    assert one.state == "closed"


def test_back_from_a_name_and_every_question_is_written_down(county: World, sign_in: SignIn) -> None:
    line = PayoutLine.objects.filter(state="paid", area_id=B1).get()
    client = sign_in(county.staff["auditor"])
    answer = client.get("/trace/", {"q": line.entitlement.household.head_name})
    assert line.entitlement.dwelling.dwelling_no in {item.key for item in answer.context["named"]}
    client.get("/trace/")
    log = BenchQuery.objects.get()
    assert (log.page, log.asked_by) == ("trace", county.staff["auditor"])
    table = client.get("/trace/questions/").context["table"]
    assert [row.item.pk for row in table.rows] == [log.pk]
    assert sign_in(county.staff["office"]).get("/trace/questions/").status_code == 403
