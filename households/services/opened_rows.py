"""The ready rows of an import as storing looks at them, where possible opened before their turn.

Opening a row costs as much as anything else that storing does with it. While the database writes one piece, the rows
of the next are read and opened. When their turn comes, under the import's lock without which nobody changes its rows,
whatever was written since then (`xmin` names the transaction that wrote a row) is opened anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import ExpressionWrapper, F, QuerySet, TextField
from django.db.models.expressions import RawSQL

from core.fields import json_opener
from households.importing.checked import CheckedRow, refilled
from households.importing.register import AnyOf
from households.models import ImportRow
from households.services.belt import Belt
from households.services.bulk import stamped

#: What storing looks at. The rest of a row (the file's texts, corrections) is costly to open and seldom asked for.
_LOOKED_AT = (
    "id", "roster_import_id", "sheet", "row_no", "state", "technology", "issue_codes", "confirmed", "keys_index",
    "version",
)  # fmt: skip
_SEALED = ("values", "issues")
_WRITTEN_BY = RawSQL("households_importrow.xmin::text", [], output_field=TextField())


@dataclass(slots=True)
class OpenedRow:
    """A row, what the checks of the file made of it, and which transaction wrote it."""

    row: ImportRow
    checked: CheckedRow
    written_by: str


class Ahead:
    """The rows of the next piece, opened before their turn."""

    def __init__(self) -> None:
        self._asked: Callable[[], list[tuple[Any, ...]]] | None = None
        self._rows: dict[int, OpenedRow] = {}

    def ask(self, running: Belt, keys: Sequence[int]) -> None:
        """Put the question for these rows on the belt."""
        self._asked = running.ask(*_values_of(keys).query.sql_with_params()) if keys else None

    def open(self) -> None:
        """Open what was answered."""
        self._rows = {one.row.pk: one for one in _opened(self._asked())} if self._asked else {}
        self._asked = None

    def current(self, keys: Sequence[int]) -> list[OpenedRow]:
        """The rows by their keys as they are now, in the order of the file. Ask under the import's lock."""
        known, self._rows = self._rows, {}
        if not known:
            return list(_opened(_values_of(keys)))
        now = dict(_rows_of(keys).values_list("pk", _WRITTEN_BY))
        same = {key: known[key] for key, by in now.items() if key in known and known[key].written_by == by}
        others = [key for key in now if key not in same]
        same |= {one.row.pk: one for one in _opened(_values_of(others))} if others else {}
        return [same[key] for key in now]


def _rows_of(keys: Sequence[int]) -> QuerySet[ImportRow]:
    """By key alone: while the counts of a fresh table are young, PostgreSQL would go through all ready rows instead."""
    return ImportRow.objects.filter(AnyOf(F("pk"), list(keys))).order_by("pk")


def _values_of(keys: Sequence[int]) -> QuerySet[ImportRow, Any]:
    sealed = {f"{name}_sealed": ExpressionWrapper(F(name), output_field=TextField()) for name in _SEALED}
    return _rows_of(keys).annotate(**sealed, written_by=_WRITTEN_BY).values_list(*_LOOKED_AT, *sealed, "written_by")


def _opened(found: Iterable[tuple[Any, ...]]) -> Iterator[OpenedRow]:
    opened, make = json_opener(), stamped(ImportRow)
    for *plain, values, issues, written_by in found:
        row = make()
        row.__dict__.update(zip(_LOOKED_AT, plain, strict=True), values=opened(values), issues=opened(issues))
        yield OpenedRow(row, refilled(row), written_by)
