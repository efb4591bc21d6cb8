"""Changes of a plan: its breakdown by hand or from a workbook, decisions on findings, deadlines met."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.refusals import Refused
from core.workbooks.read import read_workbook
from core.workbooks.refusals import WorkbookRefused
from programmes.models import (
    Deadline,
    DeadlineMet,
    LeadUnit,
    Measure,
    PlanDecision,
    Programme,
    SubProgramme,
    Target,
    Unit,
)
from programmes.plan_checks import findings
from programmes.plan_queries import StatedLine, is_occurrence, stated_lines
from programmes.task_table import TOTAL, Problem, Row, read_table

SENTENCES = {
    "NO_HEADINGS": gettext_lazy(
        "%(cell)s: no headings found; town, village, number of households and technologies are needed"
    ),
    "TOO_MANY_ROWS": gettext_lazy("%(cell)s: more than %(limit)s rows"),
    "ROW_SUM": gettext_lazy("%(cell)s: the row says %(stated)s, its technologies add up to %(found)s"),
    "SUM": gettext_lazy("%(cell)s: the sum printed here is %(stated)s, its rows add up to %(found)s"),
    "NO_NUMBER": gettext_lazy("%(cell)s: “%(value)s” is no number"),
    "NO_VILLAGE": gettext_lazy("%(cell)s: a village is expected, for households without one write 散户"),
    "NO_TOWN": gettext_lazy("%(cell)s: the town “%(value)s” is unknown in this programme"),
    "NO_PLACE": gettext_lazy("%(cell)s: “%(value)s” is unknown in %(town)s"),
    "TWICE": gettext_lazy("%(cell)s: “%(value)s” stands twice"),
}
SCATTERED = ("散户", "（散户）", "(散户)")


class PlanRefused(Refused):
    """A change of the plan that isn't stored; `problems` are sentences, each naming its cell or printed sum."""

    def __init__(self, code: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(code, gettext_lazy("Nothing was stored, %(count)d problems:"), count=len(problems))


@dataclass(frozen=True)
class Change:
    """A cell of the breakdown as it should be; `quantity` None empties it. `version` 0: there was no row."""

    target: Target
    quantity: Decimal | None
    version: int


def change_targets(*, programme: Programme, changes: Iterable[Change], reason: str = "", by: User) -> int:
    """Store cells of the breakdown together; returns how many really changed.

    Refused as a whole when a printed sum that agreed before would disagree: several cells may move a household from
    one village to another, one alone can't. With a `reason` it is stored and the plan's checks ask a person.
    """
    with acting(by, reason or "change_targets"), transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        before = _disagreeing(programme)
        changed = sum(_store(change) for change in changes)
        worse = [line for code, line in _disagreeing(programme).items() if code not in before]
        if worse and not reason.strip():
            raise PlanRefused("SUM_DIFFERS", [_sum_words(line) for line in worse])
    return changed


def _disagreeing(programme: Programme) -> dict[str, StatedLine]:
    return {line.code: line for line in stated_lines(programme) if line.state == "differs"}


def _sum_words(line: StatedLine) -> str:
    column = line.technology or _("total column")
    words = _("row “%(row)s”, column “%(column)s”: the document says %(stated)s, the rows add up to %(found)s")
    return words % {"row": line.area_name, "column": column, "stated": f"{line.cell.quantity.normalize():f}",
                    "found": f"{line.found.normalize():f}"}  # fmt: skip


def _store(change: Change) -> bool:
    """One cell; refused when somebody else changed it since the page was opened."""
    row = Target.objects.select_for_update().filter(pk=change.target.pk).first() if change.target.pk else None
    if (row.version if row else 0) != change.version:
        raise Refused("CHANGED_MEANWHILE", gettext_lazy("Somebody changed %(place)s meanwhile; look again."),
                      conflict=True, place=change.target.area.name)  # fmt: skip
    if change.quantity is not None and change.quantity < 0:
        raise Refused("NEGATIVE", gettext_lazy("A number of %(place)s is below zero."), place=change.target.area.name)
    if row is None:
        if change.quantity is None:
            return False
        change.target.quantity = change.quantity
        change.target.save()
        return True
    if change.quantity is None:
        row.delete()
        return True
    if row.quantity == change.quantity:
        return False
    row.quantity, row.version = change.quantity, row.version + 1
    row.save(update_fields=["quantity", "version"])
    return True


# --- From a workbook ----------------------------------------------------------------------------------------------


def import_targets(*, programme: Programme, path: Path, year: int | None, by: User) -> int:
    """Replace the households of `year` by the rows of a task table; returns the number of rows.

    Refused with every problem and its cell: rows, subtotals and total of the file must agree with each other, and the
    rows with the numbers the programme's document prints.
    """
    if year is not None and not programme.year_from <= year <= programme.year_to:
        raise Refused("NO_SUCH_YEAR", gettext_lazy("%(year)s is not one of the programme's years."), year=year)
    rows, problems = read_rows(programme, path)
    if problems:
        raise PlanRefused("TABLE_FAULTY", problems)
    with acting(by, "import_targets"), transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        count = _replace(programme, rows, year)
        wrong = list(_disagreeing(programme).values())
        if wrong:
            raise PlanRefused("SUM_DIFFERS", [_sum_words(line) for line in wrong])
    return count


def read_rows(programme: Programme, path: Path) -> tuple[list[tuple[Row, Area]], list[str]]:
    """Rows of the first visible sheet with their places, and what is wrong with them."""
    try:
        book = read_workbook(path)
    except WorkbookRefused as error:
        return [], [str(error)]
    sheet = next((one for one in book.sheets if not one.hidden and one.rows), None)
    places = list(Area.objects.within(programme.area_id).order_by("code"))
    towns = {name: area for area in places if area.level == "town" for name in (area.name, *area.aliases)}
    lines = [(row.row_no, row.texts) for row in sheet.rows] if sheet else []
    table = read_table(lines, _route_words(programme), towns)
    found, faults = _with_places(table.rows, towns, places)
    return found, [_sentence(one) for one in [*table.problems, *faults]]


def _sentence(problem: Problem) -> str:
    return str(SENTENCES[problem.code]) % {"cell": problem.cell, **problem.values}


def _route_words(programme: Programme) -> dict[str, str]:
    """Heading words of the programme's technologies, 电代煤 and 煤改电 alike."""
    twins = {"煤改电": "电代煤", "煤改气": "气代煤", "集中供热": "集中供暖"}
    words = {}
    for route in programme.technologies.all():
        for word in (route.code, route.name, *route.synonyms):
            words[word] = route.code
    pairs = [*twins.items(), *((other, one) for one, other in twins.items())]
    return words | {other: words[one] for one, other in pairs if one in words and other not in words}


def _with_places(
    rows: list[Row], towns: dict[str, Area], places: list[Area]
) -> tuple[list[tuple[Row, Area]], list[Problem]]:
    found: list[tuple[Row, Area]] = []
    faults, seen = [], set()
    for row in rows:
        town = towns.get(row.town)
        area = _village(row.village, town, places) if town else None
        if town is None:
            faults.append(Problem("NO_TOWN", row.town_cell, {"value": row.town}))
        elif area is None and row.village:
            faults.append(Problem("NO_PLACE", row.village_cell, {"value": row.village, "town": town.name}))
        elif area and area.code in seen:
            faults.append(Problem("TWICE", row.village_cell, {"value": row.village}))
        elif area:
            seen.add(area.code)
            found.append((row, area))
    return found, faults


def _village(name: str, town: Area, places: list[Area]) -> Area | None:
    inside = [area for area in places if area.parent_id == town.code]
    if name in SCATTERED:
        return next((area for area in inside if area.is_scattered), None)
    return next((area for area in inside if name in (area.name, *area.aliases)), None)


def _replace(programme: Programme, rows: list[tuple[Row, Area]], year: int | None) -> int:
    routes = {route.code: route for route in programme.technologies.all()}
    old = programme.targets.filter(unit=Unit.HOUSEHOLD, measure=Measure.CONVERSION, part=None, year=year)
    known = {(row.area_id, row.technology_id): row for row in old}
    kept = set()
    for number, (row, area) in enumerate(rows, 1):
        for code, quantity in row.quantities.items():
            if code == TOTAL:
                continue
            key = (area.code, routes[code].pk)
            kept.add(key)
            _upsert(known.get(key), programme, area, key[1], year, quantity, number)
    for key, row_ in known.items():
        if key not in kept:
            row_.delete()
    return len(rows)


def _upsert(
    row: Target | None, programme: Programme, area: Area, route: int, year: int | None, quantity: Decimal, number: int
) -> None:
    if row is None:
        Target.objects.create(
            programme=programme, area=area, technology_id=route, year=year, quantity=quantity, row_no=number
        )
    elif (row.quantity, row.row_no) != (quantity, number):
        row.quantity, row.row_no, row.version = quantity, number, row.version + 1
        row.save(update_fields=["quantity", "row_no", "version"])


# --- Findings and deadlines ---------------------------------------------------------------------------------------


def decide_finding(*, programme: Programme, key: str, words: str, by: User) -> PlanDecision:
    """Write down how a finding is settled. Refused without words, or when the finding is no longer there."""
    if not words.strip():
        raise Refused("NO_WORDS", gettext_lazy("Say how this was settled."))
    with acting(by, words), transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        if key not in {one.key for one in findings(programme) if one.decision is None}:
            sentence = gettext_lazy("This question is settled or its numbers changed; look again.")
            raise Refused("NO_SUCH_FINDING", sentence, conflict=True)
        return PlanDecision.objects.create(
            programme=programme, key=key, words=words.strip()[:300], decided_by=by, decided_at=clock.now()
        )


def record_deadline_met(
    *, deadline: Deadline, due_on: date, met_on: date, note: str = "", by: User, today: Callable[[], date] = clock.today
) -> DeadlineMet:
    """Write down on which day an occurrence was met. Late is stored as it is; a day to come is refused."""
    if met_on > today():
        raise Refused("DAY_TO_COME", gettext_lazy("%(day)s is still to come."), day=met_on)
    if not is_occurrence(deadline, due_on):
        raise Refused("NO_SUCH_DAY", gettext_lazy("%(name)s does not fall on %(day)s."), name=deadline.name, day=due_on)
    with acting(by, "record_deadline_met"), transaction.atomic():
        Deadline.objects.select_for_update().get(pk=deadline.pk)
        if deadline.met.filter(due_on=due_on).exists():
            raise Refused("ALREADY_MET", gettext_lazy("This is already written down; look again."), conflict=True)
        return DeadlineMet.objects.create(
            deadline=deadline, due_on=due_on, met_on=met_on, note=note.strip()[:200], recorded_by=by
        )


# --- Leads --------------------------------------------------------------------------------------------------------


def set_lead(*, programme: Programme, area: Area, part: SubProgramme | None, unit: str, by: User) -> LeadUnit | None:
    """Say which department leads at a town or village (A-12: two lists of the document name the same town).

    Replaces what was said of this very place and part; without a name it is taken out and the place above speaks.
    """
    if area.level not in ("town", "village") or not is_inside(area.code, programme.area_id):
        raise Refused("NOT_HERE", gettext_lazy("Choose a town or village of the programme."))
    with acting(by, "set_lead"), transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        for row in programme.leads.filter(area=area, part=part):
            row.delete()
        if not unit.strip():
            return None
        return LeadUnit.objects.create(programme=programme, area=area, part=part, unit=unit.strip()[:80])
