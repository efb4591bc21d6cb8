"""Second-level review and spot checks (T-53, D-48): a sample anybody can draw again, and its findings."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from programmes.models import Programme
from retrofits.models import Acceptance, Review, ReviewLine
from retrofits.sampling import digest, draw

RIGHT, FIX_RIGHT = "acceptances.review", "installations.record"
SIZE_MAX = 500
Verdict = ReviewLine.Verdict


@transaction.atomic
def draw_review(
    *, programme: Programme, area_code: str, kind: str, size: int, by: User, now: datetime, seed: str = ""
) -> Review:
    """Draw `size` of the homes passed up to `now` below a place; the seed is made here unless it is given.

    Raises `Refused` KIND_UNKNOWN, SIZE_OUTSIDE (with the number of candidates).
    """
    if not by.has_right(RIGHT, area_code):
        raise PermissionDenied(RIGHT)
    if kind not in Review.Kind.values:
        raise Refused("KIND_UNKNOWN", _("Choose a second-level review or a spot check."))
    keys = candidates(programme, area_code, now)
    if not 1 <= size <= min(SIZE_MAX, len(keys)):
        words = _("%(size)d homes can't be drawn: %(count)d were accepted here, at most %(most)d make a sample.")
        raise Refused("SIZE_OUTSIDE", words, size=size, count=len(keys), most=SIZE_MAX)
    seed = seed.strip()[:40] or secrets.token_hex(8)
    review = Review.objects.create(
        programme=programme, area_id=area_code, kind=kind, seed=seed, until=now, candidates=len(keys),
        digest=digest(keys), size=size, drawn_by=by,
    )  # fmt: skip
    chosen = draw(keys, size, seed)
    ReviewLine.objects.bulk_create(
        ReviewLine(review=review, acceptance_id=key, place=place) for place, key in enumerate(chosen, 1)
    )
    return review


def candidates(programme: Programme, area_code: str, until: datetime) -> list[int]:
    """Numbers of the acceptances a sample is drawn from, in ascending order."""
    passed = Acceptance.objects.within(area_code).filter(task__programme=programme, result=Acceptance.Result.PASSED)
    return list(passed.filter(recorded_at__lte=until).order_by("pk").values_list("pk", flat=True))


def holds(review: Review) -> bool:
    """Whether the sample comes out the same when it is drawn again from what is in the books now."""
    keys = candidates(review.programme, review.area_id, review.until)
    drawn = draw(keys, review.size, review.seed)
    kept = list(review.lines.order_by("place").values_list("acceptance_id", flat=True))
    return digest(keys) == review.digest and drawn == kept


@transaction.atomic
def decide_line(
    *, line: ReviewLine, verdict: str, finding: str = "", due_on: date | None = None, by: User, now: datetime, on: date
) -> ReviewLine:
    """It holds, or a finding with words and a day. Decided once; never by the inspector or anybody of the same agency.

    Raises `Refused` VERDICT_MISSING, FINDING_INCOMPLETE, DUE_PAST, LINE_DECIDED (409), OWN_INSPECTION.
    """
    line = ReviewLine.objects.select_for_update(of=("self",)).select_related("review", "acceptance").get(pk=line.pk)
    if not by.has_right(RIGHT, line.review.area_id):
        raise PermissionDenied(RIGHT)
    if line.verdict:
        raise Refused("LINE_DECIDED", _("This home has been decided already. Load the page again."), conflict=True)
    _check(line.acceptance, verdict, finding, due_on, by, on)
    line.verdict, line.decided_by, line.decided_at = verdict, by, now
    if verdict == Verdict.FINDING:
        line.finding, line.due_on = finding.strip()[:300], due_on
    line.save(update_fields=["verdict", "decided_by", "decided_at", "finding", "due_on"])
    return line


@transaction.atomic
def fix_finding(*, line: ReviewLine, note: str, by: User, on: date) -> ReviewLine:
    """Whoever installed says what was done about a finding. Raises `Refused` NOTE_MISSING, NOT_OPEN (409)."""
    line = ReviewLine.objects.select_for_update(of=("self",)).select_related("acceptance").get(pk=line.pk)
    if not by.has_right(FIX_RIGHT, line.acceptance.area_id):
        raise PermissionDenied(FIX_RIGHT)
    if line.verdict != Verdict.FINDING or line.fixed_on:
        raise Refused("NOT_OPEN", _("There is no open finding here. Load the page again."), conflict=True)
    if not note.strip():
        raise Refused("NOTE_MISSING", _("say in one sentence what was done"))
    line.fixed_note, line.fixed_on = note.strip()[:300], on
    line.save(update_fields=["fixed_note", "fixed_on"])
    return line


def _check(acceptance: Acceptance, verdict: str, finding: str, due_on: date | None, by: User, on: date) -> None:
    if verdict not in (Verdict.HOLDS, Verdict.FINDING):
        raise Refused("VERDICT_MISSING", _("Choose whether the acceptance holds."))
    if acceptance.inspector.person_no == by.person_no or _same_agency(acceptance, by):
        raise Refused("OWN_INSPECTION", _("You or your agency accepted this home; another has to review it."))
    if verdict == Verdict.FINDING and (not finding.strip() or due_on is None):
        raise Refused("FINDING_INCOMPLETE", _("A finding needs a sentence and a day until which it is put right."))
    if verdict == Verdict.FINDING and due_on is not None and due_on < on:
        raise Refused("DUE_PAST", _("The day for putting it right lies in the past"))


def _same_agency(acceptance: Acceptance, by: User) -> bool:
    agency = acceptance.agency
    return agency is not None and agency.members.filter(user__person_no=by.person_no).exists()
