"""The gates of a task as its page shows them: what blocks, by which clause, who owes it, where to fix it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.rights import ROLES
from retrofits import gate_words
from retrofits.gate_facts import GateBook
from retrofits.gates.judging import ACCEPT, INSTALL, REMOVE, RUN, Verdict
from retrofits.models import Task

State = Task.State
AHEAD: dict[str, tuple[str, ...]] = {
    State.LISTED: (INSTALL,),
    State.RETURNED: (INSTALL,),
    State.INSTALLED: (ACCEPT, RUN),
    State.RECTIFY: (ACCEPT, RUN),
    State.ACCEPTED: (RUN, REMOVE),
    State.RUNNING: (REMOVE,),
    State.REOPENED: (ACCEPT, RUN),
}
LOOKS = {"met": "ok", "excused": "warn", "asks": "warn", "blocked": "bad"}
STATES: dict[str, str | Promise] = {
    "met": _("ready"),
    "excused": _("let through with a reason"),
    "asks": _("asks for a reason"),
    "blocked": _("not ready"),
}
NOT_CHOSEN = frozenset({"FIRM_UNKNOWN", "DEVICE_UNKNOWN"})
"""Refusals that only say that firm or product are chosen with the record: shown, but nobody owes them yet."""


@dataclass(frozen=True)
class Line:
    """One gate as drawn. `anchor` is an address on the same page or another."""

    verdict: Verdict
    state: str | Promise
    title: str | Promise
    words: str
    look: str
    owed_by: str | Promise
    link: str
    link_words: str | Promise

    @property
    def blocks(self) -> bool:
        """Whether somebody has to put something right now."""
        return is_owed(self.verdict)


def is_owed(verdict: Verdict) -> bool:
    """Shut, and not only because firm or product are chosen later."""
    return verdict.blocks and verdict.refusal is not None and verdict.refusal.code not in NOT_CHOSEN


def lines_of(task: Task, *, on: date, book: GateBook | None = None) -> list[Line]:
    """The gates ahead of the task, as they stand today."""
    stages = AHEAD.get(task.state, ())
    verdicts = (book or GateBook(task.programme)).verdicts(task, stages, on=on) if stages else []
    return [_line(task, verdict) for verdict in verdicts]


def shut_counts(tasks: Iterable[Task], *, on: date) -> dict[int, int]:
    """Task (primary key) → gates that stand shut before its next step; read for all of them at once."""
    tasks, books = [task for task in tasks if task.state in AHEAD], {}
    for key in {task.programme_id for task in tasks}:
        own = [task for task in tasks if task.programme_id == key]
        books[key] = GateBook(own[0].programme)
        books[key].read(own)
    return {
        task.pk: sum(is_owed(one) for one in books[task.programme_id].verdicts(task, AHEAD[task.state][:1], on=on))
        for task in tasks
    }


def _line(task: Task, verdict: Verdict) -> Line:
    words = verdict.reason if verdict.is_excused else gate_words.sentence(verdict.refusal) if verdict.refusal else ""
    gate, owed = verdict.gate, is_owed(verdict)
    look = LOOKS[verdict.state] if owed or not verdict.blocks else "warn"
    state = STATES[verdict.state] if owed or not verdict.blocks else _("chosen with the record")
    return Line(
        verdict, state, gate_words.TITLES[gate.code], words, look, ROLES[gate.owed_by].label,
        _link(task, gate.fix) if owed else "", gate_words.FIXES[gate.fix],
    )  # fmt: skip


def _link(task: Task, fix: str) -> str:
    pages: dict[str, tuple[str, list[Any]]] = {
        "roster": ("households:roster-list", []),
        "place": ("households:place-detail", [task.area_id]),
        "supply": ("retrofits:supply-list", []),
        "tender": ("retrofits:lot-list", []),
        "firm": ("retrofits:admission-list", []),
        "product": ("retrofits:product-list", []),
    }
    if fix not in pages:
        return f"#{'reason' if fix == 'reason' else 'papers'}"
    name, arguments = pages[fix]
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
