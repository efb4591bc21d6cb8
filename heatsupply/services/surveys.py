"""Satisfaction: users drawn by a stored seed, asked one by one (B-03)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from core.sampling import draw
from heatsupply.models import FeeAccount, HeatingCompany, Survey, SurveyAnswer, Suspension
from heatsupply.models.owned import MANAGE
from heatsupply.terms.fees import season_of
from programmes.models import Programme

MOST = 500
Reached = SurveyAnswer.Reached


def population(programme: Programme, company: HeatingCompany, season: str) -> list[int]:
    """Keys of the residents who are heated in the season, in ascending order."""
    rows = FeeAccount.objects.filter(programme=programme, company=company, season=season, kind=FeeAccount.Kind.RESIDENT)
    suspended = Suspension.objects.filter(state=Suspension.State.APPROVED, account__isnull=False)
    return sorted(rows.exclude(pk__in=suspended.values("account_id")).values_list("pk", flat=True))


def digest(keys: list[int]) -> str:
    """Fingerprint of those drawn from: ascending, one a line, SHA-256 in hex."""
    return hashlib.sha256("".join(f"{key}\n" for key in keys).encode()).hexdigest()


@transaction.atomic
def draw_survey(
    *, programme: Programme, company: HeatingCompany, season: str, name: str, size: int, seed: str = "", by: User,
    now: datetime,
) -> Survey:  # fmt: skip
    """Draw the users to be asked; the county draws, never the company. Raises `Refused` SURVEY_FAULTY."""
    if not by.has_right(MANAGE, company.area_id):
        raise PermissionDenied(MANAGE)
    keys = population(programme, company, season_of(programme, season).label)
    if not name.strip() or not 1 <= size <= min(MOST, len(keys)):
        words = _("A survey needs a name and 1 to %(most)d users; %(count)d residents are heated in this season.")
        raise Refused("SURVEY_FAULTY", words, most=min(MOST, len(keys)), count=len(keys))
    made: Survey = Survey.objects.create(
        programme=programme, company=company, area_id=company.area_id, season=season, name=name.strip()[:80],
        seed=seed.strip()[:40] or secrets.token_hex(8), size=size, population=len(keys), digest=digest(keys),
        drawn_by=by, drawn_at=now,
    )  # fmt: skip
    SurveyAnswer.objects.bulk_create(
        SurveyAnswer(survey=made, company=company, area_id=company.area_id, account_id=key, place=place)
        for place, key in enumerate(draw(keys, size, made.seed), 1)
    )
    return made


@transaction.atomic
def answer_survey(
    *, answer: SurveyAnswer, reached: str, score: int | None, words: str = "", by: User, on: date
) -> SurveyAnswer:
    """What a drawn user said, 1 to 5, or that nobody was reached. Raises `Refused` ANSWER_FAULTY."""
    kept: SurveyAnswer = SurveyAnswer.objects.select_for_update().get(pk=answer.pk)
    if not by.has_right(MANAGE, kept.area_id):
        raise PermissionDenied(MANAGE)
    answered = reached == Reached.ANSWERED
    if reached not in (Reached.ANSWERED, Reached.NOT_REACHED) or answered != (score in range(1, 6)):
        raise Refused("ANSWER_FAULTY", _("An answer has a score of 1 to 5; who was not reached has none."))
    kept.reached, kept.score, kept.words = reached, score if answered else None, words.strip()[:300]
    kept.asked_by, kept.asked_on = by, on
    kept.save()
    return kept
