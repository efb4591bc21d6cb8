"""What can be done to many dwellings at once: each deed is one service of the households' room, asked row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.files import open_file
from core.refusals import Refused
from households import change_rules
from households.models import ChangeRequest, Document, DuplicateKey, Dwelling, Enrolment
from households.services import changes, enrolling, households
from households.services.duplicates import deciding
from programmes.models import Technology
from reports.models import BulkRun

Made = tuple[str, int] | None
ENROLMENT, CHANGE, EDIT = "enrolment", "change", "edit"


@dataclass(frozen=True)
class Deed:
    """`act` does it to one dwelling and names what it made; `ready` reads once what all rows need."""

    code: str
    right: str
    ready: Callable[[BulkRun], Any]
    act: Callable[[Dwelling, Any, User], Made]
    has_inverse: bool = True


def _route(run: BulkRun) -> Technology:
    return Technology.objects.select_related("programme").get(pk=run.params["technology"])


def _enrol(home: Dwelling, route: Technology, by: User) -> Made:
    return ENROLMENT, enrolling.put_forward(dwelling=home, technology=route, by=by).pk


@dataclass(frozen=True)
class Ground:
    """Why dwellings are excluded, with the paper that proves it for all of them."""

    exclusion: str
    note: str
    reason: str
    papers: tuple[tuple[str, bytes], ...]

    @property
    def values(self) -> dict[str, str]:
        return {"exclusion": self.exclusion, "exclusion_note": self.note}


def _ground(run: BulkRun) -> Ground:
    said: Mapping[str, str] = run.params
    return Ground(said["exclusion"], said["note"], said["reason"], _papers(run.paper))


def _papers(paper: Document | None) -> tuple[tuple[str, bytes], ...]:
    if paper is None:
        return ()
    with open_file(paper.stored_name) as stream:
        return ((paper.file_name, stream.read()),)


def _exclude(home: Dwelling, ground: Ground, by: User) -> Made:
    """Directly while no approved list states the dwelling; by request to the level above afterwards."""
    if home.exclusion:
        raise Refused("EXCLUDED", _("Excluded: %(why)s."), why=home.get_exclusion_display())
    try:
        version = households.version_of(home)
        if not by.has_right(change_rules.ASK, home.area_id):
            raise Refused("NO_RIGHT", _("You don't have the right to do this for %(area)s."), area=home.area.name)
        households.edit_household(dwelling=home, version=version, changes=ground.values, reason=ground.reason, by=by)
    except Refused as refusal:
        if refusal.code != "ON_APPROVED_LIST":
            raise
        asked = changes.ask_change(dwelling=home, kind=change_rules.EXCLUDE, wanted=ground.values,
                                   reason=ground.reason, by=by, papers=ground.papers)  # fmt: skip
        return CHANGE, asked.pk
    return EDIT, home.pk


def _recheck(home: Dwelling, _nothing: None, by: User) -> Made:
    """The next search compares it with everything again; whoever asked has that search begin when the run ends."""
    if not by.has_right(deciding.RIGHT, home.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this for %(area)s."), area=home.area.name)
    DuplicateKey.objects.filter(pk=home.pk).update(compared_at=None)
    return None


DEEDS: dict[str, Deed] = {
    one.code: one
    for one in (
        Deed(BulkRun.Deed.ENROL, enrolling.RIGHT, _route, _enrol),
        Deed(BulkRun.Deed.EXCLUDE, change_rules.ASK, _ground, _exclude),
        Deed(BulkRun.Deed.RECHECK, deciding.RIGHT, lambda _run: None, _recheck, has_inverse=False),
    )
}


def unmake(kind: str, pk: int, run: BulkRun, by: User) -> None:
    """The inverse of one thing a run made. Raises Refused where something rests on it by now."""
    if kind == ENROLMENT:
        enrolment = Enrolment.objects.filter(pk=pk).first()
        if enrolment is not None:
            enrolling.take_back(enrolment=enrolment, by=by)
    elif kind == CHANGE:
        changes.withdraw_change(change=ChangeRequest.objects.get(pk=pk), by=by)
    else:
        _include(Dwelling.objects.select_related("household", "area").get(pk=pk), run, by)


def _include(home: Dwelling, run: BulkRun, by: User) -> None:
    if home.exclusion != run.params["exclusion"] or home.exclusion_note != run.params["note"]:
        raise Refused("CHANGED_SINCE", _("It was changed since; correct it in its own form."), conflict=True)
    values = {"exclusion": "", "exclusion_note": ""}
    households.edit_household(
        dwelling=home, version=households.version_of(home), changes=values, reason=str(_("Undone")), by=by
    )
