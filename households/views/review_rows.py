"""A row of the review page as it is drawn: clean cells masked, faulty cells as inputs with sentence and proposal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import masks
from households.importing.checked import Problem, problems_of
from households.indexes import full_door
from households.issue_wording import FIELD_TITLES
from households.models import ImportRow
from households.problem_wording import sentence_of, title, what_to_do
from households.roster.columns import FIELDS

SHOWN = ("id_number", "phone", "village", "door_no", "heated_area_m2", "technology", "bank_card")
#: Said at the identity number, put right at the door number: only confirmed or corrected there.
_ABOUT_THE_DOOR = frozenset({"W_SECOND_DWELLING", "W_SECOND_HOME"})
_ONLY_CONFIRMED = _ABOUT_THE_DOOR | {"W_REGISTER_DIFFERS"}
_MASKS = {"id_number": masks.mask_id, "phone": masks.mask_phone, "bank_card": masks.mask_card}


@dataclass(frozen=True)
class ShownProblem:
    """What is said under a cell, and what one press does about it."""

    code: str
    words: str
    todo: str
    proposal: str
    can_be_confirmed: bool


@dataclass(frozen=True)
class ShownCell:
    """`text` is for reading; `typed` is the text in the input of a faulty cell; `before` what the file says."""

    name: str
    label: str
    text: str
    typed: str
    before: str
    problems: tuple[ShownProblem, ...]
    theirs: str | None = None
    needs_input: bool = False

    @property
    def is_faulty(self) -> bool:
        return bool(self.problems) or self.needs_input


@dataclass(frozen=True)
class ShownRow:
    """One row of the table. `others` are faulty cells that have no column of their own; `colleagues` are at it now."""

    row: ImportRow
    head_name: str
    cells: list[ShownCell]
    others: list[ShownCell]
    causes: list[str] = field(default_factory=list)
    colleagues: str = ""

    @property
    def is_open(self) -> bool:
        return self.row.state == ImportRow.State.FAULTY

    @property
    def has_inputs(self) -> bool:
        return any(cell.needs_input for cell in (*self.cells, *self.others))

    @property
    def is_fixed(self) -> bool:
        return self.row.edited_by_id is not None and not self.is_open


def shown_row(
    row: ImportRow, technologies: Mapping[str, str], typed: Mapping[str, str] | None = None, *, colleagues: str = ""
) -> ShownRow:
    """`typed` is what the person sent when somebody else was faster: both values are shown then.

    `colleagues` are the names of others whose cursor is in the row now.
    """
    blocking = [problem for problem in problems_of(row) if problem.blocks(row.confirmed)]
    cells = {name: _cell(row, name, blocking, technologies, typed or {}) for name in FIELDS}
    others = [cell for name, cell in cells.items() if name not in SHOWN and cell.is_faulty]
    name = str(row.values.get("head_name") or _raw(row, "head_name") or "—")
    causes = [title(problem.code) for problem in blocking]
    return ShownRow(row, name, [cells[name] for name in SHOWN], others, causes, colleagues)


def _cell(
    row: ImportRow, name: str, blocking: list[Problem], technologies: Mapping[str, str], typed: Mapping[str, str]
) -> ShownCell:
    given = row.corrections.get(name, _raw(row, name))
    clashes = name in typed and typed[name] != given
    own = [problem for problem in blocking if problem.column == name]
    asks = any(problem.code not in _ONLY_CONFIRMED for problem in own)
    moved = name == "door_no" and any(problem.code in _ABOUT_THE_DOOR for problem in blocking)
    return ShownCell(
        name=name,
        label=str(FIELD_TITLES[name]),
        text=_clean_text(row, name, technologies),
        typed=typed[name] if clashes else given,
        before=_before(row, name),
        problems=tuple(map(_problem, own)),
        theirs=given if clashes else None,
        needs_input=asks or moved or clashes,
    )


def _problem(problem: Problem) -> ShownProblem:
    words = sentence_of(problem)
    return ShownProblem(problem.code, words, what_to_do(problem.code), problem.proposal, problem.can_be_confirmed)


def _clean_text(row: ImportRow, name: str, technologies: Mapping[str, str]) -> str:
    values = row.values
    if name == "village":
        return row.village.name if row.village else _raw(row, name)
    if name == "door_no":
        return full_door(values) or "—"
    value = str(values.get(name) or "")
    if name == "technology":
        return technologies.get(value, _raw(row, name))
    return _MASKS[name](value) if name in _MASKS and value else value or "—"


def _before(row: ImportRow, name: str) -> str:
    """The file's own text of a corrected cell; numbers of people stay masked."""
    if name not in row.corrections:
        return ""
    text = _raw(row, name)
    return _MASKS[name](text) if name in _MASKS else text or "—"


def _raw(row: ImportRow, name: str) -> str:
    texts: dict[str, Any] = row.raw.get("texts", {})
    return str(texts.get(name, ""))
