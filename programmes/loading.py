"""A programme from a file: phases, technologies, targets with their sums, documents with clauses, checklists.

Everything is checked first and every problem is told with its place in the file; then one transaction stores what is
new or different. Loading the same file again changes nothing. What the document does not say stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.models import Area
from core.refusals import Refused
from core.strict_yaml import YamlRefused, read_yaml
from programmes import plan_parts
from programmes.calendar import read_day
from programmes.checking import (
    Checked,
    Values,
    clean,
    cleaned_rows,
    dicts_of,
    instance_of,
    plain,
    quantity_of,
    twice,
    upsert,
)
from programmes.models import Checklist, Clause, Phase, PolicyDocument, Programme, Technology
from programmes.plan_targets import check_targets, store_targets

LISTS = ("phases", "technologies", "targets", "target_totals", "documents", "checklists", *plan_parts.LISTS)
IN_SETTINGS = ("roster_chain", "roster_deadline", "budget_totals", "funds")
ITEM_KINDS = frozenset({"yes_no", "number", "photo", "telemetry", "signature"})


class ProgrammeRefused(Refused):
    """A programme file that can't be loaded; `problems` are sentences, each naming its place in the file."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "PROGRAMME_FAULTY",
            _("%(count)d problems in the programme's file; nothing was loaded."),
            count=len(problems),
        )


def load_programme(*, path: Path, by: Any, settings: Mapping[str, Any] | None = None) -> Programme:
    """Read, check and store one programme file (YAML), with `settings` in place of its own of the same name. Its places
    must be loaded before. Raises `ProgrammeRefused`."""
    document = _document(path)
    if settings and isinstance(document, dict) and isinstance(document.get("programme"), dict):
        document["programme"]["settings"] = {**(document["programme"].get("settings") or {}), **settings}
    return store_programme(document=document, by=by)


def store_programme(*, document: Any, by: Any) -> Programme:
    """The same from a document already read."""
    checked = check_document(document)
    if checked.problems:
        raise ProgrammeRefused(checked.problems)
    with acting(by, "load_programme"), transaction.atomic():
        return _store(checked)


def _document(path: Path) -> Any:
    if not path.is_file():
        raise ProgrammeRefused([_("There is no file %(path)s.") % {"path": path}])
    try:
        return read_yaml(path.read_bytes())
    except YamlRefused as error:
        raise ProgrammeRefused([_("%(file)s can't be read: %(why)s") % {"file": path.name, "why": error}]) from None


# --- Checking -----------------------------------------------------------------------------------------------------


def check_document(document: Any) -> Checked:
    """Everything that is wrong with a programme's document, and its content where it is right."""
    checked = Checked(Programme())
    if not isinstance(document, dict) or not isinstance(document.get("programme"), dict):
        checked.problems.append(_("The file needs a part “programme” with code, name, area and years."))
        return checked
    _check_keys(document, checked)
    _check_programme(document, checked)
    for check in CHECKS:
        check(document, checked)
    return checked


def _check_keys(document: Values, checked: Checked) -> None:
    known = {"programme", *LISTS, *IN_SETTINGS}
    checked.problems += [
        _("“%(key)s” is no part of a programme's file") % {"key": key} for key in document if key not in known
    ]
    for name in LISTS:
        if not isinstance(document.get(name, []), list):
            checked.problems.append(_("“%(key)s” must be a list") % {"key": name})
            document[name] = []


def _check_programme(document: Values, checked: Checked) -> None:
    values = dict(document["programme"])
    area = Area.objects.filter(code=str(values.pop("area", ""))).first()
    if area is None:
        checked.problems.append(
            _("programme.area: the place %(code)s is unknown; load the places first")
            % {"code": document["programme"].get("area")}
        )
    values["settings"] = {**(values.get("settings") or {}), **_extras(document)}
    names = {f.name for f in Programme._meta.concrete_fields} - {"id", "area"}
    checked.problems += [f"programme.{name}: {_('unknown key')}" for name in values if name not in names]
    checked.programme = Programme(**{name: value for name, value in values.items() if name in names}, area=area)
    clean(checked.programme, "programme", checked, exclude=["area", "code"] if area else ["code"])
    checked.programme.area_id = area.code if area else ""


def _extras(document: Values) -> Values:
    """Parts that belong to the programme but have no table: kept in its settings, as JSON."""
    return {name: plain(document[name]) for name in IN_SETTINGS if name in document}


def _check_phases(document: Values, checked: Checked) -> None:
    for _place, values in dicts_of(document, "phases", Checked(checked.programme)):
        _mend_days(values)
    checked.rows["phases"] = cleaned_rows(document, "phases", Phase, ("code",), checked)


def _mend_days(values: Values) -> None:
    """A day that its month doesn't have (4月31日) is read as the month's last and kept as written, for a person."""
    for name in ("starts_on", "ends_on"):
        written = read_day(values[name]) if isinstance(values.get(name), str) else None
        if written and written.impossible:
            values["written"] = values.get("written") or values[name]
            values[name] = written.day


def _check_technologies(document: Values, checked: Checked) -> None:
    checked.rows["technologies"] = cleaned_rows(document, "technologies", Technology, ("code",), checked)
    known = Technology.Attribute.values
    for row in checked.rows["technologies"]:
        strange = [str(one) for one in row.get("attributes") or [] if one not in known]
        if strange:
            words = _("one of %(kinds)s is expected") % {"kinds": ", ".join(known)}
            checked.fault(f"technologies “{row.get('code')}”.attributes", f"{words}: {', '.join(strange)}")


def _check_documents(document: Values, checked: Checked) -> None:
    documents = checked.rows.setdefault("documents", [])
    for place, values in dicts_of(document, "documents", checked):
        clauses = values.get("clauses") or []
        row = instance_of(PolicyDocument, {k: v for k, v in values.items() if k != "clauses"}, place, checked)
        clean(row, place, checked, exclude=["programme"])
        for number, clause in enumerate(clauses, 1):
            if not isinstance(clause, dict) or not clause.get("ref") or not clause.get("quotation"):
                checked.problems.append(
                    _("%(place)s.clauses[%(n)d]: ref and quotation are expected") % {"place": place, "n": number}
                )
        twice([clause.get("ref") for clause in clauses if isinstance(clause, dict)], f"{place}.clauses", checked)
        documents.append({**values, "clauses": clauses})


def _check_checklists(document: Values, checked: Checked) -> None:
    routes, checklists = checked.codes("technologies"), checked.rows.setdefault("checklists", [])
    for place, values in dicts_of(document, "checklists", checked):
        row = instance_of(Checklist, values, place, checked)
        clean(row, place, checked, exclude=["programme"])
        items = values.get("items") if isinstance(values.get("items"), list) else []
        for number, item in enumerate(items or [], 1):
            checked.problems += [f"{place}.items[{number}]{fault}" for fault in _item_faults(item, routes)]
        twice([item.get("code") for item in items or [] if isinstance(item, dict)], f"{place}.items", checked)
        checklists.append({"version": 1, "clause": "", **values, "items": plain(items)})


def _item_faults(item: Any, routes: set[Any]) -> list[str]:
    if not isinstance(item, dict) or not item.get("code") or not item.get("text"):
        return [f": {_('code and text are expected')}"]
    faults = []
    if item.get("kind") not in ITEM_KINDS:
        faults.append(f".kind: {_('one of %(kinds)s is expected') % {'kinds': ', '.join(sorted(ITEM_KINDS))}}")
    faults += [
        f".{name}: {_('a number is expected')}"
        for name in ("min", "max")
        if item.get(name) is not None and quantity_of(item[name]) is None
    ]
    strange = [str(code) for code in item.get("technologies") or [] if code not in routes]
    return faults + [f".technologies: {_('unknown')} {code}" for code in strange]


CHECKS = (
    _check_phases,
    _check_technologies,
    plan_parts.check_parts,
    check_targets,
    _check_documents,
    _check_checklists,
    plan_parts.check_sections,
)


# --- Storing ------------------------------------------------------------------------------------------------------


def _store(checked: Checked) -> Programme:
    fresh = checked.programme
    values = {
        f.attname: getattr(fresh, f.attname) for f in Programme._meta.concrete_fields if f.name not in ("id", "code")
    }
    programme: Programme = upsert(Programme, {"code": fresh.code}, values)
    for row in checked.rows["phases"]:
        upsert(Phase, {"programme": programme, "code": row["code"]}, row)
    for row in checked.rows["technologies"]:
        upsert(Technology, {"programme": programme, "code": row["code"]}, row)
    plan_parts.store_parts(programme, checked)
    store_targets(programme, checked)
    plan_parts.store_sections(programme, checked)
    plan_parts.remove_parts(programme, checked)
    for row in checked.rows["documents"]:
        _store_document(programme, row)
    for row in checked.rows["checklists"]:
        upsert(Checklist, {"programme": programme, "kind": row["kind"], "version": row["version"]},
               {"items": row["items"], "clause": row["clause"]})  # fmt: skip
    return programme


def _store_document(programme: Programme, row: Values) -> None:
    values = {name: row[name] for name in ("title", "issuer", "printed_on") if name in row}
    document = upsert(PolicyDocument, {"programme": programme, "number": row["number"]}, values)
    for clause in row["clauses"]:
        upsert(Clause, {"document": document, "ref": str(clause["ref"])}, {"quotation": str(clause["quotation"])})
