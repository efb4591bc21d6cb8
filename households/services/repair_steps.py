"""The steps a clerk took on the review page, and taking back the last of them: Ctrl+Z that the server remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from households.models import ImportRow, RepairStep, RosterImport
from households.services.imports import lock_for_review
from households.services.rechecking import LEFT_OUT, recheck, touch

State = ImportRow.State
_CLOSED = (State.APPLIED, State.UNDONE)


@dataclass(frozen=True)
class TakenBack:
    """A step undone: rows that are as before, and how many stay because they were changed since."""

    step: RepairStep
    rows: list[ImportRow]
    left: int


@contextmanager
def recorded(roster_import: RosterImport, rows: Sequence[ImportRow], kind: str, by: User) -> Iterator[None]:
    """Keep what the block does to `rows` as one step of this clerk."""
    before = [_state(row) for row in rows]
    yield
    if rows:
        changed = [[row.pk, was, _state(row)] for row, was in zip(rows, before, strict=True)]
        RepairStep.objects.create(
            roster_import=roster_import, by=by, kind=kind, rows=changed, row_count=len(rows), row_no=rows[0].row_no
        )


def last_step(roster_import: RosterImport, by: User) -> RepairStep | None:
    """What `take_back_last` would take back."""
    return next(iter(last_steps(roster_import, by)), None)


def last_steps(roster_import: RosterImport, by: User) -> QuerySet[RepairStep]:
    """`last_step` as a queryset of at most one, to be read with others."""
    steps = RepairStep.objects.filter(roster_import=roster_import, by=by, taken_back_at__isnull=True)
    return steps.defer("rows").order_by("-pk")[:1]


@transaction.atomic
def take_back_last(*, roster_import: RosterImport, by: User) -> TakenBack:
    """Undo this clerk's last step. A row somebody changed or stored since stays as it is.

    Raises Refused: NOTHING_TO_TAKE_BACK (conflict), NOT_IN_REVIEW.
    """
    locked = lock_for_review(roster_import.pk)
    step = last_step(locked, by)
    if step is None:
        raise Refused("NOTHING_TO_TAKE_BACK", _("There is no step of yours left to take back."), conflict=True)
    wanted = {key: (before, after) for key, before, after in step.rows}
    found = {row.pk: row for row in locked.rows.select_for_update().filter(pk__in=wanted)}
    rows = [row for key, row in found.items() if row.state not in _CLOSED and _same(_state(row), wanted[key][1])]
    for row in rows:
        _bring_back(row, wanted[row.pk][0])
    recheck(locked, rows)
    step.taken_back_at = clock.now()
    step.save(update_fields=["taken_back_at"])
    return TakenBack(step, rows, len(wanted) - len(rows))


def _state(row: ImportRow) -> dict[str, Any]:
    return {
        "corrections": dict(row.corrections), "confirmed": list(row.confirmed), "kind": row.kind,
        "edited_by": row.edited_by_id,
    }  # fmt: skip


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether nobody touched the row in between; who touched it last does not matter by itself."""
    return all(one[name] == other[name] for name in ("corrections", "confirmed", "kind"))


def _bring_back(row: ImportRow, before: dict[str, Any]) -> None:
    fields: dict[str, Any] = {name: before[name] for name in ("corrections", "confirmed", "kind")}
    if before["kind"] == LEFT_OUT:
        fields["state"] = State.SKIPPED
    editor = User.objects.filter(pk=before["edited_by"]).first() if before["edited_by"] else None
    touch(row, editor, **fields)
