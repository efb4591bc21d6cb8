"""Sheets of joint acceptance as to-dos of the departments that still have to sign them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.together import Reading
from programmes.departments import departments_of, word_among
from programmes.models import Programme
from reports.links import address
from reports.queries.scope import Scope
from retrofits.models import JointAcceptance, PanelSeat
from retrofits.services.panels import SIGN_RIGHT, outside_windows, windows_of

EACH, MOST = 5, 60


def to_sign(scope: Scope) -> Reading[list[dict[str, Any]]]:
    """Open sheets this person can sign today: for a department whose seat is free, and not signed by himself."""
    if scope.programme is None:
        return []
    rows = scope.of_programme(JointAcceptance, SIGN_RIGHT).filter(state=JointAcceptance.State.OPEN)
    rows = rows.select_related("area").order_by("id")[:MOST]
    open_ones = JointAcceptance.objects.filter(programme=scope.programme, state=JointAcceptance.State.OPEN)
    seats = PanelSeat.objects.filter(joint__in=open_ones).values_list("joint", "department", "person_no")
    held = departments_of(scope.user)
    yield [rows, seats, held]
    found = [(one, word_among(held, one.departments, one.area_id)) for one in rows]
    taken = {(joint, who) for joint, department, person_no in seats for who in (department, f"#{person_no}")}
    mine = [
        (sheet, word) for sheet, word in found
        if word and not {(sheet.pk, word), (sheet.pk, f"#{scope.user.person_no}")} & taken
    ]  # fmt: skip
    return _lines(scope.programme, [one for one in mine if not _closed(scope.programme, one[0].year)])


def _closed(programme: Programme, year: int) -> bool:
    """Outside the days the document states nobody can sign, so nothing waits."""
    return outside_windows(programme, year, clock.today()) is not None


def _lines(programme: Programme, mine: list[tuple[Any, str]]) -> list[dict[str, Any]]:
    if len(mine) > EACH:
        words = ngettext("%(n)d sheet", "%(n)d sheets", len(mine)) % {"n": len(mine)}
        return [_line(words, address("retrofits:joint-list"), len(mine))]
    return [
        _line(f"{sheet.area.name} {sheet.year} · {word}", address("retrofits:joint-detail", sheet.pk), 1)
        | {"due": _last_day(programme, sheet.year)}
        for sheet, word in mine
    ]


def _line(detail: str, url: str, count: int) -> dict[str, Any]:
    title = _("Joint acceptance to sign")
    return {"icon": "clipboard-check", "title": title, "detail": detail, "url": url, "count": count}


def _last_day(programme: Programme, year: int) -> Any:
    return max((one.ends_on for one in windows_of(programme, year)), default=None)


SOURCES = ((SIGN_RIGHT, to_sign),)
