"""Targets of a programme's file: rows by place, the sums the document prints, and whether they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Area
from programmes.checking import (
    Checked,
    Values,
    area_problems,
    dicts_of,
    quantity_of,
    remove_others,
    twice,
    upsert,
)
from programmes.models import Measure, Programme, StatedSum, Target, Unit
from programmes.sums import Cell, Mismatch, compositions_wrong, mismatches

KEY = ("area", "technology", "part", "measure", "year", "unit")
DEFAULTS: Values = {
    "area": "", "technology": "", "part": "", "measure": Measure.CONVERSION.value, "unit": Unit.HOUSEHOLD.value,
    "clause": "",
}  # fmt: skip
ONLY_ROWS: Values = {"row_no": None}
ONLY_SUMS: Values = {"code": "", "name": "", "open": False, "of": [], "written": ""}


def check_targets(document: Values, checked: Checked) -> None:
    """Rows and printed sums into `checked.rows`; every sum that disagrees is named with its cell."""
    targets = list(_rows(document, "targets", ONLY_ROWS, checked))
    sums = [_with_code(row) for row in _rows(document, "target_totals", ONLY_SUMS, checked)]
    checked.rows["targets"] = [row for row in targets if row["area"]]
    checked.rows["target_totals"] = sums
    twice([tuple(row[key] for key in KEY) for row in checked.rows["targets"]], "targets", checked)
    twice([row["code"] for row in sums], "target_totals", checked)
    name_of = place_names([row["area"] for row in sums])
    for wrong in mismatches(map(cell_of, checked.rows["targets"]), map(cell_of, sums)):
        checked.problems.append(mismatch_words(wrong, name_of))
    _check_compositions(sums, checked)


def _rows(document: Values, name: str, more: Values, checked: Checked) -> Iterator[Values]:
    """Targets or printed sums; the latter may leave out area (all) or technology (all routes)."""
    programme = checked.programme
    only_year = programme.year_from if programme.year_from == programme.year_to else None
    for place, values in dicts_of(document, name, checked):
        known = {*DEFAULTS, *more, "year", "quantity"}
        checked.problems += [f"{place}.{key}: {_('unknown key')}" for key in values if key not in known]
        row = {**DEFAULTS, **more, "year": only_year, **values}
        row["area"], row["quantity"] = str(row["area"] or ""), quantity_of(values.get("quantity"))
        if row["quantity"] is None or row["quantity"] < 0:
            checked.problems.append(f"{place}.quantity: {_('a number, not negative, is expected')}")
            continue
        _check_names(row, place, checked)
        checked.problems += area_problems(row["area"], place, programme, required=name == "targets")
        yield row


def _check_names(row: Values, place: str, checked: Checked) -> None:
    """Technology, part, measure, unit and year must be those of the programme."""
    if row["technology"] and row["technology"] not in checked.codes("technologies"):
        checked.problems.append(_("%(place)s.technology: “%(code)s” is not among the technologies") % {
            "place": place, "code": row["technology"]})  # fmt: skip
    if row["part"] and row["part"] not in checked.codes("parts"):
        checked.problems.append(_("%(place)s.part: “%(code)s” is not among the parts") % {
            "place": place, "code": row["part"]})  # fmt: skip
    for key, known in (("measure", Measure.values), ("unit", Unit.values)):
        if row[key] not in known:
            checked.fault(f"{place}.{key}", _("one of %(kinds)s is expected") % {"kinds": ", ".join(known)})
    checked.problems += year_problems(row["year"], place, checked.programme)


def year_problems(year: Any, place: str, programme: Programme) -> list[str]:
    """A year outside the programme's years is a slip of the pen."""
    first, last = programme.year_from, programme.year_to
    if year is None or (isinstance(year, int) and first <= year <= last):
        return []
    words = _("%(place)s.year: %(year)s is not one of the programme's years %(first)s–%(last)s")
    return [words % {"place": place, "year": year, "first": first, "last": last}]


def _with_code(row: Values) -> Values:
    key = (row["area"], row["technology"], row["part"], row["year"], row["unit"], row["measure"])
    return {**row, "code": str(row["code"] or "/".join(str(part) for part in key if part))}


def cell_of(row: Mapping[str, Any]) -> Cell:
    return Cell(
        row["area"], row["technology"] or "", row["year"], row["unit"], row["quantity"], row["part"] or "",
        row["measure"], bool(row.get("open")),
    )  # fmt: skip


def place_names(codes: list[str]) -> Callable[[str], str]:
    known = dict(Area.objects.filter(code__in=codes).values_list("code", "name"))
    return lambda code: known.get(code, code)


def mismatch_words(wrong: Mismatch, name_of: Callable[[str], str]) -> str:
    """The cell that disagrees, what the document says, what the rows add up to."""
    stated = wrong.stated
    row = name_of(stated.area) if stated.area else _("total row")
    row += f" · {stated.part}" if stated.part else ""
    column = stated.technology or _("total column")
    words = _(
        "target_totals, row “%(row)s”, column “%(column)s”: the document says %(stated)s, the rows add up to %(found)s"
    )
    return words % {"row": row, "column": column, "stated": _number(stated.quantity), "found": _number(wrong.found)}


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _check_compositions(sums: list[Values], checked: Checked) -> None:
    cells = {row["code"]: cell_of(row) for row in sums}
    named = [(row["code"], [str(one) for one in members]) for row in sums for members in row["of"]]
    wrong, strange = compositions_wrong(cells, named)
    for one in wrong:
        words = _("target_totals “%(code)s”: the document says %(stated)s, %(members)s add up to %(found)s")
        checked.problems.append(words % {
            "code": one.code, "stated": _number(one.quantity), "members": " + ".join(one.members),
            "found": _number(one.found)})  # fmt: skip
    for code, member in strange:
        words = _("target_totals “%(code)s”: “%(member)s” is no printed sum of the same unit and measure")
        checked.problems.append(words % {"code": code, "member": member})


def store_targets(programme: Programme, checked: Checked) -> None:
    """Rows and printed sums as the file has them."""
    _store(programme, Target, checked.rows["targets"])
    _store(programme, StatedSum, checked.rows["target_totals"])


def _store(programme: Programme, model: type[Any], rows: list[Values]) -> None:
    routes = {route.code: route for route in programme.technologies.all()}
    parts = {part.code: part for part in programme.parts.all()}
    kept = []
    for row in rows:
        named = {"area_id": row["area"] or programme.area_id, "technology": routes.get(row["technology"]),
                 "part": parts.get(row["part"]), "measure": row["measure"], "year": row["year"],
                 "unit": row["unit"]}  # fmt: skip
        own = {"quantity": row["quantity"], "clause": row["clause"]}
        if model is Target:
            kept.append(upsert(model, {"programme": programme, **named}, {**own, "row_no": row["row_no"]}).pk)
        else:
            more = {"name": row["name"], "is_open": row["open"], "compositions": row["of"], "written": row["written"]}
            kept.append(upsert(model, {"programme": programme, "code": row["code"]}, {**named, **own, **more}).pk)
    remove_others(model.objects.filter(programme=programme), kept)
