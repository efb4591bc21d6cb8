"""The register of findings: opened by an auditor, answered by the unit named, closed by an auditor (J-62)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from programmes.models import Programme
from reports.models import AuditFinding, AuditSample
from reports.services.sampling import next_number
from subsidies.models import PayoutLine

FIND, ANSWER = "audit.find", "audit.trace"
State = AuditFinding.State


@dataclass(frozen=True)
class Found:
    """What an auditor writes down; `line` and `sample` say where it was seen."""

    programme: Programme
    area_code: str
    title: str
    words: str
    owner: str
    due_on: dt.date
    weight: str = AuditFinding.Weight.FAULT
    clause: str = ""
    amount_fen: int | None = None
    line: PayoutLine | None = None
    sample: AuditSample | None = None


@transaction.atomic
def open_finding(*, found: Found, by: User, on: dt.date | None = None) -> AuditFinding:
    """Raises Refused DUE_IN_THE_PAST."""
    _demand(by, FIND, found.area_code)
    day = on or clock.today()
    if found.due_on < day:
        raise Refused("DUE_IN_THE_PAST", _("The answer can't be due before today."))
    with acting(by, reason=found.title[:300]):
        return AuditFinding.objects.create(
            programme=found.programme, area_id=found.area_code, number=next_number("WT", AuditFinding, day),
            title=found.title, words=found.words, clause=found.clause, weight=found.weight,
            amount_fen=found.amount_fen, line=found.line, sample=found.sample, owner=found.owner, due_on=found.due_on,
            opened_by=by, opened_person_no=by.person_no, opened_at=clock.now(),
        )  # fmt: skip


@transaction.atomic
def answer_finding(*, finding: AuditFinding, words: str, by: User, on: dt.date | None = None) -> AuditFinding:
    """Raises Refused WORDS_NEEDED, FINDING_STATE, SAME_PERSON (who opened it can't answer it)."""
    row = _locked(finding, State.OPEN)
    _demand(by, ANSWER, row.area_id)
    if by.person_no == row.opened_person_no or by.has_right(FIND, row.area_id):
        raise Refused("SAME_PERSON", _("A finding is answered by the unit it was sent to, not by the auditors."))
    row.answer, row.answered_by, row.answered_person_no = _words(words, 1000), by, by.person_no
    row.answered_at, row.answered_on, row.state = clock.now(), on or clock.today(), State.ANSWERED
    return _saved(row, by, row.answer)


@transaction.atomic
def reject_answer(
    *, finding: AuditFinding, words: str, due_on: dt.date, by: User, on: dt.date | None = None
) -> AuditFinding:
    """The answer is not enough: it goes back with a new day; the old answer stays in the history."""
    row = _locked(finding, State.ANSWERED)
    _demand(by, FIND, row.area_id)
    if due_on < (on or clock.today()):
        raise Refused("DUE_IN_THE_PAST", _("The answer can't be due before today."))
    reason = _words(words, 500)
    row.state, row.due_on, row.answered_at, row.answered_by, row.answered_person_no = State.OPEN, due_on, None, None, ""
    row.close_words, row.answered_on = reason, None
    return _saved(row, by, reason)


@transaction.atomic
def close_finding(*, finding: AuditFinding, words: str, by: User) -> AuditFinding:
    """Raises Refused WORDS_NEEDED, FINDING_STATE (only an answered one is closed)."""
    row = _locked(finding, State.ANSWERED)
    _demand(by, FIND, row.area_id)
    row.close_words, row.closed_by, row.closed_at, row.state = _words(words, 500), by, clock.now(), State.CLOSED
    return _saved(row, by, row.close_words)


def _locked(finding: AuditFinding, state: str) -> AuditFinding:
    row = AuditFinding.objects.select_for_update().get(pk=finding.pk)
    if row.state != state:
        raise Refused(
            "FINDING_STATE", _("This finding is “%(state)s” already."), conflict=True, state=row.get_state_display()
        )
    return row


def _words(words: str, longest: int) -> str:
    if not words.strip():
        raise Refused("WORDS_NEEDED", _("Say in a few words why."))
    return words.strip()[:longest]


def _saved(row: AuditFinding, by: User, reason: str) -> AuditFinding:
    with acting(by, reason=reason[:300]):
        row.save()
    return row


def _demand(by: User, right: str, area_code: str) -> None:
    if not by.has_right(right, area_code):
        raise PermissionDenied(right)
