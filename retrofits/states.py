"""The life of a task as one table: services, buttons, tests and the manual read it and nothing else.

    listed → installed → accepted → running
      ↓ ↑      ↓  ↑         ↓          ↓ ↑
    returned  rectify       reopened ──┘
    listed | returned | installed | rectify → withdrawn → listed (taken up again)

`asks` names the stages of gates (`retrofits.gates.judging`) that must stand open before a move. Nothing moves a task
but `go`, and `go` wants the passage that only `demand` gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from households.models import Roster
from retrofits.faults import Fault, Faulty
from retrofits.gate_facts import Chosen, GateBook
from retrofits.gate_words import fault_of
from retrofits.gates.judging import ACCEPT, INSTALL, RUN
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
    asks: tuple[str, ...] = ()


def not_the_installer(task: Task, by: User) -> Refused | None:
    """Who installed does not accept: neither the person who recorded it nor anybody of the same firm."""
    record = task.installation
    if record.recorded_by.person_no == by.person_no:
        return Refused("OWN_WORK", _("You recorded this installation yourself; another inspector has to accept it."))
    if by.is_party("firm", record.supplier):
        words = _("%(unit)s installed this heater; an inspector of another firm has to accept it.")
        return Refused("OWN_FIRM", words, unit=record.supplier.name)
    return None


def free_to_return(task: Task, by: User) -> Refused | None:
    """A withdrawn task comes back only where its roster still stands and no other task lives for the dwelling."""
    others = Task.objects.filter(programme=task.programme, dwelling=task.dwelling).exclude(pk=task.pk)
    if others.exclude(state=State.WITHDRAWN).exists():
        return Refused("OTHER_TASK", _("Another task lives for this dwelling."), conflict=True)
    if task.roster_row.roster.state != Roster.State.APPROVED:
        return Refused("ROSTER_NOT_APPROVED", _("The roster the task came from is approved no longer."))
    if hasattr(task, "installation"):
        return Refused("WAS_INSTALLED", _("Something was installed under this task; a later roster starts anew."))
    return None


OPEN, RECORD, JUDGE = "tasks.open", "installations.record", "acceptances.record"
MOVES: tuple[Move, ...] = (
    Move("install", State.LISTED, State.INSTALLED, RECORD, _("Record the installation"), asks=(INSTALL,)),
    Move("return", State.LISTED, State.RETURNED, RECORD, _("Return to the office"), needs_reason=True),
    Move("relist", State.RETURNED, State.LISTED, OPEN, _("List again")),
    Move("accept", State.INSTALLED, State.ACCEPTED, JUDGE, _("Accept"), not_the_installer, asks=(ACCEPT,)),
    Move("refuse", State.INSTALLED, State.RECTIFY, JUDGE, _("Turn to rectification"), not_the_installer),
    Move("report_rectified", State.RECTIFY, State.INSTALLED, RECORD, _("Report as put right")),
    Move("start", State.ACCEPTED, State.RUNNING, RECORD, _("Start running"), asks=(RUN,)),
    Move("reopen", State.ACCEPTED, State.REOPENED, OPEN, _("Take up again"), needs_reason=True),
    Move("reopen", State.RUNNING, State.REOPENED, OPEN, _("Take up again"), needs_reason=True),
    Move("settle", State.REOPENED, State.RUNNING, JUDGE, _("Settle"), not_the_installer,
         needs_reason=True, asks=(ACCEPT, RUN)),
    Move("withdraw", State.LISTED, State.WITHDRAWN, OPEN, _("Withdraw the task"), needs_reason=True),
    Move("withdraw", State.RETURNED, State.WITHDRAWN, OPEN, _("Withdraw the task"), needs_reason=True),
    Move("withdraw", State.INSTALLED, State.WITHDRAWN, OPEN, _("Withdraw the task"), needs_reason=True),
    Move("withdraw", State.RECTIFY, State.WITHDRAWN, OPEN, _("Withdraw the task"), needs_reason=True),
    Move("reopen", State.WITHDRAWN, State.LISTED, OPEN, _("Take up again"), free_to_return, needs_reason=True),
)  # fmt: skip


@dataclass(frozen=True)
class Passage:
    """A move somebody may make now: state, right, reason, guard and every gate were looked at."""

    task_pk: int
    move: Move


def find(task: Task, deed: str) -> Move | None:
    return next((move for move in MOVES if (move.deed, move.source) == (deed, task.state)), None)


def open_moves(task: Task, user: User) -> list[Move]:
    """What this person may do with the task now: the buttons of its page. Gates are told when the button is used."""
    moves = [move for move in MOVES if move.source == task.state and user.has_right(move.right, task.area_id)]
    return [move for move in moves if move.guard is None or move.guard(task, user) is None]


def permit(task: Task, deed: str, by: User, reason: str = "") -> Move:
    """The move, or why not: wrong state (409), missing right (403), guard or missing reason (422). No gates yet."""
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


def shut_gates(
    task: Task, move: Move, *, on: date, chosen: Chosen | None = None, book: GateBook | None = None
) -> list[Fault]:
    """Every gate of the move that stands shut on the day, with reason and clause."""
    if not move.asks:
        return []
    verdicts = (book or GateBook(task.programme)).verdicts(task, move.asks, on=on, chosen=chosen)
    return [fault_of(verdict) for verdict in verdicts if verdict.blocks]


def demand(
    task: Task,
    deed: str,
    by: User,
    reason: str = "",
    *,
    on: date | None = None,
    chosen: Chosen | None = None,
    book: GateBook | None = None,
    faults: list[Fault] | None = None,
) -> Passage:
    """The way through: `permit`, then every gate. Raises `Faulty` GATES_SHUT with all that stand shut, together with
    `faults` the caller has found already."""
    move = permit(task, deed, by, reason)
    shut = shut_gates(task, move, on=on or clock.today(), chosen=chosen, book=book)
    if shut or faults:
        words = _("%(count)d things stand in the way.")
        raise Faulty("GATES_SHUT", words, [*(faults or []), *shut])
    return Passage(task.pk, move)


def locked(task: Task) -> Task:
    """The row under lock until the transaction ends: of two people only one finds the old state."""
    return Task.objects.select_for_update().get(pk=task.pk)


def go(task: Task, passage: Passage) -> None:
    """Make the move. The passage is good for the task it was given for, in the state it was given in."""
    if (passage.task_pk, passage.move.source) != (task.pk, task.state):
        raise ValueError("The passage belongs to another task or another moment.")
    task.state, task.version = passage.move.target, task.version + 1
    task.save(update_fields=["state", "version"])
