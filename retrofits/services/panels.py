"""Joint acceptance (L-41, L-42): each department signs once, each person once, then the sheet has passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from programmes.departments import departments_of, word_for
from programmes.models import Phase, Programme
from programmes.plan_queries import acceptance_panel
from retrofits.models import JointAcceptance, JointHome, PanelSeat, Task

OPEN_RIGHT, SIGN_RIGHT = "panels.open", "panels.sign"
ROLE = "panel_member"
WINDOW = "acceptance"
HOMES_MAX = 1000
Sheet = JointAcceptance


@dataclass(frozen=True)
class Seats:
    """Departments of a sheet in the programme's order: (department, its signature or None)."""

    rows: list[tuple[str, PanelSeat | None]]

    @property
    def open_count(self) -> int:
        return sum(seat is None for _department, seat in self.rows)


def panel_of(programme: Programme, year: int) -> tuple[list[str], str]:
    """(departments, clause) of the programme's panel in use for the year (`programmes.Panel`).

    Raises `Refused` NO_PANEL: what the document does not say is not made up.
    """
    panel = acceptance_panel(programme, year)
    if panel is None:
        raise Refused("NO_PANEL", _("The programme names no departments that accept jointly."))
    return list(panel.departments), panel.clause


def homes_for(programme: Programme, area_code: str) -> QuerySet[Task]:
    """Accepted homes below a place that stand on no living sheet yet."""
    accepted = Task.objects.within(area_code).filter(programme=programme, state__in=ACCEPTED_STATES)
    return accepted.exclude(joint_homes__is_void=False).order_by("area_id", "dwelling__dwelling_no")


ACCEPTED_STATES = tuple(state for state in ("accepted", "running") if state in Task.State.values)


def windows_of(programme: Programme, year: int) -> list[Phase]:
    """When the year's works are accepted jointly, as the document states it (L-35); empty where it states nothing."""
    return [one for one in programme.phases.all() if one.code.startswith(WINDOW) and one.goal_year == year]


def outside_windows(programme: Programme, year: int, on: date) -> Refused | None:
    """Why nothing is signed on this day, None inside a window and where the document states none."""
    windows = windows_of(programme, year)
    if not windows or any(one.is_running(on) for one in windows):
        return None
    words = _("The works of %(year)s are accepted jointly from %(first)s to %(last)s; today is %(today)s.")
    first, last = min(one.starts_on for one in windows), max(one.ends_on for one in windows)
    return Refused("OUT_OF_WINDOW", words, year=year, first=first, last=last, today=on)


@transaction.atomic
def open_sheet(*, programme: Programme, area_code: str, year: int, by: User) -> JointAcceptance:
    """A sheet with all homes of the place that are accepted and stand on none. Raises `Refused` NO_PANEL, NO_HOMES."""
    if not by.has_right(OPEN_RIGHT, area_code):
        raise PermissionDenied(OPEN_RIGHT)
    departments, clause = panel_of(programme, year)
    homes = list(homes_for(programme, area_code).select_for_update(of=("self",))[:HOMES_MAX])
    if not homes:
        raise Refused("NO_HOMES", _("No accepted home of this place waits for the joint acceptance."))
    sheet = JointAcceptance.objects.create(
        programme=programme, area_id=area_code, year=year, departments=departments, seat_count=len(departments),
        clause=clause, opened_by=by,
    )  # fmt: skip
    JointHome.objects.bulk_create(JointHome(joint=sheet, task=task) for task in homes)
    return sheet


def sign_sheet(*, sheet: JointAcceptance, by: User, now: datetime) -> JointAcceptance:
    """Sign for one's own department; with the last department the sheet has passed.

    Raises `Refused`: SHEET_CLOSED (409; nobody signs a seventh time), OUT_OF_WINDOW (L-35), NOT_OF_PANEL,
    DEPARTMENT_SIGNED, PERSON_SIGNED, OWN_ACCEPTANCE (who accepted a home at the door does not sign for it). The
    database refuses the same by itself.
    """
    if not by.has_right(SIGN_RIGHT, sheet.area_id):
        raise PermissionDenied(SIGN_RIGHT)
    try:
        with transaction.atomic():
            return _sign(sheet, by, now)
    except IntegrityError:
        words = _("Somebody else signed this sheet at the same moment. Load the page again.")
        raise Refused("SEAT_TAKEN", words, conflict=True) from None


def return_sheet(*, sheet: JointAcceptance, reason: str, by: User, now: datetime) -> JointAcceptance:
    """Give the sheet back: its homes may stand on another one. Raises `Refused` REASON_MISSING, SHEET_CLOSED."""
    if not by.has_right(SIGN_RIGHT, sheet.area_id) and not by.has_right(OPEN_RIGHT, sheet.area_id):
        raise PermissionDenied(SIGN_RIGHT)
    if not reason.strip():
        raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))
    with transaction.atomic():
        sheet = _locked(sheet)
        sheet.state, sheet.closed_at, sheet.return_reason = Sheet.State.RETURNED, now, reason.strip()[:300]
        sheet.save(update_fields=["state", "closed_at", "return_reason"])
        for home in sheet.homes.all():
            home.is_void = True
            home.save(update_fields=["is_void"])
    return sheet


def seats_of(sheet: JointAcceptance, seats: Sequence[PanelSeat] | None = None) -> Seats:
    signed = {seat.department: seat for seat in (sheet.seats.select_related("signer") if seats is None else seats)}
    return Seats([(department, signed.get(department)) for department in sheet.departments])


def department_of(sheet: JointAcceptance, by: User) -> str:
    """The department of the panel the person stands for, by the key the account is bound to; "" for none."""
    return word_for(by, sheet.departments, sheet.area_id)


def _sign(sheet: JointAcceptance, by: User, now: datetime) -> JointAcceptance:
    sheet = _locked(sheet)
    seats = list(sheet.seats.all())
    department = department_of(sheet, by)
    refusal = _why_not(sheet, seats, department, by, timezone.localdate(now))
    if refusal:
        raise refusal
    PanelSeat.objects.create(joint=sheet, department=department, signer=by, person_no=by.person_no)
    if len(seats) + 1 == sheet.seat_count:
        sheet.state, sheet.closed_at = Sheet.State.PASSED, now
        sheet.save(update_fields=["state", "closed_at"])
    return sheet


def _why_not(sheet: JointAcceptance, seats: list[PanelSeat], department: str, by: User, on: date) -> Refused | None:
    closed = outside_windows(sheet.programme, sheet.year, on)
    if closed:
        return closed
    if any(seat.person_no == by.person_no for seat in seats):
        return Refused("PERSON_SIGNED", _("%(name)s has signed this sheet already."), name=by.person_name)
    if not department:
        return _stranger(sheet, by)
    if any(seat.department == department for seat in seats):
        return Refused("DEPARTMENT_SIGNED", _("%(department)s has signed this sheet already."), department=department)
    if Task.objects.filter(joint_homes__joint=sheet, acceptances__inspector__person_no=by.person_no).exists():
        return Refused("OWN_ACCEPTANCE", _("You accepted a home of this sheet at the door; another has to sign."))
    return None


def _stranger(sheet: JointAcceptance, by: User) -> Refused:
    held, panel = [one.name for one in departments_of(by)], "、".join(sheet.departments)
    if held:
        words = _("%(unit)s is none of the departments of this panel: %(all)s.")
        return Refused("NOT_OF_PANEL", words, unit="、".join(held), all=panel)
    words = _("Your account stands for no department; the security administrator binds it. The panel: %(all)s.")
    return Refused("NOT_OF_PANEL", words, all=panel)


def _locked(sheet: JointAcceptance) -> JointAcceptance:
    locked = JointAcceptance.objects.select_for_update().get(pk=sheet.pk)
    if locked.state != Sheet.State.OPEN:
        words = _("The sheet is “%(state)s” by now. Load the page again.")
        raise Refused("SHEET_CLOSED", words, conflict=True, state=locked.get_state_display())
    return locked
