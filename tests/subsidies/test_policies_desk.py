"""The desk: a text is checked and drafted, questions answered by new drafts, versions tried, signed, released."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from core.refusals import Refused
from jobs.models import Job
from jobs.running import run_job
from subsidies.models import (
    CliffSignature,
    Entitlement,
    EntitlementDifference,
    OptionDecision,
    Policy,
    PolicyTrial,
    PolicyTrialRow,
)
from subsidies.services import differences, entitlements, policies, switches, trials
from tests import people
from tests.subsidies.conftest import ASSESSED, POLICY, VILLAGE, Money, release
from tests.subsidies.test_pages import Sign, enter

__all__ = ["enter"]
pytestmark = pytest.mark.django_db

# Below 6,000 a share of 80 percent, from there the full standard: Litong's cliff.
STEPPED = """
      steps:
        by: eligible_cost
        bands:
          - {until: 6000, code: OK_80PCT, amount: {share_of: {of: {cost: eligible}, percent: 80}}}
          - {amount: {fixed: 5300}}
"""
CHOOSING = POLICY[POLICY.index("      choose:") : POLICY.index("    split:")]


def stepped(day: str = "2021-01-01") -> str:
    switch = POLICY[POLICY.index("options:") : POLICY.index("gates:")]
    text = POLICY.replace(CHOOSING, STEPPED.lstrip("\n")).replace(switch, "")
    return text.replace("valid_from: 2021-01-01", f"valid_from: {day}")


def draft(money: Money, document: str = "", **more: Any) -> Policy:
    return policies.draft_policy(programme=money.programme, document=document or stepped(), by=money.maker, **more)


def url(name: str, *args: Any) -> str:
    return reverse(f"subsidies:{name}", args=args)


# --- Trial ---------------------------------------------------------------------------------------------------------


def test_a_trial_says_who_gains_and_who_loses_to_the_fen(money: Money) -> None:
    for fen in (800_000, 600_000, 599_999, 300_000):
        money.accepted(costs=[("DEVICE", fen)])
    trial = trials.run_trial(policy=draft(money), by=money.maker, on=ASSESSED)
    rows = PolicyTrialRow.objects.filter(trial=trial).order_by("-before_fen", "-after_fen")
    assert list(rows.values_list("before_fen", "after_fen", "change_fen")) == [
        (600_000, 530_000, -70_000), (600_000, 530_000, -70_000), (599_999, 479_999, -120_000),
        (300_000, 240_000, -60_000),
    ]  # fmt: skip
    assert trial.totals["before"]["fen"] == 2_099_999 and trial.totals["after"]["fen"] == 1_779_999
    assert trial.totals["after"]["sources"] == {"CENTRAL": 1_140_000, "DISTRICT": 639_999}
    assert (trial.totals["lose"], trial.totals["gain"], trial.totals["lose_fen"]) == (4, 0, -320_000)
    assert trial.baseline is not None and trial.baseline.version_no == 1


def test_a_trial_makes_nothing_due_and_the_same_facts_give_the_same_result(money: Money) -> None:
    money.accepted(), money.accepted(costs=[])
    policy = draft(money)
    first, second = (trials.run_trial(policy=policy, by=money.maker, on=ASSESSED) for _ in range(2))
    assert (first.totals, first.cliffs, first.curves) == (second.totals, second.cliffs, second.curves)
    assert not Entitlement.objects.exists()


def test_undefined_in_both_is_the_same_and_no_zero(money: Money) -> None:
    money.accepted(costs=[])
    trial = trials.run_trial(policy=draft(money), by=money.maker, on=ASSESSED)
    assert trial.totals["after"]["undefined"] == trial.totals["before"]["undefined"] == 1
    assert trial.totals["same"] == 1 and not PolicyTrialRow.objects.exists()


def test_what_is_paid_already_is_tried_as_if_it_were_not(money: Money) -> None:
    (one,) = money.payable(1)
    Entitlement.objects.filter(pk=one.pk).update(state="batched")
    Entitlement.objects.filter(pk=one.pk).update(state="paid")
    trial = trials.run_trial(policy=draft(money), by=money.maker, on=ASSESSED)
    assert trial.totals["paid"] == 1
    assert PolicyTrialRow.objects.get().change_fen == -70_000


def test_readings_of_a_closed_season_are_tried_too(money: Money) -> None:
    money.reading(money.accepted().dwelling, "1000")
    dearer = POLICY.replace("rate: 0.20", "rate: 0.30")
    trial = trials.run_trial(policy=draft(money, dearer), by=money.maker, on=dt.date(2022, 4, 10))
    (row,) = PolicyTrialRow.objects.filter(trial=trial)
    assert (row.benefit, row.period, row.before_fen, row.after_fen) == ("S-2", "2021-2022", 20_000, 30_000)


def test_a_first_version_has_nothing_to_be_compared_with(money: Money) -> None:
    money.accepted()
    Policy.objects.filter(state="released").update(state="retired")
    trial = trials.run_trial(policy=draft(money), by=money.maker, on=ASSESSED)
    assert trial.totals["before"] is None and trial.totals["unclear"] == 1
    assert PolicyTrialRow.objects.get().change_fen is None


def test_the_job_stores_the_result_once_and_names_its_page(money: Money, enter: Sign) -> None:
    money.accepted()
    policy = draft(money)
    assert enter(money.maker).post(url("policy-trial-run", policy.pk)).status_code == 302
    job = Job.objects.get(kind="subsidies.try_policy")
    assert (run_job(job.pk), run_job(job.pk)) == ("done", "not waiting")
    job.refresh_from_db()
    assert job.result["url"] == url("policy-trial", policy.pk)
    assert (PolicyTrial.objects.filter(policy=policy).count(), job.progress_done, job.progress_total) == (1, 1, 1)


def test_a_trial_broken_off_leaves_nothing_and_the_next_one_is_whole(money: Money, monkeypatch: Any) -> None:
    """As a killed worker would: after the computing, before the whole is stored."""
    money.accepted(), money.accepted()
    policy = draft(money)

    def dies(*_rows: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(PolicyTrialRow.objects.none()), "bulk_create", dies)
    with pytest.raises(KeyboardInterrupt):
        trials.run_trial(policy=policy, by=money.maker, on=ASSESSED)
    monkeypatch.undo()
    assert not PolicyTrial.objects.filter(policy=policy).exists()
    trial = trials.run_trial(policy=policy, by=money.maker, on=ASSESSED)
    assert (trial.dwelling_count, trial.rows.count()) == (2, 2)


# --- Cliffs and release --------------------------------------------------------------------------------------------


def test_untried_and_unsigned_versions_are_not_released(money: Money) -> None:
    policy = draft(money)
    with pytest.raises(Refused, match="NOT_TRIED"):
        policies.release_policy(policy=policy, sha256=policy.sha256, by=money.reviewer)
    (cliff,) = trials.run_trial(policy=policy, by=money.maker).cliffs
    assert (cliff["below"]["at"], cliff["above"]["at"]) == ("5999.99", "6000")
    with pytest.raises(Refused, match="CLIFFS_UNSIGNED"):
        policies.release_policy(policy=policy, sha256=policy.sha256, by=money.reviewer)
    trials.sign_cliff(policy=policy, key=cliff["key"], reason="按文件执行", by=money.reviewer)
    assert policies.release_policy(policy=policy, sha256=policy.sha256, by=money.reviewer).state == "released"


@pytest.mark.parametrize(
    ("reason", "key", "code"), [(" ", "", "REASON_NEEDED"), ("按文件", "0" * 64, "NO_CLIFF")]
)  # fmt: skip
def test_a_signature_names_a_listed_jump_and_says_why(money: Money, reason: str, key: str, code: str) -> None:
    policy = draft(money)
    (cliff,) = trials.run_trial(policy=policy, by=money.maker).cliffs
    with pytest.raises(Refused, match=code):
        trials.sign_cliff(policy=policy, key=key or cliff["key"], reason=reason, by=money.reviewer)


def test_the_drafter_does_not_sign_the_jumps_of_his_draft(money: Money) -> None:
    policy = draft(money)
    (cliff,) = trials.run_trial(policy=policy, by=money.maker).cliffs
    both = people.user("finance_review", "370999", person_no=money.maker.person_no)
    with pytest.raises(Refused, match="SAME_PERSON"):
        trials.sign_cliff(policy=policy, key=cliff["key"], reason="按文件", by=both)
    with pytest.raises(DatabaseError, match="does not sign"), transaction.atomic():
        CliffSignature.objects.create(
            policy=policy, area=policy.area, key=cliff["key"], cliff=cliff, reason="x", signer=both,
            person_no=both.person_no, signed_at="2021-12-01T00:00Z",
        )  # fmt: skip
    with pytest.raises(Exception, match=r"policies\.release"):
        trials.sign_cliff(policy=policy, key=cliff["key"], reason="按文件", by=money.office)


def test_trials_and_signatures_are_written_once(money: Money) -> None:
    policy = draft(money)
    trial = trials.run_trial(policy=policy, by=money.maker)
    trials.sign_cliff(policy=policy, key=trial.cliffs[0]["key"], reason="按文件", by=money.reviewer)
    for model in (PolicyTrial, CliffSignature):
        with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
            model.objects.update(area_id=policy.area_id)


# --- Questions -----------------------------------------------------------------------------------------------------


def test_an_answer_makes_a_new_draft_and_says_who_when_and_why(money: Money) -> None:
    old = Policy.objects.get()
    new = switches.answer_questions(policy=old, answers={"Q1": "flat"}, reason="区政府会议纪要", by=money.maker)
    old.refresh_from_db()
    assert (old.state, old.options, new.version_no, new.state, new.options) == (
        "released",
        {},
        2,
        "draft",
        {"Q1": "flat"},
    )
    decision = OptionDecision.objects.get()
    assert (decision.before, decision.after, decision.reason, decision.decided_by) == (
        "min", "flat", "区政府会议纪要", money.maker
    )  # fmt: skip
    assert policies.rules_of(new).options["Q1"].value == "flat"
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        OptionDecision.objects.update(reason="")


@pytest.mark.parametrize(
    ("answers", "reason", "code"),
    [({"Q1": "min"}, "x", "NO_CHANGE"), ({"Q1": "most"}, "x", "WRONG_ANSWER"), ({"Q1": "flat"}, " ", "REASON_NEEDED")],
)
def test_answers_that_say_nothing_new_are_refused(money: Money, answers: Any, reason: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        switches.answer_questions(policy=Policy.objects.get(), answers=answers, reason=reason, by=money.maker)


def test_a_number_entered_as_an_answer_stays_exact(money: Money) -> None:
    text = POLICY.replace("rate: 0.20", "rate: {option: Q6}").replace(
        "options:\n", "options:\n  Q6:\n    question: rate\n    default: 0.20\n"
    )
    policy = draft(money, text)
    new = switches.answer_questions(policy=policy, answers={"Q6": "0.3"}, reason="x", by=money.maker)
    task = money.accepted()
    money.reading(task.dwelling, "1000.05")
    trials.run_trial(policy=new, by=money.maker, on=dt.date(2022, 4, 10))
    row = PolicyTrialRow.objects.get(benefit="S-2")
    assert row.after_fen == 30_002, "1000.05 × 0.3 = 300.015, half up; as a float it would be a fen less"


# --- Differences ---------------------------------------------------------------------------------------------------


def test_a_correction_never_changes_what_is_paid_but_leaves_a_line(money: Money) -> None:
    (one,) = money.payable(1)
    Entitlement.objects.filter(pk=one.pk).update(state="batched")
    Entitlement.objects.filter(pk=one.pk).update(state="paid")
    release(money.programme, stepped())
    assert differences.record_differences(programme=money.programme, by=money.maker) == 1
    one.refresh_from_db()
    line = EntitlementDifference.objects.get()
    assert (one.amount_fen, one.state) == (600_000, "paid")
    assert (line.before_fen, line.after_fen, line.difference_fen, line.sources) == (
        600_000, 530_000, -70_000, [["DISTRICT", -70_000]]
    )  # fmt: skip
    assert sum(fen for _source, fen in line.sources) == line.difference_fen
    assert differences.record_differences(programme=money.programme, by=money.maker) == 0, "written once"
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        EntitlementDifference.objects.update(difference_fen=0)


def test_a_version_for_later_days_leaves_no_line_but_shows_as_of_such_a_day(money: Money) -> None:
    money.payable(2)
    release(money.programme, stepped("2022-01-01"))
    assert differences.record_differences(programme=money.programme, by=money.maker) == 0
    rows = Entitlement.objects.all()
    found = list(differences.differences(rows, programme=money.programme, as_of=dt.date(2022, 2, 1)))
    assert [one.difference_fen for one in found] == [-70_000, -70_000]
    assert not list(differences.differences(rows, programme=money.programme, as_of=ASSESSED))


def test_one_living_amount_per_dwelling_kind_and_period(money: Money) -> None:
    (one,) = money.payable(1)
    for _again in range(2):
        one.pk, one.state = None, "assessed"
        with pytest.raises(IntegrityError, match="entitlement_once"), transaction.atomic():
            one.save()


# --- Gates ---------------------------------------------------------------------------------------------------------

GATED = POLICY.replace(
    "  acceptance: {clause: 五}",
    "  own_funds: {clause: 六}\n  device: {clause: 八, checks: [{when: [{fact: power_kw, operator: '>', value: 15}], "
    "otherwise: TECH_NONCOMPLIANT}]}\n  installer: {clause: 七}\n  acceptance: {clause: 五}",
)
BARE: dict[str, Any] = {
    "on": "2021-12-01", "beneficiary": "HOUSEHOLD", "zone": "", "technology": "ELECTRIC", "classes": [],
    "exclusions": [], "on_roster": False, "installer_admitted": False, "own_funds_in_place": False,
    "accepted_on": None, "costs": [["DEVICE", 800_000, ""]], "quantities": {"power_kw": "15"},
    "meter_individual": True, "season_year": None, "usage": [], "payments": [["CONVERSION", 1, "ELECTRIC", None, []]],
}  # fmt: skip


def test_the_first_failing_gate_in_the_order_of_the_rules_gives_the_reason(money: Money) -> None:
    """Whatever the order in the document: excluded, roster, installer, device, own funds, accepted, paid, the rule."""
    read = policies.read_policy(GATED)
    facts = entitlements.decode_facts({**BARE, "exclusions": ["SECOND_HOME"]})
    opened: list[dict[str, Any]] = [
        {"exclusions": []}, {"on_roster": True}, {"installer_admitted": True}, {"quantities": {"power_kw": "20"}},
        {"own_funds_in_place": True}, {"accepted_on": "2021-11-05"}, {"payments": []},
    ]  # fmt: skip
    stored, codes = {**BARE, "exclusions": ["SECOND_HOME"]}, []
    for step in [{}, *opened]:
        stored = {**stored, **step}
        facts = entitlements.decode_facts(stored)
        codes.append(entitlements.assess(read, facts, kind="CONVERSION").code)
    assert codes == [
        "SECOND_HOME", "NOT_ON_ROSTER", "INSTALLER_NOT_ADMITTED", "TECH_NONCOMPLIANT", "SELF_FUNDS_MISSING",
        "NOT_ACCEPTED", "ALREADY_PAID", "OK_CAPPED",
    ]  # fmt: skip


def test_a_village_sees_its_own_homes_only(money: Money, enter: Sign) -> None:
    mine, other = money.accepted(), money.accepted(area="370999002001")
    trial = trials.run_trial(policy=draft(money), by=money.maker, on=ASSESSED)
    rows = PolicyTrialRow.objects.visible_to(people.user("town_staff", VILLAGE[:9])).filter(trial=trial)
    assert {row.dwelling_id for row in rows} == {mine.dwelling_id} and other.dwelling_id


def run_jobs() -> None:
    for job in Job.objects.filter(state="waiting"):
        assert run_job(job.pk) == "done"
