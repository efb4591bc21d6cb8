"""Village lists as they were printed: frozen rows, differences, departures, stamped pages, deadlines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Prefetch, QuerySet
from django.utils.dateparse import parse_date
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from core.beside import hang
from core.masks import mask_id
from core.together import Reading, read, read_together, sums_in, sums_of
from households import states
from households.models import Dwelling, Enrolment, Roster, RosterPage, RosterRow, RosterScan
from households.sheets import Change, Line, changes_between
from programmes.models import Programme, Technology

REMIND_DAYS = 14
_RANGE_FROM = 3  # two neighbours are no shorter as a range
SEALED_BY_VILLAGE = (states.VILLAGE_SEALED, states.TOWN_SEALED, states.APPROVED)


# --- what stands on a row -------------------------------------------------------------------------------------


def live_line(dwelling: Dwelling, technology: Technology) -> Line:
    """The row as the register would print it now. `dwelling.household` must be at hand."""
    family, area = dwelling.household, dwelling.heated_area_m2
    return Line(
        dwelling_no=dwelling.dwelling_no, head_name=family.head_name, id_mask=mask_id(family.id_number),
        id_index=family.id_number_index, door_no=dwelling.door_no, dwelling_type=dwelling.dwelling_type,
        heated_area_m2="" if area is None else f"{Decimal(area):.2f}", technology=technology.code,
        technology_name=technology.name,
    )  # fmt: skip


def line_of(row: RosterRow) -> Line:
    """The row as it was frozen; rows from before lists were frozen say what the register says."""
    return Line.from_json(row.printed) if row.printed else live_line(row.dwelling, row.technology)


def printed_rows(roster: Roster) -> list[RosterRow]:
    """Rows in the order of the printed list, each with its `line` and its number."""
    return _numbered(_list_rows(roster))


def _list_rows(roster: Roster) -> QuerySet[RosterRow]:
    found = roster.rows.select_related("dwelling__household", "technology")
    return found.order_by("row_no", "dwelling__dwelling_no")


def _numbered(found: Iterable[RosterRow]) -> list[RosterRow]:
    rows = list(found)
    for number, row in enumerate(rows, 1):
        row.line, row.number = line_of(row), row.row_no or number  # type: ignore[attr-defined]
    return rows


def subject_of(roster: Roster) -> str:
    """What page codes are bound to: programme, village, version."""
    return f"{roster.programme.code}/{roster.area_id}/v{roster.version_no}"


# --- differences to the last version --------------------------------------------------------------------------


@dataclass(frozen=True)
class RowDifference:
    """`kind` is added, removed, changed or same; `words` are what the row was returned with."""

    kind: str
    line: Line
    changes: tuple[Change, ...] = ()
    words: str = ""


def version_before(roster: Roster) -> Roster | None:
    return next(iter(_versions_before(roster)), None)


def _versions_before(roster: Roster) -> QuerySet[Roster]:
    earlier = Roster.objects.filter(programme=roster.programme, area=roster.area, version_no__lt=roster.version_no)
    return earlier.order_by("-version_no")[:1]


def differences(roster: Roster) -> list[RowDifference] | None:
    """Rows that came, went or say something else than in the version before, and every row that was returned.

    None for the first version. Returned rows that say the same as before are listed as `same`.
    """
    before = version_before(roster)
    return None if before is None else _differences(printed_rows(before), printed_rows(roster))


def _differences(was: Iterable[RosterRow], now: Iterable[RosterRow]) -> list[RowDifference]:
    old: dict[int, Any] = {row.dwelling_id: row for row in was}
    new: dict[int, Any] = {row.dwelling_id: row for row in now}
    found = [RowDifference("added", row.line) for key, row in new.items() if key not in old]
    found += [
        RowDifference("removed", row.line, words=row.returned_words) for key, row in old.items() if key not in new
    ]
    return found + [one for key in new if key in old and (one := _compared(old[key], new[key])) is not None]


@dataclass(frozen=True)
class Standing:
    """A list as its page shows it: rows, pages with scans, what differs from the last version and the register."""

    rows: list[RosterRow]
    pages: list[PageState]
    differences: list[RowDifference] | None
    departures: list[Departure]


def standing_of(roster: Roster) -> Reading[Standing]:
    """A reading of two turns, whatever the number of rows."""
    rows, before, pages = _list_rows(roster), _versions_before(roster), roster.pages.order_by("page_no")
    scans = roster.scans.exclude(page=None).select_related("document", "uploaded_by").order_by("id")
    yield [rows, before, pages, scans]
    hang(pages, "scans", scans, "page_id")
    here = _numbered(rows)
    earlier, routes = next(iter(before), None), _routes(roster, [row.dwelling_id for row in here])
    was = _list_rows(earlier) if earlier else None
    yield [routes] if was is None else [routes, was]
    printed = [row for row in here if row.printed] if roster.state in SEALED_BY_VILLAGE else []
    return Standing(
        here, _page_states(pages), None if was is None else _differences(_numbered(was), here),
        _departed(roster, printed, routes, pages),
    )  # fmt: skip


def _compared(old: Any, new: Any) -> RowDifference | None:
    changes = tuple(changes_between(old.line, new.line))
    if not changes and not old.returned_words:
        return None
    return RowDifference("changed" if changes else "same", new.line, changes, old.returned_words)


# --- departures from what was stamped --------------------------------------------------------------------------


@dataclass(frozen=True)
class Departure:
    """Where the register no longer says what a stamped page says. `left` is set when the row is gone from it."""

    roster: Roster
    page: RosterPage | None
    row_no: int
    line: Line
    changes: tuple[Change, ...]
    left: str = ""

    @property
    def code(self) -> str:
        return self.page.code if self.page else ""


def departures(roster: Roster) -> list[Departure]:
    """Rows of a sealed list whose dwelling, head or route was changed since the list was frozen. Four queries."""
    if roster.state not in SEALED_BY_VILLAGE:
        return []
    rows = [row for row in printed_rows(roster) if row.printed]
    return _departures(roster, rows)


def _departures(roster: Roster, rows: Sequence[RosterRow]) -> list[Departure]:
    routes, pages = _routes(roster, [row.dwelling_id for row in rows]), roster.pages.all()
    read_together(routes, pages)
    return _departed(roster, rows, routes, pages)


def _routes(roster: Roster, dwellings: Sequence[int]) -> QuerySet[Enrolment]:
    enrolled = Enrolment.objects.filter(programme=roster.programme_id, dwelling__in=dwellings)
    return enrolled.select_related("technology")


def _departed(
    roster: Roster, rows: Sequence[RosterRow], enrolled: Iterable[Enrolment], pages: Iterable[RosterPage]
) -> list[Departure]:
    routes = {one.dwelling_id: one.technology for one in enrolled}
    by_number = {page.page_no: page for page in pages}
    found = []
    for row in rows:
        line, route = line_of(row), routes.get(row.dwelling_id)
        left = "not_enrolled" if route is None else row.dwelling.exclusion if not row.exclusion else ""
        changes = tuple(changes_between(line, live_line(row.dwelling, route or row.technology)))
        if changes or left:
            found.append(Departure(roster, by_number.get(row.page_no), row.row_no, line, changes, left))
    return found


def stamped_rows(dwelling: Dwelling, programme: Programme | None = None) -> QuerySet[RosterRow]:
    """Rows of sealed lists that name the dwelling, the newest version first."""
    rows = RosterRow.objects.filter(dwelling=dwelling, roster__state__in=SEALED_BY_VILLAGE)
    if programme is not None:
        rows = rows.filter(roster__programme=programme)
    related = rows.select_related("roster__programme", "roster__area", "dwelling__household", "technology")
    return related.order_by("-roster__version_no", "-roster_id")


@dataclass(frozen=True)
class StampedPlace:
    """The stamped page that binds a dwelling: what a change request departs from."""

    row: RosterRow
    page: RosterPage | None
    scans: list[RosterScan]
    departure: Departure | None

    @property
    def line(self) -> Line:
        return line_of(self.row)


def stamped_place(dwelling: Dwelling, programme: Programme) -> StampedPlace | None:
    """The newest sealed list's page and row of a dwelling, its scans, and how the register departs from it now."""
    return read(stamped_in(stamped_rows(dwelling), programme))


def stamped_in(rows: QuerySet[RosterRow], programme: Programme | None) -> Reading[StampedPlace | None]:
    """`stamped_place` as a reading of one turn; `rows` are the `stamped_rows` of a dwelling."""
    row = next((one for one in rows if one.roster.programme_id == getattr(programme, "pk", 0)), None)
    if row is None:
        return None
    pages = RosterPage.objects.filter(roster=row.roster_id, page_no=row.page_no)
    routes = _routes(row.roster, [row.dwelling_id])
    scans = RosterScan.objects.filter(page__roster=row.roster_id, page__page_no=row.page_no)
    scans = scans.select_related("document", "uploaded_by")
    yield [pages, routes, scans]
    page = next(iter(pages), None)
    gone = _departed(row.roster, [row], routes, pages) if row.printed else []
    return StampedPlace(row, page, list(scans) if page else [], gone[0] if gone else None)


# --- pages and their scans -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PageState:
    """One page with its newest scan per level, in the order village, town, office."""

    page: RosterPage
    by_level: dict[str, RosterScan]

    def at(self, level: str) -> RosterScan | None:
        return self.by_level.get(level)

    @property
    def newest(self) -> RosterScan | None:
        return max(self.by_level.values(), key=lambda scan: scan.pk, default=None)


def page_states(roster: Roster) -> list[PageState]:
    """Two queries."""
    scans = RosterScan.objects.select_related("document", "uploaded_by").order_by("id")
    pages = roster.pages.prefetch_related(Prefetch("scans", queryset=scans)).order_by("page_no")
    return _page_states(pages)


def _page_states(pages: Iterable[RosterPage]) -> list[PageState]:
    return [PageState(page, {scan.level: scan for scan in page.scans.all()}) for page in pages]


def pages_missing(states_of_pages: Iterable[PageState], level: str) -> list[int]:
    """Numbers of the pages that have no scan for that level yet."""
    return [one.page.page_no for one in states_of_pages if one.at(level) is None]


def page_words(numbers: Sequence[int]) -> str:
    """Neighbours as a range: 1, 2, 3 and 5 are “1 to 3、5”; "" when there are none."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "、".join(_run_words(run) for run in runs)


def _run_words(run: Sequence[int]) -> str:
    if len(run) < _RANGE_FROM:
        return "、".join(map(str, run))
    return _("%(first)d to %(last)d") % {"first": run[0], "last": run[-1]}


def unread_scans(roster: Roster) -> QuerySet[RosterScan]:
    """Pictures on which no code could be read; somebody types it."""
    return roster.scans.filter(page=None).select_related("document", "uploaded_by")


def scan_level(roster: Roster) -> str:
    """The level whose stamp a page scanned now is expected to show; "" where none is due."""
    due = next((step.level for step in states.steps_from(roster.state) if step.level), "")
    return states.OFFICE if roster.state == states.APPROVED else due


# --- deadlines -------------------------------------------------------------------------------------------------


def deadline_of(programme: Programme) -> dt.date | None:
    """The day by which lists are reported to the office (T-44), from the programme's own data; None without one."""
    said = programme.settings.get("roster_deadline")
    return parse_date(str(said)) if said else None


@dataclass(frozen=True)
class Timing:
    """How a village stands to the deadline: `late_days` > 0 is late; `days_left` counts while it is open."""

    deadline: dt.date
    reported_on: dt.date | None
    today: dt.date

    @property
    def late_days(self) -> int:
        return max(0, ((self.reported_on or self.today) - self.deadline).days)

    @property
    def days_left(self) -> int | None:
        return None if self.reported_on else (self.deadline - self.today).days

    @property
    def is_near(self) -> bool:
        """Not reported, and the reminder's time has come."""
        return self.days_left is not None and 0 <= self.days_left <= REMIND_DAYS


def timings(programme: Programme, rosters: Iterable[Roster | None], today: dt.date) -> dict[int, Timing]:
    """Roster id -> timing; a list is reported when any version of it was sealed by the town."""
    return read(timing_of(programme, rosters, today))


def timing_of(programme: Programme, rosters: Iterable[Roster | None], today: dt.date) -> Reading[dict[int, Timing]]:
    """`timings` as a reading of one turn, of none without a deadline."""
    deadline = deadline_of(programme)
    if deadline is None:
        return {}
    known = [roster for roster in rosters if roster is not None]
    rows = Roster.objects.filter(programme=programme, area__in={one.area_id for one in known}, seals__level="town")
    seals = rows.order_by("-seals__at").values_list("area_id", "seals__at")
    yield [seals]
    reported: dict[str, dt.date] = {}
    for area_id, at in seals:
        reported[area_id] = localdate(at)
    return {one.pk: Timing(deadline, reported.get(one.area_id), today) for one in known}


def timing_without_list(programme: Programme, today: dt.date) -> Timing | None:
    """The timing of a village that has no list at all."""
    deadline = deadline_of(programme)
    return None if deadline is None else Timing(deadline, None, today)


@dataclass(frozen=True)
class Unreported:
    """Villages whose list has not reached the office near or after the deadline."""

    villages: int
    deadline: dt.date
    is_late: bool


def unreported(enrolments: QuerySet[Enrolment], programme: Programme, today: dt.date) -> Reading[Unreported | None]:
    """Among the villages of these enrolments; None without a deadline, long before it, or when all are reported.

    A reading of one turn, of none where the programme has no deadline.
    """
    deadline = deadline_of(programme)
    if deadline is None or (deadline - today).days > REMIND_DAYS:
        return None
    reported = Roster.objects.filter(programme=programme, seals__level=states.TOWN).values("area")
    waiting = enrolments.filter(programme=programme, dwelling__exclusion="").exclude(area__in=reported)
    counted = sums_of(waiting, n=Count("area", distinct=True))
    yield [counted]
    count = sums_in(counted)["n"]
    return Unreported(count, deadline, today > deadline) if count else None


def returned_rows(roster: Roster) -> list[RosterRow]:
    """Rows sent back with words, in printed order."""
    return [row for row in printed_rows(roster) if row.returned_words]
