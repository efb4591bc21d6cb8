"""The life of a task as one table: services, buttons, tests and the manual read it and nothing else.

listed → installed → accepted
            ↓  ↑
          rectify            listed | installed | rectify → withdrawn
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from retrofits.models import Task

State = Task.State
Guard = Callable[[Task, User], Refused | None]


@dataclass(frozen=True)
class Move:
    """One allowed step. `guard` looks at task and person; `needs_reason` asks for words that stay in the history."""

    deed: str
    source: str
    target: str
    right: str
    label: str | Promise
    guard: Guard | None = None
    needs_reason: bool = False


def not_the_installer(task: Task, by: User) -> Refused | None:
    """Who installed does not accept: neither the person who recorded it nor anybody of the same firm."""
    record = task.installation
    if record.recorded_by.person_no == by.person_no:
        return Refused("OWN_WORK", _("You recorded this installation yourself; another inspector has to accept it."))
    if by.unit and by.unit.strip() == record.supplier.name.strip():
        words = _("%(unit)s installed this heater; an inspector of another firm has to accept it.")
        return Refused("OWN_FIRM", words, unit=by.unit)
    return None


MOVES: tuple[Move, ...] = (
    Move("install", State.LISTED, State.INSTALLED, "installations.record", _("Record the installation")),
    Move("accept", State.INSTALLED, State.ACCEPTED, "acceptances.record", _("Accept"), not_the_installer),
    Move("refuse", State.INSTALLED, State.RECTIFY, "acceptances.record", _("Turn to rectification"), not_the_installer),
    Move("report_rectified", State.RECTIFY, State.INSTALLED, "installations.record", _("Report as put right")),
    Move("withdraw", State.LISTED, State.WITHDRAWN, "tasks.open", _("Withdraw the task"), needs_reason=True),
    Move("withdraw", State.INSTALLED, State.WITHDRAWN, "tasks.open", _("Withdraw the task"), needs_reason=True),
    Move("withdraw", State.RECTIFY, State.WITHDRAWN, "tasks.open", _("Withdraw the task"), needs_reason=True),
)


def find(task: Task, deed: str) -> Move | None:
    return next((move for move in MOVES if (move.deed, move.source) == (deed, task.state)), None)


def open_moves(task: Task, user: User) -> list[Move]:
    """What this person may do with the task now: the buttons of its page."""
    moves = [move for move in MOVES if move.source == task.state and user.has_right(move.right, task.area_id)]
    return [move for move in moves if move.guard is None or move.guard(task, user) is None]


def demand(task: Task, deed: str, by: User, reason: str = "") -> Move:
    """The move, or why not: wrong state (409), missing right (403), guard or missing reason (422)."""
    move = find(task, deed)
    if move is None:
        words = _("The task is “%(state)s” by now; this step is no longer open. Load the page again.")
        raise Refused("TASK_STATE", words, conflict=True, state=task.get_state_display())
    if not by.has_right(move.right, task.area_id):
        raise PermissionDenied(move.right)
    if move.needs_reason and not reason.strip():
        raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))
    refusal = move.guard(task, by) if move.guard else None
    if refusal:
        raise refusal
    return move


def locked(task: Task) -> Task:
    """The row under lock until the transaction ends: of two people only one finds the old state."""
    return Task.objects.select_for_update().get(pk=task.pk)


def go(task: Task, move: Move) -> None:
    task.state, task.version = move.target, task.version + 1
    task.save(update_fields=["state", "version"])
