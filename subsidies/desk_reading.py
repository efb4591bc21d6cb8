"""What the pages of the policy desk show about a version, read in few questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from core.together import read_together
from subsidies.models import CliffSignature, OptionDecision, Policy, PolicyTrial
from subsidies.policy_forms import SwitchesForm
from subsidies.questions import QUESTIONS, Question, answer_words, question_of
from subsidies.rules.policy import Policy as Rules
from subsidies.sentences import benefit_rows
from subsidies.services.policies import PolicyFaults, read_policy
from subsidies.services.switches import decisions_of, plain
from subsidies.wording import problem_reason

SHOWN_LINE = 120


@dataclass(frozen=True)
class Version:
    """One version with its trial, signed jumps, answered questions and neighbours."""

    policy: Policy
    user: User
    others: list[Policy]
    trial: PolicyTrial | None
    signed: Mapping[str, CliffSignature]
    decisions: Mapping[str, OptionDecision]

    @property
    def unsigned(self) -> int:
        return sum(cliff["key"] not in self.signed for cliff in (self.trial.cliffs if self.trial else ()))

    def context(self) -> dict[str, Any]:
        policy, user, place = self.policy, self.user, self.policy.area_id
        drafter, is_draft = policy.drafted_person_no, policy.state == Policy.State.DRAFT
        ready = self.trial is not None and not self.unsigned
        may_draft, may_release = (user.has_right(f"policies.{deed}", place) for deed in ("draft", "release"))
        return {
            "others": self.others,
            "trial": self.trial,
            "stages": self.stages(),
            "may_draft": may_draft,
            "may_try": is_draft and may_draft,
            "may_take_over": is_draft and not drafter and may_draft,
            "may_release": is_draft and ready and drafter not in ("", user.person_no) and may_release,
            "waits_for": "" if not is_draft or ready else self._missing(),
        }

    def stages(self) -> list[dict[str, Any]]:
        """Draft, trial, jumps, release: what is done and what comes next."""
        policy, trial = self.policy, self.trial
        is_draft = policy.state in (Policy.State.DRAFT, Policy.State.DISCARDED)
        last = max(self.signed.values(), key=lambda one: one.signed_at, default=None)
        rows = [
            (_("Draft"), bool(policy.drafted_person_no), policy.drafted_by, policy.drafted_at),
            (_("Trial run"), trial is not None, trial and trial.made_by, trial and trial.made_at),
            (_("Jumps signed"), trial is not None and not self.unsigned, last and last.signer, last and last.signed_at),
            (_("Released and frozen"), not is_draft, policy.released_by, policy.released_at),
        ]
        # A version released before trials were asked for has none; its chain is closed all the same.
        reached = [not is_draft or done for _title, done, _who, _when in rows]
        now = reached.index(False) if False in reached else len(rows)
        return [
            {"title": title, "who": who or "", "when": when if reached[at] else None,
             "state": "did" if at < now else "now" if at == now else "wait"}
            for at, (title, _done, who, when) in enumerate(rows)
        ]  # fmt: skip

    def _missing(self) -> str:
        if self.trial is None:
            return _("Try this version on the accepted dwellings first; then it can be released.")
        return _("%(count)d jumps of the amount at a boundary are not signed yet.") % {"count": self.unsigned}


@dataclass(frozen=True)
class Checked:
    """A text as far as it can be read: its problems with line and reason, or its rules in sentences."""

    problems: list[dict[str, Any]]
    read: Rules | None = None
    benefits: list[dict[str, Any]] | None = None


def version(policy: Policy, user: Any) -> Version:
    """What is known around a version, in one question."""
    others = Policy.objects.filter(programme=policy.programme_id, code=policy.code).order_by("-version_no")
    trials = PolicyTrial.objects.filter(policy=policy, sha256=policy.sha256).select_related("made_by", "baseline")
    trials = trials.order_by("-id")[:1]
    signed = CliffSignature.objects.filter(policy=policy).select_related("signer")
    decided = decisions_of(policy)
    read_together(others, trials, signed, decided)
    return Version(
        policy, user, list(others), next(iter(trials), None), {one.key: one for one in signed},
        {one.option: one for one in decided},
    )  # fmt: skip


def check(document: str) -> Checked:
    """Read a text as the desk would store it."""
    if not document.strip():
        return Checked([])
    try:
        read = read_policy(document)
    except PolicyFaults as faults:
        lines = document.splitlines()
        return Checked([_problem(one, lines) for one in faults.listed])
    return Checked([], read, benefit_rows(document, {}, None))


def option_rows(read: Rules, form: SwitchesForm, decisions: Mapping[str, OptionDecision]) -> list[dict[str, Any]]:
    """The switches of a version: question, answer, default, and the decision behind the answer if there was one."""
    rows = []
    for option in read.options.values():
        decision = decisions.get(option.id)
        holds = decision is not None and decision.after == plain(option.value)
        question = question_of(option.id)
        is_whole = question is not None and question.code == option.id
        rows.append({
            "option": option, "asks": _(question.asks) if question else _(option.question),
            "part": _(option.question) if question and not is_whole else "",
            "note": _note(option.note, question), "value": answer_words(option.value),
            "default": answer_words(option.default), "is_default": option.value == option.default,
            "decision": decision if holds else None, "field": form[f"q_{option.id}"],
        })  # fmt: skip
    return rows


def _note(note: str, question: Question | None) -> str:
    """The document's note; and for a question no answer can change anything about, why that is so."""
    words = [_(note)] if note else []
    return " ".join([*words, _(question.settled)] if question and question.settled else words)


def question_rows(policy: Policy | None) -> list[dict[str, Any]]:
    """All 26 questions; beside each what this version answers and who decided so, or where it is settled."""
    options = read_policy(policy.document, policy.options).options if policy else {}
    decisions = {one.option: one for one in decisions_of(policy)} if policy else {}
    return [
        {"question": one, "answers": _answers(one, options), "decisions": _decided(one, options, decisions)}
        for one in QUESTIONS
    ]


def _answers(question: Question, options: Mapping[str, Any]) -> list[str]:
    own = [option for option in options.values() if question_of(option.id) == question]
    return [answer_words(option.value) for option in own]


def _decided(question: Question, options: Mapping[str, Any], decisions: Mapping[str, Any]) -> list[OptionDecision]:
    own = [option for option in options.values() if question_of(option.id) == question and option.id in decisions]
    return [decisions[option.id] for option in own if decisions[option.id].after == plain(option.value)]


def _problem(problem: Any, lines: list[str]) -> dict[str, Any]:
    text = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
    return {"line": problem.line, "where": problem.where, "words": problem_reason(problem),
            "text": text.strip()[:SHOWN_LINE]}  # fmt: skip
