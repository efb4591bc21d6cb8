"""The works part of a preset: which gates a programme asks for, solutions of several devices, its projects.

`works.yaml` is read after the programme. Everything wrong is told at once; loading again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.models import Area
from core.refusals import Refused
from core.strict_yaml import YamlRefused, read_yaml
from programmes.checking import upsert
from programmes.models import PlannedFunds, Programme, Technology
from retrofits.gates.judging import GATES
from retrofits.models import Bundle, BundlePart, Contract, GateRule, Project, ProjectFunds, ProjectMeasure
from retrofits.site_rules import contract_items

Values = Mapping[str, Any]
FEN_PER_WAN_YUAN = 1_000_000
PARTS = ("gates", "bundles", "projects")


class WorksRefused(Refused):
    """A works file that can't be loaded; `problems` are sentences, each naming its place in the file."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("WORKS_FAULTY", "; ".join(problems[:5]).replace("%", "%%"))


def load_works(*, path: Path, programme: Programme, by: Any) -> str:
    """Read, check and store; returns a line for the person. Raises `WorksRefused`."""
    try:
        document = read_yaml(path.read_bytes())
    except YamlRefused as error:
        raise WorksRefused([_("%(file)s can't be read: %(why)s") % {"file": path.name, "why": error}]) from None
    problems = problems_of(document, programme)
    if problems:
        raise WorksRefused(problems)
    with acting(by, "load_works"), transaction.atomic():
        return _store(document, programme)


def problems_of(document: Any, programme: Programme) -> list[str]:
    """Everything wrong with the content of a works file."""
    if not isinstance(document, dict) or any(not isinstance(document.get(part, []), list) for part in PARTS):
        return [_("The file needs lists “gates”, “bundles”, “projects”.")]
    strange = [f"{key}: {_('unknown key')}" for key in document if key not in PARTS]
    return [*strange, *_gate_problems(document, programme), *_setting_problems(document, programme),
            *_bundle_problems(document, programme), *_project_problems(document, programme)]  # fmt: skip


def _gate_problems(document: Values, programme: Programme) -> list[str]:
    families, limits = set(Technology.Family.values), set(programme.thresholds.values_list("code", flat=True))
    found, seen = [], set()
    for number, row in enumerate(document.get("gates", []), 1):
        place = f"gates[{number}]"
        gate = GATES.get(str(row.get("gate")))
        if gate is None:
            found.append(f"{place}.gate: {_('unknown')} {row.get('gate')}")
            continue
        if row.get("mode") not in GateRule.Mode.values or not row.get("clause"):
            found.append(f"{place}: {_('mode (hard or soft) and clause are expected')}")
        found += [f"{place}.families: {_('unknown')} {one}" for one in row.get("families", []) if one not in families]
        lacking = [code for code in gate.limits if code not in limits]
        found += [f"{place}: {_('the programme states no threshold')} {code}" for code in lacking]
        found += [f"{place}: {_('twice')} {gate.code}"] if gate.code in seen else []
        seen.add(gate.code)
    return found


def _setting_problems(document: Values, programme: Programme) -> list[str]:
    """A gate that reads a list of the programme's settings is asked for only where the list is there and known."""
    if not any(isinstance(row, dict) and row.get("gate") == "CONTRACT_CONTENT" for row in document.get("gates", [])):
        return []
    named = contract_items(programme.settings)
    strange = sorted(named - set(Contract.Item.values))
    words = _("gates “CONTRACT_CONTENT”: settings.contract_items of the programme must name %(known)s")
    faulty = bool(strange) or not named
    return [words % {"known": ", ".join(Contract.Item.values)}] if faulty else []


def _bundle_problems(document: Values, programme: Programme) -> list[str]:
    routes = set(programme.technologies.values_list("code", flat=True))
    found = []
    for number, row in enumerate(document.get("bundles", []), 1):
        if row.get("technology") not in routes:
            found.append(f"bundles[{number}].technology: {_('unknown')} {row.get('technology')}")
        parts = row.get("parts") or []
        if not row.get("code") or not row.get("name") or not all(p.get("kind") and p.get("name") for p in parts):
            found.append(f"bundles[{number}]: {_('code, name and parts with kind and name are expected')}")
    return found


def _project_problems(document: Values, programme: Programme) -> list[str]:
    parts = set(programme.parts.values_list("code", flat=True))
    found = []
    for number, row in enumerate(document.get("projects", []), 1):
        place = f"projects[{number}]"
        lacking = [name for name in ("code", "name", "subject", "year_from", "year_to") if not row.get(name)]
        found += [f"{place}.{name}: {_('is missing')}" for name in lacking]
        if row.get("subject") not in Project.Subject.values or row.get("works", "new") not in Project.Works.values:
            found.append(f"{place}: {_('unknown')} {row.get('subject')} / {row.get('works')}")
        if row.get("part") and row["part"] not in parts:
            found.append(f"{place}.part: {_('unknown')} {row['part']}")
        if row.get("area") and not Area.objects.within(programme.area_id).filter(code=row["area"]).exists():
            found.append(f"{place}.area: {_('unknown')} {row['area']}")
        found += [f"{place}: {problem}" for problem in _sum_problems(row)]
    return found


def _sum_problems(row: Values) -> list[str]:
    """L-15: the sources add up to the total the document states."""
    funds, total = row.get("funds_wan_yuan") or {}, row.get("total_wan_yuan")
    strange = [f"{_('unknown')} {source}" for source in funds if source not in PlannedFunds.Source.values]
    if total is not None and funds and sum(funds.values()) != total:
        words = _("the sources add up to %(found)s, the total says %(stated)s (10,000 yuan)")
        strange.append(words % {"found": sum(funds.values()), "stated": total})
    return strange


def _store(document: Values, programme: Programme) -> str:
    kept = [_store_gate(programme, row) for row in document.get("gates", [])]
    programme.gate_rules.exclude(pk__in=kept).delete()
    for row in document.get("bundles", []):
        _store_bundle(programme, row)
    for row in document.get("projects", []):
        _store_project(programme, row)
    counts = {part: len(document.get(part, [])) for part in PARTS}
    return _("%(gates)d gates, %(bundles)d sets of devices, %(projects)d projects") % counts


def _store_gate(programme: Programme, row: Values) -> int:
    values = {"mode": row["mode"], "families": list(row.get("families", [])), "clause": str(row["clause"])}
    return int(upsert(GateRule, {"programme": programme, "gate": row["gate"]}, values).pk)


def _store_bundle(programme: Programme, row: Values) -> None:
    technology = programme.technologies.get(code=row["technology"])
    values = {"name": row["name"], "clause": str(row.get("clause", ""))}
    bundle = upsert(Bundle, {"technology": technology, "code": row["code"]}, values)
    for part in row["parts"]:
        upsert(BundlePart, {"bundle": bundle, "kind": part["kind"]},
               {"name": part["name"], "quantity": part.get("quantity", 1)})  # fmt: skip


PLAIN = ("name", "subject", "works", "lead_unit", "responsible_units", "cooperating_units", "year_from", "year_to",
         "clause", "note")  # fmt: skip


def _store_project(programme: Programme, row: Values) -> None:
    """What the document says of a project; its state, papers and progress belong to the people and stay."""
    values = {name: row[name] for name in PLAIN if name in row}
    values["area_id"] = row.get("area") or programme.area_id
    values["part"] = programme.parts.filter(code=row["part"]).first() if row.get("part") else None
    total = row.get("total_wan_yuan")
    values["total_fen"] = None if total is None else int(total * FEN_PER_WAN_YUAN)
    project = upsert(Project, {"programme": programme, "code": row["code"]}, values)
    for one in row.get("measures", []):
        upsert(ProjectMeasure, {"project": project, "name": one["name"], "unit": one["unit"]},
               {"planned": Decimal(str(one["planned"])), "is_within": bool(one.get("is_within"))})  # fmt: skip
    for source, amount in (row.get("funds_wan_yuan") or {}).items():
        upsert(ProjectFunds, {"project": project, "source": source}, {"amount_fen": int(amount * FEN_PER_WAN_YUAN)})
