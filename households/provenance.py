"""Where each value of a dwelling comes from: a cell of a file, or a person's own typing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.text import capfirst

from accounts.models import User
from core.together import Reading, read
from households.importing.checked import cells_of
from households.issue_wording import FIELD_TITLES
from households.models import Dwelling, HandEdit, Household, ImportRow, RosterImport, ValueConflict

#: Fields of the family; all others are the house's.
OF_FAMILY = frozenset(
    {
        "head_name", "id_number", "phone", "bank_card", "bank_name", "account_holder", "holder_relation",
        "household_book_no", "residents", "income_class", "beneficiary_classes", "remark",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A cell of a file (`row`, `cell`, and `typed` when a clerk corrected it there), or a person's own typing."""

    at: datetime
    by: User | None = None
    row: ImportRow | None = None
    cell: str = ""
    typed: bool = False


def sources_of(dwelling: Dwelling) -> dict[str, Source]:
    """Field -> where its present value comes from; fields nobody stated are missing."""
    return read(sources(dwelling))


def sources(dwelling: Dwelling) -> Reading[dict[str, Source]]:
    """`sources_of` as a reading of one turn."""
    found: dict[str, Source] = {}
    edits = HandEdit.objects.filter(household_id=dwelling.household_id).select_related("by")
    edits, rows = edits.filter(Q(dwelling=dwelling) | Q(dwelling=None)), _rows_about(dwelling)
    yield [edits, rows]
    told: list[tuple[Collection[str], Source]] = [(edit.fields, Source(edit.at, edit.by)) for edit in edits]
    told += [pair for row in rows for pair in _told_by(row, dwelling)]
    for fields, source in sorted(told, key=lambda pair: pair[1].at):
        found |= dict.fromkeys(fields, source)
    return found


@dataclass(frozen=True)
class SourceLine:
    """One value's source as people read it; `import_id` only where the reader may open that import.

    `file_name` is empty where the file is about another place, which the reader may not know.
    """

    title: str
    source: Source
    file_name: str = ""
    import_id: int | None = None


def source_lines(dwelling: Dwelling, user: User) -> list[SourceLine]:
    """Where each value of the file comes from, in the order of the file."""
    return read(source_reading(dwelling, user))


def source_reading(dwelling: Dwelling, user: User) -> Reading[list[SourceLine]]:
    """`source_lines` as a reading of one turn."""
    found = yield from sources(dwelling)
    return [_line(str(title), found[name], dwelling, user) for name, title in _titles().items() if name in found]


def _line(title: str, source: Source, dwelling: Dwelling, user: User) -> SourceLine:
    row = source.row
    if row is None:
        return SourceLine(title, source)
    may_open = user.has_right(RosterImport.view_right, row.roster_import.area_id)
    if not may_open and row.dwelling_id != dwelling.pk:
        return SourceLine(title, source)
    return SourceLine(title, source, row.roster_import.file.file_name, row.roster_import_id if may_open else None)


def _titles() -> dict[str, Any]:
    """Fields people see, with their names: the family's, the house's, the route."""
    hidden = {"id", "area", "household", "version", "created_at", "merged_into", "folded_into"}
    columns = [*Household._meta.concrete_fields, *Dwelling._meta.concrete_fields]
    named = {one.name: capfirst(one.verbose_name) for one in columns if one.name not in hidden}
    return named | {"technology": FIELD_TITLES["technology"]}


def _rows_about(dwelling: Dwelling) -> QuerySet[ImportRow]:
    rows = ImportRow.objects.filter(dwelling__household_id=dwelling.household_id, state=ImportRow.State.APPLIED)
    return rows.filter(applied_at__isnull=False).select_related("roster_import__file", "edited_by")


def _told_by(row: ImportRow, dwelling: Dwelling) -> list[tuple[Collection[str], Source]]:
    """One source per field, because each has its own cell; rows about another house speak of the family only."""
    fields = [name for name in row.written if name in OF_FAMILY or row.dwelling_id == dwelling.pk]
    cells = cells_of(row)
    at, by = row.applied_at, row.edited_by
    assert at is not None
    return [([name], Source(at, by, row, _cell(cells, name), name in row.corrections)) for name in fields]


def _cell(cells: dict[str, str], name: str) -> str:
    column = {"remark": "note", "exclusion": "note", "exclusion_note": "note"}.get(name, name)
    return cells.get(column, "")


def typed_by_hand(households: Collection[int]) -> dict[int, set[tuple[int | None, str]]]:
    """Household -> (dwelling or None, field) whose present value a person typed after the last roster wrote it."""
    if not households:
        return {}
    latest: dict[tuple[int, int | None, str], datetime] = {}
    for edit in HandEdit.objects.filter(household_id__in=households).order_by("at"):
        latest |= dict.fromkeys(((edit.household_id, edit.dwelling_id, name) for name in edit.fields), edit.at)
    found: dict[int, set[tuple[int | None, str]]] = defaultdict(set)
    written = _written_since(latest)
    for key, at in latest.items():
        if key not in written or written[key] < at:
            found[key[0]].add(key[1:])
    return found


def _written_since(edits: dict[tuple[int, int | None, str], datetime]) -> dict[tuple[int, int | None, str], datetime]:
    households = {key[0] for key in edits}
    rows = ImportRow.objects.filter(dwelling__household_id__in=households, state=ImportRow.State.APPLIED)
    found: dict[tuple[int, int | None, str], datetime] = {}
    told = rows.filter(applied_at__isnull=False).order_by("applied_at")
    for household, home, names, at in told.values_list(
        "dwelling__household_id", "dwelling_id", "written", "applied_at"
    ):
        for name in names:
            found[household, None if name in OF_FAMILY else home, name] = at
    return found


def open_conflicts(user: User) -> Any:
    """What waits for a decision in the person's places."""
    waiting = ValueConflict.objects.visible_to(user).filter(decision="")
    return waiting.select_related("dwelling__household", "roster_import__file", "row", "area").order_by("-id")
