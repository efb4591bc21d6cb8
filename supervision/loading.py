"""`duties.yaml` of a preset: what the document asks of which body (ROLE rows), and the programme's own clocks.

    duties:
      - {clause: T-87, unit: 区应急管理局, words: 指导应急预案, roles: [panel_member], due_on: 2021-10-31}
    departments:
      - {name: 利通区财政局, called: [区财政局]}
    clocks:
      - {kind: hazard, category: co, close_hours: 24}

Everything wrong is told at once. Loading again changes nothing, and never takes back what somebody has marked as done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.models import Area
from accounts.rights import ROLES
from core.refusals import Refused
from core.strict_yaml import YamlRefused, read_yaml
from programmes.checking import upsert
from programmes.departments import keep_department, means
from programmes.models import Department, Programme
from supervision.kinds import CATEGORIES, Kind
from supervision.models import ClockRule, DutyBody, DutyTerm

Values = Mapping[str, Any]
PARTS = ("departments", "duties", "clocks")
KEYS = {"clause", "unit", "words", "roles", "due_on", "page", "area"}


class DutiesRefused(Refused):
    """A file of duties that can't be loaded; `problems` are sentences, each naming its place in the file."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("DUTIES_FAULTY", "; ".join(problems[:5]).replace("%", "%%"))


def load_duties(*, path: Path, programme: Programme, by: Any) -> str:
    """Read, check and store; a line for the person. Raises `DutiesRefused`."""
    try:
        document = read_yaml(path.read_bytes())
    except YamlRefused as error:
        raise DutiesRefused([_("%(file)s can't be read: %(why)s") % {"file": path.name, "why": error}]) from None
    problems = problems_of(document, programme)
    if problems:
        raise DutiesRefused(problems)
    with acting(by, "load_duties"), transaction.atomic():
        return _store(document, programme)


def problems_of(document: Any, programme: Programme) -> list[str]:
    """Everything wrong with the content."""
    if not isinstance(document, dict) or any(not isinstance(document.get(part, []), list) for part in PARTS):
        return [_("The file needs lists “duties” and “clocks”.")]
    found = [f"{key}: {_('unknown key')}" for key in document if key not in PARTS]
    for number, row in enumerate(document.get("departments", []), 1):
        found += [f"departments[{number}]{problem}" for problem in _department_problems(row)]
    for number, row in enumerate(document.get("duties", []), 1):
        found += [f"duties[{number}]{problem}" for problem in _duty_problems(row, programme)]
    for number, row in enumerate(document.get("clocks", []), 1):
        found += [f"clocks[{number}]{problem}" for problem in _clock_problems(row)]
    return found


def _duty_problems(row: Any, programme: Programme) -> list[str]:
    if not isinstance(row, dict):
        return [f": {_('unknown')} {row}"]
    found = [f".{key}: {_('unknown key')}" for key in row if key not in KEYS]
    found += [f".{name}: {_('is missing')}" for name in ("clause", "unit", "words") if not row.get(name)]
    found += [f".roles: {_('unknown')} {role}" for role in row.get("roles") or [] if role not in ROLES]
    if row.get("due_on") is not None and not isinstance(row["due_on"], date):
        found.append(f".due_on: {_('unknown')} {row['due_on']}")
    if row.get("page") and not _is_page(row["page"]):
        found.append(f".page: {_('unknown')} {row['page']}")
    if row.get("area") and not Area.objects.within(programme.area_id).filter(code=str(row["area"])).exists():
        found.append(f".area: {_('unknown')} {row['area']}")
    return found


def _department_problems(row: Any) -> list[str]:
    if not isinstance(row, dict) or set(row) - {"name", "called"}:
        return [f": {_('unknown')} {row}"]
    found = [f".name: {_('is missing')}"] if not isinstance(row.get("name"), str) or not row["name"].strip() else []
    called = row.get("called") or []
    wrong = not isinstance(called, list) or any(not isinstance(word, str) for word in called)
    return found + ([f".called: {_('unknown')} {called}"] if wrong else [])


def _is_page(name: str) -> bool:
    try:
        return bool(reverse(name))
    except NoReverseMatch:
        return False


def _clock_problems(row: Any) -> list[str]:
    if not isinstance(row, dict) or row.get("kind") not in Kind.values:
        return [f": {_('unknown')} {row}"]
    found = []
    if row.get("category") and row["category"] not in CATEGORIES[row["kind"]]:
        found.append(f".category: {_('unknown')} {row['category']}")
    hours = [row.get("close_hours"), row.get("respond_hours", 1)]
    if any(not isinstance(one, int) or not 1 <= one <= 10_000 for one in hours):
        found.append(f": {_('hours are whole numbers from 1 to 10000')}")
    return found


def _store(document: Values, programme: Programme) -> str:
    duties, clocks = document.get("duties", []), document.get("clocks", [])
    for row in document.get("departments", []):
        keep_department(area=programme.area_id, name=row["name"], called=row.get("called") or [])
    kept = [_store_duty(programme, row, number) for number, row in enumerate(duties, 1)]
    DutyTerm.objects.filter(programme=programme, done_on=None).exclude(pk__in=kept).delete()
    for row in clocks:
        upsert(ClockRule, {"programme": programme, "kind": row["kind"], "category": row.get("category", "")},
               {"respond_hours": row.get("respond_hours"), "close_hours": row["close_hours"],
                "clause": str(row.get("clause", ""))})  # fmt: skip
    _keep_panels(programme)
    return _("%(duties)d duties, %(clocks)d clocks") % {"duties": len(duties), "clocks": len(clocks)}


def _store_duty(programme: Programme, row: Values, number: int) -> int:
    values = {
        "area_id": str(row.get("area") or programme.area_id), "unit": row["unit"], "words": row["words"],
        "clause": row["clause"], "roles": list(row.get("roles") or []), "due_on": row.get("due_on"),
        "page": row.get("page", ""),
    }  # fmt: skip
    duty = upsert(DutyTerm, {"programme": programme, "code": f"{row['clause']}-{number:02d}"}, values)
    department = keep_department(area=values["area_id"], name=row["unit"])
    upsert(DutyBody, {"duty": duty}, {"department": department})
    return int(duty.pk)


def _keep_panels(programme: Programme) -> None:
    """Departments that accept together and stand in no duty: accounts are bound to them as well."""
    known = [name for one in Department.objects.filter(area_id=programme.area_id) for name in one.names]
    for panel in programme.panels.filter(in_use=True):
        for word in panel.departments:
            if not means(word, known):
                keep_department(area=programme.area_id, name=word)
