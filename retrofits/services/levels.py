"""Levels of acceptance of a programme's year: self-check, then city, then national (L-43, D-47, T-54)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from programmes.models import Programme
from retrofits.models import LevelCheck, Task

RIGHT = "panels.open"
ORDER = (LevelCheck.Level.SELF, LevelCheck.Level.CITY, LevelCheck.Level.NATIONAL)


@transaction.atomic
def record_level(
    *, programme: Programme, year: int, level: str, result: str, held_on: date, note: str, by: User, on: date
) -> LevelCheck:
    """Write down how a level went, with the figures of that moment. A level follows only the one below it, passed.

    Raises `Refused` LEVEL_UNKNOWN, YEAR_OUTSIDE, HELD_LATER, LEVEL_ORDER, LEVEL_PASSED (409), NOTE_MISSING.
    """
    if not by.has_right(RIGHT, programme.area_id):
        raise PermissionDenied(RIGHT)
    if level not in LevelCheck.Level.values or result not in LevelCheck.Result.values:
        raise Refused("LEVEL_UNKNOWN", _("Choose the level and its result."))
    if not programme.year_from <= year <= programme.year_to:
        words = _("%(year)d is no year of the programme (%(first)d to %(last)d).")
        raise Refused("YEAR_OUTSIDE", words, year=year, first=programme.year_from, last=programme.year_to)
    if held_on > on:
        raise Refused("HELD_LATER", _("An acceptance that has not been held yet can't be written down."))
    if result == LevelCheck.Result.FAILED and not note.strip():
        raise Refused("NOTE_MISSING", _("Say in one sentence why it was not passed."))
    Programme.objects.select_for_update(of=("self",)).get(pk=programme.pk)
    _in_order(programme, year, level)
    return LevelCheck.objects.create(
        programme=programme, area_id=programme.area_id, year=year, level=level, result=result, held_on=held_on,
        note=note.strip()[:300], figures=figures(programme), recorded_by=by,
    )  # fmt: skip


def figures(programme: Programme) -> dict[str, int]:
    """Homes of the programme at this moment: in works, accepted, being put right."""
    alive = Task.objects.filter(programme=programme).exclude(state=Task.State.WITHDRAWN)
    return dict(alive.aggregate(
        homes=Count("pk"), accepted=Count("pk", filter=Q(acceptances__result="passed"), distinct=True),
        rectify=Count("pk", filter=Q(state=Task.State.RECTIFY), distinct=True),
    ))  # fmt: skip


def next_level(passed: set[str]) -> str:
    """The level that is due, "" when all have passed."""
    return next((level.value for level in ORDER if level.value not in passed), "")


def due_by_year(years: Iterable[int], checks: Iterable[LevelCheck]) -> dict[int, str]:
    """Year -> level that is due in it, without the years in which all have passed."""
    passed: dict[int, set[str]] = {year: set() for year in years}
    for one in checks:
        if one.result == LevelCheck.Result.PASSED and one.year in passed:
            passed[one.year].add(one.level)
    due = {year: next_level(levels) for year, levels in passed.items()}
    return {year: level for year, level in due.items() if level}


def _in_order(programme: Programme, year: int, level: str) -> None:
    rows = LevelCheck.objects.filter(programme=programme, year=year, result=LevelCheck.Result.PASSED)
    passed = set(rows.values_list("level", flat=True))
    if level in passed:
        raise Refused("LEVEL_PASSED", _("This level of %(year)d has passed already."), conflict=True, year=year)
    due = next_level(passed)
    if level != due:
        words = _("First comes the level “%(level)s”.")
        raise Refused("LEVEL_ORDER", words, level=LevelCheck.Level(due).label)
