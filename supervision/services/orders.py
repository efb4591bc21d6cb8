"""Orders drafted from a list of places that lag (T-70): figures filled in, wording open, sent by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Area, User
from core.refusals import Refused
from programmes.models import Programme
from supervision.kinds import Category, Kind, Source
from supervision.models import Case
from supervision.models.cases import OVER
from supervision.services.cases import Opening, locked, store_case

RIGHT = "supervision.act"
AT_ONCE = 100


@dataclass(frozen=True)
class Laggard:
    """A place that lags: homes planned and done, and the homes of all places it is measured by."""

    area: Area
    planned: int
    done: int
    all_planned: int
    all_done: int

    @property
    def percent(self) -> str:
        return share(self.done, self.planned)

    @property
    def all_percent(self) -> str:
        return share(self.all_done, self.all_planned)


def share(part: int, whole: int) -> str:
    """Percent with one decimal place; “—” where there is no whole."""
    return f"{100 * part / whole:.1f}%" if whole else "—"


@dataclass(frozen=True)
class Drafted:
    """New drafts, and places that have such an order already."""

    made: list[Case]
    known: int


@transaction.atomic
def draft_orders(*, programme: Programme, laggards: Sequence[Laggard], source: str, by: User, now: datetime) -> Drafted:
    """A draft for each place without an order about late works that still runs; nobody but who may send it sees it.

    `source` names the list in words. Raises `Refused` NOBODY_LAGS, `PermissionDenied` outside the person's places.
    """
    if not laggards:
        raise Refused("NOBODY_LAGS", _("No place lags behind."))
    for one in laggards[:AT_ONCE]:
        if not by.has_right(RIGHT, one.area.code):
            raise PermissionDenied(RIGHT)
    places = [one.area.code for one in laggards[:AT_ONCE]]
    running = Case.objects.filter(programme=programme, kind=Kind.ORDER, category=Category.LATE_WORKS, area__in=places)
    known = set(running.exclude(state__in=OVER).values_list("area_id", flat=True))
    made = [
        store_case(
            programme=programme, area=one.area, opening=_opening(one, source), by=by, now=now, state=Case.State.DRAFT
        )
        for one in laggards[:AT_ONCE] if one.area.code not in known
    ]  # fmt: skip
    return Drafted(made, len(known))


def _opening(one: Laggard, source: str) -> Opening:
    words = _(
        "%(source)s: %(place)s has done %(done)d of %(planned)d homes (%(percent)s); all places together "
        "%(all_percent)s. State the reasons and the measures, and make up for the delay within the time set."
    )
    values = {
        "source": source, "place": one.area.name, "done": one.done, "planned": one.planned, "percent": one.percent,
        "all_percent": one.all_percent,
    }  # fmt: skip
    return Opening(
        Kind.ORDER, Category.LATE_WORKS, Source.OFFICE, _("Works lag behind: %(place)s") % {"place": one.area.name},
        words=words % values, responsible=one.area.name,
    )  # fmt: skip


@transaction.atomic
def edit_draft(
    *, case: Case, title: str, words: str, responsible: str = "", due_at: datetime | None = None, version: int, by: User
) -> Case:
    """Other words for a draft before it is sent. Raises `Refused` CASE_STATE, CASE_CHANGED (409), CASE_FAULTY."""
    kept = locked(case)
    if not by.has_right(RIGHT, kept.area_id):
        raise PermissionDenied(RIGHT)
    if kept.state != Case.State.DRAFT:
        raise Refused("CASE_STATE", _("It has been sent; its words stay."), conflict=True)
    if kept.version != version:
        raise Refused("CASE_CHANGED", _("Somebody has gone on with this case. Load the page again."), conflict=True)
    if not title.strip() or not words.strip():
        raise Refused("CASE_FAULTY", _("An order needs a title and words."))
    kept.title, kept.words, kept.responsible = title.strip()[:80], words.strip()[:2000], responsible.strip()[:80]
    kept.due_at, kept.version = due_at or kept.due_at, kept.version + 1
    kept.save(update_fields=["title", "words", "responsible", "due_at", "version"])
    return kept
