"""Spot checks (J-66, D-48, L-72): sealed, drawn, looked at, evaluated and made known by a circular; annual scores."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.areas import is_inside
from core.refusals import Refused
from programmes.models import Programme
from retrofits.models import Task
from retrofits.sampling import digest, draw
from supervision.kinds import Category, Kind, Source
from supervision.models import Case, SpotCheck, SpotCheckLine, TownScore
from supervision.scores import Component, total_tenths
from supervision.services.cases import Opening, store_case

RIGHT = "supervision.act"
SIZE_MAX = 200
DONE = (Task.State.INSTALLED, Task.State.ACCEPTED, Task.State.RUNNING)


def _may(by: User, area: str) -> None:
    if not by.has_right(RIGHT, area):
        raise PermissionDenied(RIGHT)


def population(programme: Programme, area_code: str) -> list[int]:
    """Numbers of the tasks whose works are done, in ascending order: what a spot check is drawn from."""
    done = Task.objects.within(area_code).filter(programme=programme, state__in=DONE)
    return list(done.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def seal_check(
    *, programme: Programme, area: Area, name: str, planned_on: date, size: int, by: User, now: datetime, seed: str = ""
) -> SpotCheck:
    """Writes down seed, size and the population's fingerprint; nobody knows the homes yet.

    Raises `Refused` CHECK_FAULTY, SIZE_OUTSIDE (with the number of candidates).
    """
    _may(by, area.code)
    if not name.strip() or not is_inside(area.code, programme.area_id):
        raise Refused("CHECK_FAULTY", _("A spot check needs a name and a place of the programme."))
    keys = population(programme, area.code)
    if not 1 <= size <= min(SIZE_MAX, len(keys)):
        words = _("%(size)d homes can't be drawn: works are done in %(count)d, at most %(most)d make a sample.")
        raise Refused("SIZE_OUTSIDE", words, size=size, count=len(keys), most=SIZE_MAX)
    return SpotCheck.objects.create(
        programme=programme, area=area, name=name.strip()[:80], planned_on=planned_on, size=size, population=len(keys),
        seed=seed.strip()[:40] or secrets.token_hex(8), digest=digest(keys), sealed_at=now, sealed_by=by,
    )  # fmt: skip


def locked(check: SpotCheck, by: User) -> SpotCheck:
    kept: SpotCheck = SpotCheck.objects.select_for_update(of=("self",)).select_related("programme").get(pk=check.pk)
    _may(by, kept.area_id)
    return kept


@transaction.atomic
def draw_check(*, check: SpotCheck, by: User, now: datetime) -> SpotCheck:
    """Draws by the sealed seed. Raises `Refused` CHECK_STATE (409), POPULATION_CHANGED (409): seal again."""
    kept = locked(check, by)
    if kept.state != SpotCheck.State.SEALED:
        raise Refused("CHECK_STATE", _("This check has been drawn already."), conflict=True)
    keys = population(kept.programme, kept.area_id)
    if digest(keys) != kept.digest:
        words = _("Works were finished or taken back since the check was sealed (%(then)d homes, now %(now)d). "
                  "Seal a new one.")  # fmt: skip
        raise Refused("POPULATION_CHANGED", words, conflict=True, then=kept.population, now=len(keys))
    SpotCheckLine.objects.bulk_create(
        SpotCheckLine(check_of=kept, task_id=key, place=place)
        for place, key in enumerate(draw(keys, kept.size, kept.seed), 1)
    )
    kept.state, kept.drawn_at, kept.drawn_by = SpotCheck.State.DRAWN, now, by
    kept.save(update_fields=["state", "drawn_at", "drawn_by"])
    return kept


@transaction.atomic
def look_at(*, line: SpotCheckLine, verdict: str, words: str = "", on: date, by: User) -> SpotCheckLine:
    """What was found in one home. Raises `Refused` CHECK_STATE (409), VERDICT_MISSING, WORDS_MISSING."""
    check = locked(line.check_of, by)
    if check.state != SpotCheck.State.DRAWN:
        raise Refused("CHECK_STATE", _("This check is not open."), conflict=True)
    if verdict not in SpotCheckLine.Verdict.values:
        raise Refused("VERDICT_MISSING", _("Choose what was found."))
    if verdict == SpotCheckLine.Verdict.FAULTY and not words.strip():
        raise Refused("WORDS_MISSING", _("Say in words what was done or why."))
    line.verdict, line.words, line.looked_on, line.looked_by = verdict, words.strip()[:300], on, by
    line.save(update_fields=["verdict", "words", "looked_on", "looked_by"])
    return line


@transaction.atomic
def evaluate(*, check: SpotCheck, evaluation: str, by: User, now: datetime) -> SpotCheck:
    """The evaluation in words; it goes out as a circular (J-66). Raises `Refused` CHECK_STATE, NOT_LOOKED_AT."""
    kept = locked(check, by)
    open_lines = kept.lines.filter(verdict="").count()
    if kept.state != SpotCheck.State.DRAWN:
        raise Refused("CHECK_STATE", _("This check is not open."), conflict=True)
    if open_lines or not evaluation.strip():
        raise Refused("NOT_LOOKED_AT", _("%(count)d homes are still to be looked at; then write the evaluation."),
                      count=open_lines)  # fmt: skip
    opening = Opening(Kind.CIRCULAR, Category.POOR_WORKS if faulty(kept) else Category.OTHER, Source.OFFICE,
                      title=kept.name, words=evaluation)  # fmt: skip
    kept.circular = store_case(programme=kept.programme, area=kept.area, opening=opening, by=by, now=now)
    kept.state, kept.evaluation = SpotCheck.State.EVALUATED, evaluation.strip()[:1000]
    kept.save(update_fields=["state", "evaluation", "circular"])
    return kept


def faulty(check: SpotCheck) -> int:
    return check.lines.filter(verdict=SpotCheckLine.Verdict.FAULTY).count()


@transaction.atomic
def score_town(
    *, programme: Programme, area: Area, year: int, points: Mapping[str, int], words: str = "", by: User, now: datetime
) -> TownScore:
    """A town's score of a year from its components, each in tenths of points up to its most; a later entry replaces it.

    Raises `Refused` SCORE_FAULTY naming the component outside its bounds.
    """
    _may(by, area.code)
    if area.level != Area.Level.TOWN or not is_inside(area.code, programme.area_id):
        raise Refused("SCORE_FAULTY", _("Scores are given to towns of the programme."))
    rows = [{"code": one.code, "points": points.get(one.code, 0), "most": one.most_tenths} for one in Component]
    for one in Component:
        if not 0 <= points.get(one.code, 0) <= one.most_tenths:
            words_ = _("%(name)s must lie between 0 and %(most)s points.")
            raise Refused("SCORE_FAULTY", words_, name=one.label, most=one.most_tenths // 10)
    made, _new = TownScore.objects.update_or_create(
        programme=programme, area=area, year=year,
        defaults={"components": rows, "total_tenths": total_tenths(points), "words": words.strip()[:300],
                  "scored_by": by, "scored_at": now},
    )  # fmt: skip
    return made


def follow_up(
    *, case: Case, kind: str, title: str, words: str, due_at: datetime | None, by: User, now: datetime
) -> Case:
    """An order, interview, circular or explanation that follows a case (T-66, L-73). Raises `Refused` CASE_FAULTY."""
    _may(by, case.area_id)
    if kind not in (Kind.ORDER, Kind.CIRCULAR, Kind.INTERVIEW, Kind.EXPLANATION):
        raise Refused("CASE_FAULTY", _("Choose what kind of case it is."))
    category = Category.WEAK_SAFETY if case.kind == Kind.HAZARD else Category.OTHER
    opening = Opening(kind, category, Source.OFFICE, title=title, words=words, responsible=case.responsible,
                      parent=case, due_at=due_at)  # fmt: skip
    return store_case(programme=case.programme, area=case.area, opening=opening, by=by, now=now)
