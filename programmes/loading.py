"""A programme from a file: phases, technologies, targets with their sums, documents with clauses, checklists.

Everything is checked first and every problem is told with its place in the file; then one transaction stores what is
new or different. Loading the same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.models import Area
from core.areas import is_inside
from core.refusals import Refused
from core.strict_yaml import YamlRefused, read_yaml
from programmes.models import Checklist, Clause, Phase, PolicyDocument, Programme, RequiredPaper, Target, Technology
from programmes.sums import Cell, mismatches

LISTS = ("phases", "technologies", "targets", "target_totals", "documents", "checklists", "household_file")
IN_SETTINGS = ("roster_chain", "roster_deadline", "roster_scans", "leads", "funds")
ITEM_KINDS = frozenset({"yes_no", "number", "photo", "telemetry", "signature"})
ALL_PLACES = ""


class ProgrammeRefused(Refused):
    """A programme file that can't be loaded; `problems` are sentences, each naming its place in the file."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "PROGRAMME_FAULTY",
            _("%(count)d problems in the programme's file; nothing was loaded."),
            count=len(problems),
        )


@dataclass
class Checked:
    """The file's content in the types of the models, with the faults met on the way."""

    programme: Programme
    phases: list[dict[str, Any]] = field(default_factory=list)
    technologies: list[dict[str, Any]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    checklists: list[dict[str, Any]] = field(default_factory=list)
    household_file: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def load_programme(*, path: Path, by: Any) -> Programme:
    """Read, check and store one programme file (YAML). Its places must be loaded before. Raises `ProgrammeRefused`."""
    return store_programme(document=_document(path), by=by)


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
    checks = (_check_phases, _check_technologies, _check_targets, _check_documents, _check_checklists, _check_papers)
    for check in checks:
        check(document, checked)
    return checked


def _check_keys(document: dict[str, Any], checked: Checked) -> None:
    known = {"programme", *LISTS, *IN_SETTINGS}
    checked.problems += [
        _("“%(key)s” is no part of a programme's file") % {"key": key} for key in document if key not in known
    ]
    for name in LISTS:
        if not isinstance(document.get(name, []), list):
            checked.problems.append(_("“%(key)s” must be a list") % {"key": name})
            document[name] = []


def _check_programme(document: dict[str, Any], checked: Checked) -> None:
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
    _clean(checked.programme, "programme", checked, exclude=["area", "code"] if area else ["code"])
    checked.programme.area_id = area.code if area else ALL_PLACES


def _extras(document: dict[str, Any]) -> dict[str, Any]:
    """Parts that belong to the programme but have no table: kept in its settings, as JSON."""
    return {name: _plain(document[name]) for name in IN_SETTINGS if name in document}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _check_phases(document: dict[str, Any], checked: Checked) -> None:
    checked.phases = _rows(document, "phases", Phase, checked)


def _check_technologies(document: dict[str, Any], checked: Checked) -> None:
    checked.technologies = _rows(document, "technologies", Technology, checked)


def _rows(document: dict[str, Any], name: str, model: type[models.Model], checked: Checked) -> list[dict[str, Any]]:
    """Dicts of a list, each cleaned as a row of `model`; codes must be different."""
    found: list[dict[str, Any]] = []
    for place, values in _dicts(document, name, checked):
        row = _instance(model, values, place, checked)
        _clean(row, place, checked, exclude=["programme"])
        found.append({key: getattr(row, key) for key in values if hasattr(row, key)})
    _twice([row.get("code") for row in found], name, checked)
    return found


def _dicts(document: dict[str, Any], name: str, checked: Checked) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, values in enumerate(document.get(name) or [], 1):
        place = f"{name}[{number}]"
        if isinstance(values, dict):
            yield place, values
        else:
            checked.problems.append(_("%(place)s: keys and values are expected") % {"place": place})


def _instance(model: type[models.Model], values: dict[str, Any], place: str, checked: Checked) -> models.Model:
    names = {f.name for f in model._meta.concrete_fields} - {"id", "programme"}
    checked.problems += [f"{place}.{name}: {_('unknown key')}" for name in values if name not in names]
    return model(**{name: value for name, value in values.items() if name in names})


def _clean(row: models.Model, place: str, checked: Checked, exclude: Iterable[str] = ()) -> None:
    try:
        row.clean_fields(exclude=set(exclude))
    except ValidationError as error:
        for name, sentences in error.message_dict.items():
            checked.problems += [f"{place}.{name}: {sentence}" for sentence in sentences]


def _twice(codes: list[Any], name: str, checked: Checked) -> None:
    doubles = sorted({str(code) for code in codes if codes.count(code) > 1})
    checked.problems += [_("%(name)s: “%(code)s” stands twice") % {"name": name, "code": code} for code in doubles]


def _check_targets(document: dict[str, Any], checked: Checked) -> None:
    names = _names(document)
    checked.targets = [row for row in _target_rows(document, "targets", checked) if row["area"]]
    stated = list(_target_rows(document, "target_totals", checked))
    _twice(
        [tuple(row[key] for key in ("area", "technology", "year", "unit")) for row in checked.targets],
        "targets",
        checked,
    )
    for wrong in mismatches(map(_cell, checked.targets), map(_cell, stated)):
        checked.problems.append(_mismatch_words(wrong.stated, wrong.found, names))


def _target_rows(document: dict[str, Any], name: str, checked: Checked) -> Iterator[dict[str, Any]]:
    """Targets or stated sums; the latter may leave out area (all) or technology (all routes)."""
    codes = {row.get("code") for row in checked.technologies}
    for place, values in _dicts(document, name, checked):
        row = {"row_no": None, "technology": "", "unit": "household", "clause": "", "area": ALL_PLACES, **values}
        row["area"], row["quantity"] = str(row["area"] or ""), _quantity(values.get("quantity"))
        if row["quantity"] is None or row["quantity"] < 0:
            checked.problems.append(f"{place}.quantity: {_('a number, not negative, is expected')}")
            continue
        if row["technology"] and row["technology"] not in codes:
            checked.problems.append(_("%(place)s.technology: “%(code)s” is not among the technologies") % {
                "place": place, "code": row["technology"]})  # fmt: skip
        row.setdefault("year", checked.programme.year_from)
        checked.problems += _area_problems(row["area"], place, checked.programme, required=name == "targets")
        yield row


def _quantity(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _area_problems(code: str, place: str, programme: Programme, *, required: bool) -> list[str]:
    if not code:
        return [_("%(place)s.area: a place is expected") % {"place": place}] if required else []
    if not Area.objects.filter(code=code).exists():
        return [_("%(place)s.area: the place %(code)s is unknown") % {"place": place, "code": code}]
    if programme.area_id and not is_inside(code, programme.area_id):
        return [_("%(place)s.area: %(code)s lies outside the programme's place") % {"place": place, "code": code}]
    return []


def _cell(row: dict[str, Any]) -> Cell:
    return Cell(row["area"], row["technology"] or "", row["year"], row["unit"], row["quantity"])


def _names(document: dict[str, Any]) -> Callable[[str], str]:
    codes = [str(row.get("area") or "") for row in document.get("target_totals") or [] if isinstance(row, dict)]
    known = dict(Area.objects.filter(code__in=codes).values_list("code", "name"))
    return lambda code: known.get(code, code)


def _mismatch_words(stated: Cell, found: Decimal, name_of: Callable[[str], str]) -> str:
    row = name_of(stated.area) if stated.area else _("total row")
    column = stated.technology or _("total column")
    words = _(
        "target_totals, row “%(row)s”, column “%(column)s”: the document says %(stated)s, the rows add up to %(found)s"
    )
    return words % {"row": row, "column": column, "stated": f"{stated.quantity:f}", "found": f"{found:f}"}


def _check_documents(document: dict[str, Any], checked: Checked) -> None:
    for place, values in _dicts(document, "documents", checked):
        clauses = values.get("clauses") or []
        row = _instance(PolicyDocument, {k: v for k, v in values.items() if k != "clauses"}, place, checked)
        _clean(row, place, checked, exclude=["programme"])
        for number, clause in enumerate(clauses, 1):
            if not isinstance(clause, dict) or not clause.get("ref") or not clause.get("quotation"):
                checked.problems.append(
                    _("%(place)s.clauses[%(n)d]: ref and quotation are expected") % {"place": place, "n": number}
                )
        _twice([clause.get("ref") for clause in clauses if isinstance(clause, dict)], f"{place}.clauses", checked)
        checked.documents.append({**values, "clauses": clauses})


def _check_checklists(document: dict[str, Any], checked: Checked) -> None:
    routes = {row.get("code") for row in checked.technologies}
    for place, values in _dicts(document, "checklists", checked):
        row = _instance(Checklist, values, place, checked)
        _clean(row, place, checked, exclude=["programme"])
        items = values.get("items") if isinstance(values.get("items"), list) else []
        for number, item in enumerate(items or [], 1):
            checked.problems += [f"{place}.items[{number}]{fault}" for fault in _item_faults(item, routes)]
        _twice([item.get("code") for item in items or [] if isinstance(item, dict)], f"{place}.items", checked)
        checked.checklists.append({"version": 1, "clause": "", **values, "items": _plain(items)})


def _check_papers(document: dict[str, Any], checked: Checked) -> None:
    for place, values in _dicts(document, "household_file", checked):
        row = _instance(RequiredPaper, values, place, checked)
        _clean(row, place, checked, exclude=["programme"])
        checked.household_file.append({"heater_only": False, "clause": "", **values})
    _twice([row.get("paper") for row in checked.household_file], "household_file", checked)


def _item_faults(item: Any, routes: set[Any]) -> list[str]:
    if not isinstance(item, dict) or not item.get("code") or not item.get("text"):
        return [f": {_('code and text are expected')}"]
    faults = []
    if item.get("kind") not in ITEM_KINDS:
        faults.append(f".kind: {_('one of %(kinds)s is expected') % {'kinds': ', '.join(sorted(ITEM_KINDS))}}")
    faults += [
        f".{name}: {_('a number is expected')}"
        for name in ("min", "max")
        if item.get(name) is not None and _quantity(item[name]) is None
    ]
    strange = [str(code) for code in item.get("technologies") or [] if code not in routes]
    return faults + [f".technologies: {_('unknown')} {code}" for code in strange]


# --- Storing ------------------------------------------------------------------------------------------------------


def _store(checked: Checked) -> Programme:
    fresh = checked.programme
    values = {
        f.attname: getattr(fresh, f.attname) for f in Programme._meta.concrete_fields if f.name not in ("id", "code")
    }
    programme = _upsert(Programme, {"code": fresh.code}, values)
    for row in checked.phases:
        _upsert(Phase, {"programme": programme, "code": row["code"]}, row)
    for row in checked.technologies:
        _upsert(Technology, {"programme": programme, "code": row["code"]}, row)
    _store_targets(programme, checked.targets)
    for row in checked.documents:
        _store_document(programme, row)
    for row in checked.checklists:
        _upsert(Checklist, {"programme": programme, "kind": row["kind"], "version": row["version"]},
                {"items": row["items"], "clause": row["clause"]})  # fmt: skip
    _store_papers(programme, checked.household_file)
    return programme


def _store_papers(programme: Programme, rows: list[dict[str, Any]]) -> None:
    """The file is the whole list of what a household's file must hold."""
    kept = [_upsert(RequiredPaper, {"programme": programme, "paper": row["paper"]}, row).pk for row in rows]
    for one in programme.required_papers.exclude(pk__in=kept):
        one.delete()


def _store_targets(programme: Programme, rows: list[dict[str, Any]]) -> None:
    """The file is the whole table: a row it no longer has is taken out (and stays in the history)."""
    routes = {route.code: route for route in programme.technologies.all()}
    kept = []
    for row in rows:
        key = {"programme": programme, "area_id": row["area"], "technology": routes.get(row["technology"]),
               "year": row["year"], "unit": row["unit"]}  # fmt: skip
        values = {name: row[name] for name in ("quantity", "row_no", "clause")}
        kept.append(_upsert(Target, key, values).pk)
    for target in programme.targets.exclude(pk__in=kept):
        target.delete()


def _store_document(programme: Programme, row: dict[str, Any]) -> None:
    values = {name: row[name] for name in ("title", "issuer", "printed_on") if name in row}
    document = _upsert(PolicyDocument, {"programme": programme, "number": row["number"]}, values)
    for clause in row["clauses"]:
        _upsert(Clause, {"document": document, "ref": str(clause["ref"])}, {"quotation": str(clause["quotation"])})


def _upsert(model: type[Any], key: dict[str, Any], values: dict[str, Any]) -> Any:
    """The row of that key with these values; untouched when it already has them, so that loading twice is silent."""
    lookup = {
        f"{name}__isnull" if value is None else name: True if value is None else value for name, value in key.items()
    }
    row = model.objects.filter(**lookup).first()
    if row is None:
        return model.objects.create(**key, **{name: value for name, value in values.items() if name not in key})
    different = [name for name, value in values.items() if getattr(row, name) != value]
    for name in different:
        setattr(row, name, values[name])
    if different:
        row.save(update_fields=[row._meta.get_field(name).name for name in different])
    return row
