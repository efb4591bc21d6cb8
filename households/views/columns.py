"""What the columns of a roster mean: guesses with sample values, confirmed or corrected by the clerk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from core.workbooks.read import column_letters
from households.importing.looking import LookedSheet, first_rows
from households.issue_wording import FIELD_TITLES
from households.models import RosterImport
from households.problem_wording import sentence, title
from households.roster.columns import ASIDE, shipped_synonyms
from households.roster.doubts import GUESSED, MISPLACED, MISSING, TWICE, lowest
from households.services.columns import choose_header, confirm_columns, may_assign, may_choose_header
from households.views.samples import masked_row, masked_sample

RIGHT = "rosters.import"
_WIDTH, _CELL = 14, 24
_REASONS: dict[str, str | Promise] = {
    GUESSED: gettext_lazy("looks like this"),
    MISSING: gettext_lazy("unknown, while a needed column is missing"),
    TWICE: gettext_lazy("a second column for the same"),
    MISPLACED: gettext_lazy("the values are not what the heading says"),
}


@dataclass
class ShownColumn:
    """One column of the page; `chosen` is what the select shows, `present` what it was read as."""

    name: str
    letters: str
    heading: str
    samples: list[str]
    present: str
    chosen: str
    reason: str | Promise = ""

    @property
    def meaning(self) -> str:
        return str(FIELD_TITLES[self.present]) if self.present else ""


@dataclass
class ShownSheet:
    name: str
    header_row: int | None
    words: list[str]
    columns: list[ShownColumn] = field(default_factory=list)

    @property
    def doubtful(self) -> bool:
        return any(column.reason for column in self.columns)


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """How the columns were understood; a post says what they mean and has the file read again."""
    found = get_visible_or_404(RosterImport, request.user, RIGHT, pk=pk)
    refusal = None
    if request.method == "POST":
        choices = _choices(request, found)
        if not any(choices.values()):
            return redirect("households:import-review", found.pk)
        try:
            confirm_columns(roster_import=found, choices=choices, by=request.user)
        except Refused as told:
            refusal = told
        else:
            return redirect("households:import-review", found.pk)
    open_for_words = may_assign(found)
    context = {
        "roster_import": found,
        "sheets": _shown(found, request.POST),
        "asking": found.state == RosterImport.State.MAPPING,
        "may_assign": open_for_words,
        "may_choose": open_for_words,
        "fields": [("", _("Not needed: kept as a remark")), *FIELD_TITLES.items()],
        "refusal": refusal.sentence if refusal else "",
    }
    return render(request, "households/import_columns.html", context, status=refusal.status if refusal else 200)


def _choices(request: HttpRequest, found: RosterImport) -> dict[str, dict[int, str]]:
    """What differs from the present reading, and everything that was asked."""
    choices: dict[str, dict[int, str]] = {}
    for position, sheet in enumerate(found.mapping.get("sheets", [])):
        asked = {doubt["column"] for doubt in sheet.get("doubts", [])}
        for column in map(int, sheet.get("titles", {})):
            said = request.POST.get(_name(position, column))
            if said is not None and (column in asked or said != sheet["columns"].get(str(column), "")):
                choices.setdefault(sheet["name"], {})[column] = said
    return choices


def _name(position: int, column: int) -> str:
    return f"c-{position}-{column}"


def _shown(found: RosterImport, posted: Any) -> list[ShownSheet]:
    sheets = []
    for position, sheet in enumerate(found.mapping.get("sheets", [])):
        shown = ShownSheet(sheet["name"], sheet["header_row"], _findings(sheet))
        shown.columns = list(_columns(position, sheet, found.samples.get(sheet["name"], {}), posted))
        sheets.append(shown)
    return sheets


def _columns(position: int, sheet: dict[str, Any], samples: dict[str, list[str]], posted: Any) -> Iterator[ShownColumn]:
    doubts = {doubt["column"]: doubt for doubt in sheet.get("doubts", [])}
    headings = sheet.get("titles") or dict.fromkeys(sheet["columns"], "")
    for number in sorted(headings, key=int):
        heading, present = headings[number], sheet["columns"].get(number, "")
        if not present and shipped_synonyms().field_of(lowest(heading)) in ASIDE:
            continue
        doubt = doubts.get(int(number), {"reason": "", "guess": ""})
        guess = {GUESSED: present or doubt["guess"], MISPLACED: doubt["guess"]}.get(doubt["reason"], present)
        name = _name(position, int(number))
        yield ShownColumn(
            name=name,
            letters=column_letters(int(number)),
            heading=heading,
            samples=[masked_sample(text, guess or doubt["guess"]) for text in samples.get(number, [])],
            present=present,
            chosen=posted.get(name, guess),
            reason=_REASONS.get(doubt["reason"], ""),
        )


def _findings(sheet: dict[str, Any]) -> list[str]:
    """What is worth a sentence; a column that is asked about below is not told twice."""
    asked = {column_letters(doubt["column"]) for doubt in sheet.get("doubts", [])}
    told = [
        one
        for one in sheet["findings"]
        if one["code"] != "F_UNKNOWN_COLUMN" or one["cell"].rstrip("0123456789") not in asked
    ]
    return [f"{one['cell']} {title(one['code'])}: {sentence(one['code'], one['params'])}".strip() for one in told]


@dataclass
class ShownRow:
    """A row of the file as a person picks it: its number, its cells, whether it is the header now."""

    row_no: int
    texts: list[str]
    is_header: bool


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def import_header(request: HttpRequest, pk: int) -> HttpResponse:
    """The first rows of every sheet, to pick the one that holds the headings; a post has the file read again."""
    found = get_visible_or_404(RosterImport, request.user, RIGHT, pk=pk)
    if request.method == "POST":
        row_no = request.POST.get("row", "")
        if row_no.isascii() and row_no.isdigit() and len(row_no) < 8:
            choose_header(roster_import=found, sheet=request.POST.get("sheet", ""), row_no=int(row_no), by=request.user)  # type: ignore[arg-type]
        return redirect("households:import-review", found.pk)
    if not may_choose_header(found):
        return redirect("households:import-review", found.pk)
    headers = {sheet["name"]: sheet["header_row"] for sheet in found.mapping.get("sheets", [])}
    headers |= found.mapping.get("header_rows", {})
    sheets = [(one.name, _pickable(one, headers.get(one.name))) for one in first_rows(found.file.stored_name)]
    context = {"roster_import": found, "sheets": [pair for pair in sheets if pair[1]]}
    return render(request, "households/import_header.html", context)


def _pickable(sheet: LookedSheet, header_row: int | None) -> list[ShownRow]:
    return [
        ShownRow(
            row.row_no,
            [text[:_CELL] for text in masked_row(row.texts[:_WIDTH]) if text.strip()],
            row.row_no == header_row,
        )
        for row in sheet.rows
    ]
