"""What leaves: GeoJSON for a city's information model (CIM, B-41), and rows of a file that were not taken.

Pipes, stations and sources go as geometry with their attributes.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from core.workbooks.read import Sheet, Workbook, column_letters
from heatsupply.models import ExchangeStation, HeatSource, PipeSegment
from heatsupply.rules.pipes import why_due
from heatsupply.rules.sheet_rows import Heads, Problem
from heatsupply.wording.files import problem_words

FILL, INK, MOST = "#FBE9E7", "#8C1D18", 1_000


def feature_collection(
    segments: Iterable[PipeSegment],
    stations: Iterable[ExchangeStation],
    sources: Iterable[HeatSource],
    *,
    year: int,
    full_years: int,
) -> dict[str, Any]:
    """RFC 7946, longitude before latitude. What has no coordinates yet keeps its attributes with an empty geometry."""
    features = [_segment(one, year, full_years) for one in segments]
    features += [_station(one) for one in stations]
    features += [_source(one) for one in sources]
    return {"type": "FeatureCollection", "features": features}


def _feature(key: str, geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": properties}


def _point(row: Any) -> dict[str, Any] | None:
    known = row.lng is not None and row.lat is not None
    return {"type": "Point", "coordinates": [float(row.lng), float(row.lat)]} if known else None


def _segment(one: PipeSegment, year: int, full_years: int) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": one.line} if one.line else None
    return _feature(f"pipe-{one.pk}", geometry, {
        "class": "pipe", "company": one.network.company.name, "network": one.network.name, "code": one.code,
        "level": one.level, "length_m": float(one.length_m), "diameter_mm": one.diameter_mm,
        "year_laid": one.year_laid, "conditions": one.conditions,
        "due": list(why_due(one.year_laid, one.conditions, year, full_years)),
    })  # fmt: skip


def _station(one: ExchangeStation) -> dict[str, Any]:
    return _feature(f"station-{one.pk}", _point(one), {
        "class": "station", "company": one.network.company.name, "network": one.network.name, "code": one.code,
        "name": one.name, "capacity_mw": float(one.capacity_mw),
        "demand_mw": None if one.demand_mw is None else float(one.demand_mw),
    })  # fmt: skip


def _source(one: HeatSource) -> dict[str, Any]:
    return _feature(f"source-{one.pk}", _point(one), {
        "class": "source", "company": one.company.name, "name": one.name, "kind": one.kind, "state": one.state,
        "capacity_mw": float(one.capacity_mw),
        "contracted_mw": None if one.contracted_mw is None else float(one.contracted_mw),
    })  # fmt: skip


# --- Rows that go back --------------------------------------------------------------------------------------------


def rows_back(book: Workbook, heads: Heads, problems: Iterable[Problem]) -> bytes:
    """The faulty rows under their own heads as .xlsx, cells marked, what is wrong in a last column: to be corrected
    there and sent in again, which is possible because a file may say only some of the rows.
    """
    wrong: dict[tuple[str, int], list[Problem]] = defaultdict(list)
    for one in problems:
        wrong[one.row].append(one)
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as made:
        looks = {
            "text": made.add_format({"num_format": "@", "quote_prefix": True}),
            "head": made.add_format({"bold": True, "num_format": "@", "quote_prefix": True}),
            "bad": made.add_format({"bg_color": FILL, "font_color": INK, "num_format": "@", "quote_prefix": True}),
        }
        for sheet in book.sheets:
            found = None if sheet.hidden else heads.find(sheet)
            rows = [row for row in sheet.rows if (sheet.name, row.row_no) in wrong]
            if found is not None and rows:
                _page(made.add_worksheet(page_name(sheet.name, made)), sheet, found, rows, wrong, looks)
    return out.getvalue()


def _page(
    page: Any, sheet: Sheet, found: tuple[int, dict[int, str]], rows: Sequence[Any],
    wrong: dict[tuple[str, int], list[Problem]], looks: dict[str, Any],
) -> None:  # fmt: skip
    head = next(row.texts for row in sheet.rows if row.row_no == found[0])
    width = max(len(head), *(len(row.texts) for row in rows))
    for column in range(width):
        said = head[column] if column < len(head) and head[column].strip() else heading_of(sheet, found, column)
        page.write_string(0, column, said, looks["head"])
    page.write_string(0, width, _("What has to change"), looks["head"])
    for at, row in enumerate(rows, 1):
        said = wrong[sheet.name, row.row_no]
        cells = {one.where.rpartition("!")[2] for one in said}
        for column in range(width):
            text = row.texts[column] if column < len(row.texts) else ""
            marked = f"{column_letters(column + 1)}{row.row_no}" in cells
            page.write_string(at, column, text, looks["bad" if marked else "text"])
        page.write_string(at, width, "；".join(problem_words(one, place=False) for one in said)[:MOST], looks["bad"])
    page.freeze_panes(1, 0)
    page.set_column(0, max(width - 1, 0), 14)
    page.set_column(width, width, 60)


def page_name(name: str, book: Any) -> str:
    """A name Excel takes: 31 letters, none of its own signs, not twice."""
    bare = re.sub(r"[\[\]:*?/\\']", "_", name)[:28] or "1"
    taken = {sheet.get_name().lower() for sheet in book.worksheets()}
    return bare if bare.lower() not in taken else f"{bare[:24]}_{len(taken) + 1}"


def heading_of(sheet: Sheet, found: tuple[int, dict[int, str]], column: int) -> str:
    """Of two rows of heads the upper one where the lower is empty."""
    above = [row.texts for row in sheet.rows if found[0] - 2 <= row.row_no < found[0]]
    said = [texts[column] for texts in above if column < len(texts) and texts[column].strip()]
    return said[-1] if said and column + 1 in found[1] else ""
