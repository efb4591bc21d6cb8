"""确村确户名单: drawn up per village, sealed village → town → office, returned with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from households import queries, states
from households.models import Document, Enrolment, ImportRow, Roster, RosterRow, RosterSeal
from programmes.models import Programme


@transaction.atomic
def draw_up_roster(*, programme: Programme, area: Area, by: User) -> Roster:
    """List the enrolled dwellings of a village that nothing excludes. A draft is refreshed, else a new version begins.

    Raises Refused: NOT_A_VILLAGE, NO_CANDIDATES, UNDER_SEAL (conflict), NOTHING_CHANGED.
    """
    if area.level != Area.Level.VILLAGE:
        raise Refused("NOT_A_VILLAGE", _("A roster is drawn up for one village; “%(area)s” is none."), area=area.name)
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    last = Roster.objects.select_for_update().filter(programme=programme, area=area).order_by("-version_no").first()
    chosen = list(queries.candidates(programme, area))
    if not chosen:
        raise Refused("NO_CANDIDATES", _("No household of %(area)s is in the programme yet."), area=area.name)
    if last is not None and last.state not in states.REDRAWN:
        raise Refused(
            "UNDER_SEAL",
            _("The roster of %(area)s is being sealed. Have it returned first."),
            conflict=True,
            area=area.name,
        )
    return _write(programme, area, last, chosen, by)


def _write(programme: Programme, area: Area, last: Roster | None, chosen: list[Enrolment], by: User) -> Roster:
    if last is not None and last.state == states.DRAFT:
        roster = last
        roster.rows.all().delete()
        roster.prepared_by = by
    else:
        number = last.version_no + 1 if last else 1
        roster = Roster.objects.create(programme=programme, area=area, version_no=number, prepared_by=by)
    RosterRow.objects.bulk_create(
        [RosterRow(roster=roster, dwelling=one.dwelling, technology=one.technology) for one in chosen],
        batch_size=1_000,
    )
    roster.content_hash = queries.content_hash(queries.roster_rows(roster))
    if last is not None and last.state == states.APPROVED and last.content_hash == roster.content_hash:
        raise Refused("NOTHING_CHANGED", _("The list is the same as the approved one; nothing was drawn up."))
    roster.save(update_fields=["content_hash", "prepared_by"])
    return roster


@transaction.atomic
def seal_roster(
    *,
    roster: Roster,
    level: str,
    by: User,
    content_hash: str,
    now: dt.datetime | None = None,
    scan: Document | None = None,
) -> RosterSeal:
    """One level's seal over exactly the list whose hash the signer saw.

    Raises Refused: WRONG_STATE, LIST_CHANGED, SAME_SIGNER, MAKER_SIGNS (all but the last two conflicts), NO_RIGHT.
    """
    locked = Roster.objects.select_for_update(of=("self",)).select_related("programme", "area").get(pk=roster.pk)
    step = states.seal_of(level)
    _check_state(locked, step)
    _check_right(locked, step, by)
    _check_signer(locked, by)
    _check_content(locked, content_hash)
    at = now or clock.now()
    seal = _seal(locked, level, by, at, scan)
    locked.state = step.target
    if level == states.OFFICE:
        locked.approved_at = at
    locked.save(update_fields=["state", "approved_at"])
    return seal


@transaction.atomic
def approve_rosters(*, hashes: Mapping[int, str], by: User, now: dt.datetime | None = None) -> list[RosterSeal]:
    """The office approves several villages at once, all or none. `hashes`: roster id -> hash that was shown."""
    rosters = Roster.objects.filter(pk__in=hashes).order_by("pk")
    at = now or clock.now()
    return [
        seal_roster(roster=roster, level=states.OFFICE, by=by, content_hash=hashes[roster.pk], now=at)
        for roster in rosters
    ]


@transaction.atomic
def return_roster(*, roster: Roster, by: User, reason: str) -> Roster:
    """Send a list back to the town with words. Its seals stay as a record; the next list is a new version."""
    locked = Roster.objects.select_for_update(of=("self",)).select_related("area").get(pk=roster.pk)
    step = states.transition("return", locked.state)
    if step is None:
        raise _wrong_state(locked)
    _check_right(locked, step, by)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words what has to be changed."))
    locked.state, locked.return_reason = states.RETURNED, reason.strip()[:300]
    locked.save(update_fields=["state", "return_reason"])
    return locked


def _seal(roster: Roster, level: str, by: User, at: dt.datetime, scan: Document | None) -> RosterSeal:
    try:
        with transaction.atomic():
            return RosterSeal.objects.create(
                roster=roster, level=level, signer=by, person_no=by.person_no,
                content_hash=roster.content_hash, scan=scan, at=at,
            )  # fmt: skip
    except IntegrityError as error:
        raise _wrong_state(roster) from error


def _check_state(roster: Roster, step: states.Transition) -> None:
    if roster.state != step.source:
        raise _wrong_state(roster)


def _wrong_state(roster: Roster) -> Refused:
    return Refused(
        "WRONG_STATE",
        _("The roster of %(area)s is “%(state)s”; this step is not due now."),
        conflict=True,
        area=roster.area.name,
        state=roster.get_state_display(),
    )


def _check_right(roster: Roster, step: states.Transition, by: User) -> None:
    if not by.has_right(step.right, roster.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this for %(area)s."), area=roster.area.name)


def _check_signer(roster: Roster, by: User) -> None:
    """Nobody seals two levels, and whoever prepared or imported the list seals none; a person, not an account."""
    if roster.seals.filter(person_no=by.person_no).exists():
        raise Refused(
            "SAME_SIGNER",
            _("%(person)s has already sealed this list at another level. Another person has to seal it here."),
            person=by.person_name,
        )
    if by.person_no in makers_of(roster):
        raise Refused(
            "MAKER_SIGNS",
            _("%(person)s prepared or imported this list. Another person has to seal it."),
            person=by.person_name,
        )


def makers_of(roster: Roster) -> set[str]:
    """Staff numbers of everybody who put the list together: prepared, uploaded, corrected or entered its rows."""
    dwellings = roster.rows.values("dwelling")
    enrolled = Enrolment.objects.filter(programme=roster.programme, dwelling__in=dwellings)
    edited = ImportRow.objects.filter(dwelling__in=dwellings, roster_import__programme=roster.programme)
    found = {roster.prepared_by.person_no}
    found |= set(enrolled.values_list("entered_by__person_no", flat=True).distinct())
    found |= set(enrolled.values_list("source_import__uploaded_by__person_no", flat=True).distinct())
    found |= set(edited.values_list("edited_by__person_no", flat=True).distinct())
    return {person for person in found if person}


def _check_content(roster: Roster, shown: str) -> None:
    """What is sealed is what was shown, and what was shown is what the register says now."""
    now_says = queries.content_hash(queries.roster_rows(roster))
    if not shown == roster.content_hash == now_says:
        raise Refused(
            "LIST_CHANGED",
            _("The list of %(area)s has changed since it was shown or drawn up. Open it again; draw it up anew."),
            conflict=True,
            area=roster.area.name,
        )
