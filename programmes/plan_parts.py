"""The other parts of a programme's file: sub-programmes with their money, rates, figures, limits, leads, deadlines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from accounts.rights import ROLES
from programmes.calendar import read_day
from programmes.checking import (
    Checked,
    Values,
    area_problems,
    cleaned,
    cleaned_rows,
    dicts_of,
    quantity_of,
    remove_others,
    twice,
    upsert,
)
from programmes.models import (
    Deadline,
    Duty,
    Figure,
    Indicator,
    LeadUnit,
    Panel,
    PlannedFunds,
    Principle,
    Programme,
    RequiredPaper,
    SubProgramme,
    Threshold,
)

FEN_PER_WAN_YUAN = 1_000_000
MONEY_KEYS = ("total_wan_yuan", "funds_wan_yuan", "parent")


@dataclass(frozen=True)
class Section:
    """A list of the file that is one table: its model and the columns by which a row is the same row."""

    name: str
    model: type[models.Model]
    key: tuple[str, ...] = ("code",)


SECTIONS = (
    Section("indicators", Indicator),
    Section("figures", Figure, ("group", "code")),
    Section("thresholds", Threshold),
    Section("duties", Duty, ("row_no",)),
    Section("deadlines", Deadline),
    Section("household_file", RequiredPaper, ("paper",)),
    Section("principles", Principle),
    Section("panels", Panel),
)
LISTS = ("parts", "budget_totals", "lead_units", *(section.name for section in SECTIONS))


def check_parts(document: Values, checked: Checked) -> None:
    """Sub-programmes first: targets and leads name them."""
    checked.rows["parts"] = [_part(values, place, checked) for place, values in dicts_of(document, "parts", checked)]
    twice([row.get("code") for row in checked.rows["parts"]], "parts", checked)
    known = checked.codes("parts")
    for row in checked.rows["parts"]:
        if row["parent"] and row["parent"] not in known:
            checked.fault(f"parts “{row.get('code')}”.parent", _("unknown") + f" {row['parent']}")
    _check_budget_totals(document, checked)


def _part(values: Values, place: str, checked: Checked) -> Values:
    row = cleaned({k: v for k, v in values.items() if k not in MONEY_KEYS}, place, SubProgramme, checked)
    for code in row.get("places") or []:
        checked.problems += area_problems(str(code), place, checked.programme, required=True)
    row["parent"] = values.get("parent") or ""
    row["total_fen"] = _fen(values.get("total_wan_yuan"), f"{place}.total_wan_yuan", checked)
    row["funds"] = _funds(values.get("funds_wan_yuan") or {}, place, checked)
    if row["total_fen"] is not None and row["funds"] and sum(row["funds"].values()) != row["total_fen"]:
        words = _("the sources add up to %(found)s, the total says %(stated)s (10,000 yuan)")
        checked.fault(place, words % {"found": _wan(sum(row["funds"].values())), "stated": _wan(row["total_fen"])})
    return row


def _funds(values: Any, place: str, checked: Checked) -> dict[str, int]:
    found = {}
    for source, amount in values.items() if isinstance(values, dict) else ():
        if source not in PlannedFunds.Source.values:
            checked.fault(f"{place}.funds_wan_yuan", _("unknown") + f" {source}")
        fen = _fen(amount, f"{place}.funds_wan_yuan.{source}", checked)
        if fen is not None:
            found[str(source)] = fen
    return found


def _fen(value: Any, place: str, checked: Checked) -> int | None:
    """Fen of an amount in 10,000 yuan; None where nothing is stated."""
    if value is None:
        return None
    number = quantity_of(value)
    if number is None or number < 0 or number * FEN_PER_WAN_YUAN % 1:
        checked.fault(place, _("a number, not negative, is expected"))
        return None
    return int(number * FEN_PER_WAN_YUAN)


def _wan(fen: int) -> str:
    return f"{(Decimal(fen) / FEN_PER_WAN_YUAN).normalize():f}"


def _check_budget_totals(document: Values, checked: Checked) -> None:
    """Sums over parts that the document prints (its section 9 total): kept as printed when they agree."""
    parts = {row.get("code"): row for row in checked.rows["parts"]}
    for place, values in dicts_of(document, "budget_totals", checked):
        named = [str(code) for code in values.get("parts") or []]
        strange = [code for code in named if code not in parts]
        checked.problems += [f"{place}.parts: {_('unknown')} {code}" for code in strange]
        for source, stated in (values.get("wan_yuan") or {}).items():
            found = sum(_budget(parts[code], source) for code in named if code not in strange)
            if _fen(stated, f"{place}.{source}", checked) != found:
                words = _("the document says %(stated)s, the parts add up to %(found)s (10,000 yuan)")
                checked.fault(f"{place}.{source}", words % {"stated": stated, "found": _wan(found)})


def _budget(part: Values, source: str) -> int:
    amount = part["total_fen"] if source == "total" else part["funds"].get(source)
    return amount or 0


def check_sections(document: Values, checked: Checked) -> None:
    """Rates, figures, limits, duties, deadlines, papers; and the leads of places."""
    for number, row in enumerate(document.get("duties") or [], 1):
        if isinstance(row, dict):
            row.setdefault("row_no", number)
    for section in SECTIONS:
        if section.name in document:
            checked.rows[section.name] = cleaned_rows(document, section.name, section.model, section.key, checked)
    _check_figure_sums(checked)
    _check_deadlines(checked)
    for name in ("duties", "deadlines"):
        roles = [row["role"] for row in checked.rows.get(name, []) if row.get("role")]
        checked.problems += [f"{name}.role: {_('unknown')} {role}" for role in roles if role not in ROLES]
    _check_panels(checked)
    checked.rows["lead_units"] = [
        row for one in dicts_of(document, "lead_units", checked) for row in _leads(*one, checked)
    ]


def _check_figure_sums(checked: Checked) -> None:
    figures = checked.rows.get("figures", [])
    for group in sorted({str(row.get("group")) for row in figures if row.get("is_total")}):
        members = [row for row in figures if row.get("group") == group]
        stated = sum(row["quantity"] for row in members if row.get("is_total"))
        found = sum(row["quantity"] for row in members if not row.get("is_total"))
        if stated != found:
            words = _("the document says %(stated)s, the rows add up to %(found)s")
            checked.fault(f"figures “{group}”", words % {"stated": stated, "found": found})


def _check_deadlines(checked: Checked) -> None:
    for row in checked.rows.get("deadlines", []):
        place, rhythm = f"deadlines “{row.get('code')}”", row.get("rhythm", Deadline.Rhythm.ONCE)
        if rhythm == Deadline.Rhythm.ONCE and row.get("due_on") is None:
            checked.fault(f"{place}.due_on", _("a day is expected"))
        if rhythm == Deadline.Rhythm.YEARLY and read_day(f"2024-{row.get('day', '')}") is None:
            checked.fault(f"{place}.day", _("a day written MM-DD is expected"))
        days = row.get("remind_days") or []
        if not isinstance(days, list) or not all(isinstance(one, int) and 0 <= one <= 366 for one in days):
            checked.fault(f"{place}.remind_days", _("days before the deadline are expected, 0 to 366"))


def _check_panels(checked: Checked) -> None:
    """Departments are names, each once: a department that stands twice would sign twice."""
    for row in checked.rows.get("panels", []):
        place, names = f"panels “{row.get('code')}”", row.get("departments")
        if not isinstance(names, list) or not names or not all(isinstance(one, str) and one.strip() for one in names):
            checked.fault(f"{place}.departments", _("names of departments are expected"))
        else:
            twice(list(names), f"{place}.departments", checked)
    years = [row.get("year") for row in checked.rows.get("panels", []) if row.get("in_use", True)]
    twice([year or _("every year") for year in years], "panels", checked)


def _leads(place: str, values: Values, checked: Checked) -> Iterable[Values]:
    """One entry names a unit and its places; it becomes one row per place."""
    part = values.get("part") or ""
    if part and part not in checked.codes("parts"):
        checked.fault(f"{place}.part", _("unknown") + f" {part}")
    if not values.get("unit") or not isinstance(values.get("areas"), list):
        checked.fault(place, _("unit and areas are expected"))
        return []
    for code in values["areas"]:
        checked.problems += area_problems(str(code), place, checked.programme, required=True)
    return [
        {"area": str(code), "part": part, "unit": values["unit"], "clause": values.get("clause", "")}
        for code in values["areas"]
    ]


# --- Storing ------------------------------------------------------------------------------------------------------


def store_parts(programme: Programme, checked: Checked) -> None:
    """Sub-programmes and their money. Parts the file no longer has are removed after their targets are."""
    for row in checked.rows["parts"]:
        values = {name: value for name, value in row.items() if name not in ("parent", "funds")}
        values["parent"] = programme.parts.filter(code=row["parent"]).first() if row["parent"] else None
        part = upsert(SubProgramme, {"programme": programme, "code": row["code"]}, values)
        kept = [upsert(PlannedFunds, {"part": part, "source": source}, {"amount_fen": amount}).pk
                for source, amount in row["funds"].items()]  # fmt: skip
        remove_others(part.funds, kept)


def remove_parts(programme: Programme, checked: Checked) -> None:
    remove_others(
        programme.parts, list(programme.parts.filter(code__in=checked.codes("parts")).values_list("pk", flat=True))
    )


def store_sections(programme: Programme, checked: Checked) -> None:
    """Each list the file has, as a whole; a list it does not mention stays as it is."""
    for section in (one for one in SECTIONS if one.name in checked.rows):
        model, rows = section.model, checked.rows[section.name]
        kept = [upsert(model, {"programme": programme, **{k: row[k] for k in section.key}}, row).pk for row in rows]
        remove_others(model.objects.filter(programme=programme), kept)  # type: ignore[attr-defined]
    parts = {part.code: part for part in programme.parts.all()}
    kept = [
        upsert(LeadUnit, {"programme": programme, "area_id": row["area"], "part": parts.get(row["part"]),
                          "unit": row["unit"]}, {"clause": row["clause"]}).pk
        for row in checked.rows["lead_units"]
    ]  # fmt: skip
    remove_others(programme.leads.exclude(clause=""), kept)  # what a person set has no clause and stays
