"""确村确户名单: drawn up per village, sealed village → town → office, returned with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from households import queries, roster_queries, states
from households.models import Document, Enrolment, ImportRow, Roster, RosterPage, RosterRow, RosterSeal
from households.sheets import ROWS_PER_PAGE, sheets_of
from programmes.models import Programme


@transaction.atomic
def draw_up_roster(*, programme: Programme, area: Area, by: User) -> Roster:
    """List the enrolled dwellings of a village that nothing excludes, frozen row by row on numbered pages.

    A draft is drawn up again in place, otherwise a new version begins.
    Raises Refused: NOT_A_VILLAGE, NO_CANDIDATES, UNDER_SEAL (conflict), PAGES_STAMPED (conflict), NOTHING_CHANGED.
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
        _refuse_stamped(last)
        roster = last
        roster.rows.all().delete()
        roster.pages.all().delete()
        roster.prepared_by = by
    else:
        number = last.version_no + 1 if last else 1
        roster = Roster.objects.create(programme=programme, area=area, version_no=number, prepared_by=by)
    _freeze(roster, chosen)
    roster.content_hash = queries.content_hash(queries.roster_rows(roster))
    if last is not None and last.state == states.APPROVED and last.content_hash == roster.content_hash:
        raise Refused("NOTHING_CHANGED", _("The list is the same as the approved one; nothing was drawn up."))
    roster.save(update_fields=["content_hash", "prepared_by"])
    return roster


def _refuse_stamped(draft: Roster) -> None:
    """Pictures of stamped pages of this very draft: what they show must not be drawn anew under them."""
    if draft.scans.exists():
        raise Refused(
            "PAGES_STAMPED",
            _("Stamped pages of this list were already handed in. Have it returned first; then a new version begins."),
            conflict=True,
        )


def _freeze(roster: Roster, chosen: list[Enrolment]) -> None:
    """Rows with what is printed on them, and the pages they fall on."""
    lines = [roster_queries.live_line(one.dwelling, one.technology) for one in chosen]
    rows = [
        RosterRow(
            roster=roster, dwelling=one.dwelling, technology=one.technology, row_no=number,
            page_no=(number - 1) // ROWS_PER_PAGE + 1, printed=line.as_json(),
        )
        for number, (one, line) in enumerate(zip(chosen, lines, strict=True), 1)
    ]  # fmt: skip
    RosterRow.objects.bulk_create(rows, batch_size=1_000)
    sheets = sheets_of(lines, subject=roster_queries.subject_of(roster))
    RosterPage.objects.bulk_create(
        RosterPage(
            roster=roster, page_no=sheet.page_no, first_row=sheet.first_row, last_row=sheet.last_row,
            content_hash=sheet.content_hash, code=sheet.code,
        )
        for sheet in sheets
    )  # fmt: skip


@transaction.atomic
def submit_roster(
    *, roster: Roster, by: User, signed_name: str, content_hash: str, now: dt.datetime | None = None
) -> RosterSeal:
    """Hand in a list that the village stamped and signed on paper: every page's picture must be there.

    The hand that signed is `signed_name`; whoever made the list enters the pages but can't have signed them.
    Raises Refused: WRONG_STATE, NO_RIGHT, NAME_NEEDED, MAKER_SIGNS, PAGES_MISSING, LIST_CHANGED.
    """
    locked = _locked(roster)
    step = states.seal_of(states.VILLAGE)
    _check_state(locked, step)
    if not by.has_right("rosters.import", locked.area_id):
        raise _no_right(locked)
    _check_name(locked, signed_name.strip())
    _check_pages(locked, states.VILLAGE)
    _check_content(locked, content_hash)
    seal = _seal(locked, states.VILLAGE, by, now or clock.now(), None, signed_name=signed_name.strip()[:40])
    locked.state = step.target
    locked.save(update_fields=["state"])
    return seal


def _check_name(roster: Roster, name: str) -> None:
    if not name:
        raise Refused("NAME_NEEDED", _("Enter the name of the person who signed for the village."))
    makers = User.objects.filter(person_no__in=makers_of(roster), person_name=name)
    if makers.exists():
        raise Refused(
            "MAKER_SIGNS",
            _("%(person)s prepared or imported this list. Another person has to seal it."),
            person=name,
        )


def _check_pages(roster: Roster, level: str) -> None:
    missing = roster_queries.pages_missing(roster_queries.page_states(roster), level)
    if missing:
        raise Refused(
            "PAGES_MISSING",
            _("Pictures of stamped pages are missing: page %(pages)s."),
            pages=roster_queries.page_words(missing),
        )


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

    Raises Refused: WRONG_STATE, LIST_CHANGED (conflicts), SAME_SIGNER, MAKER_SIGNS, NO_RIGHT, and PAGES_MISSING
    where the programme asks for scans at this level (`roster_scans`).
    """
    locked = _locked(roster)
    step = states.seal_of(level)
    _check_state(locked, step)
    _check_right(locked, step, by)
    _check_signer(locked, by)
    if level in locked.programme.settings.get("roster_scans", ()):
        _check_pages(locked, level)
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
def return_roster(*, roster: Roster, by: User, reason: str, rows: Mapping[int, str] | None = None) -> Roster:
    """Send a list back to the town with words, for the whole or per row (row id -> words). Its seals stay as a record.

    Raises Refused: WRONG_STATE, NO_RIGHT, REASON_NEEDED.
    """
    locked = _locked(roster)
    step = states.transition("return", locked.state)
    if step is None:
        raise _wrong_state(locked)
    _check_right(locked, step, by)
    words = {pk: text.strip()[:200] for pk, text in (rows or {}).items() if text.strip()}
    named = list(locked.rows.filter(pk__in=words))
    if not reason.strip() and not named:
        raise Refused("REASON_NEEDED", _("Say in a few words what has to be changed."))
    for row in named:
        row.returned_words = words[row.pk]
        row.save(update_fields=["returned_words"])
    locked.state, locked.return_reason = states.RETURNED, reason.strip()[:300] or _rows_words(len(named))
    locked.save(update_fields=["state", "return_reason"])
    return locked


def _rows_words(n: int) -> str:
    return ngettext("%(n)d row to be corrected", "%(n)d rows to be corrected", n) % {"n": n}


def _locked(roster: Roster) -> Roster:
    return Roster.objects.select_for_update(of=("self",)).select_related("programme", "area").get(pk=roster.pk)


def _seal(
    roster: Roster, level: str, by: User, at: dt.datetime, scan: Document | None, *, signed_name: str = ""
) -> RosterSeal:
    try:
        with transaction.atomic():
            return RosterSeal.objects.create(
                roster=roster, level=level, signer=by, person_no=by.person_no, content_hash=roster.content_hash,
                scan=scan, on_paper=bool(signed_name), signed_name=signed_name, at=at,
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
        raise _no_right(roster)


def _no_right(roster: Roster) -> Refused:
    return Refused("NO_RIGHT", _("You don't have the right to do this for %(area)s."), area=roster.area.name)


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
