"""A programme with its whole plan read by one question.

After `read_whole(programme)`, `programme.targets.all()` and its like ask nothing more. What is read stays as it was:
read after the last change, not before it.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Prefetch, QuerySet

from core.beside import hang, is_hung, read_beside
from programmes.models import Clause, DeadlineMet, PlannedFunds, Programme

JOINS: dict[str, tuple[str, ...]] = {
    "targets": ("area__parent", "technology", "part"),
    "stated_sums": ("area", "technology", "part"),
    "leads": ("area", "part"),
    "parts": ("parent",),
    "plan_decisions": ("decided_by",),
}
BREAKDOWN = ("technologies", "parts", "targets", "stated_sums")
PLAIN = ("phases", "indicators", "thresholds", "figures", "duties", "principles", "panels", "checklists", "deadlines",
         "documents", "leads", "plan_decisions")  # fmt: skip
UNDER: dict[str, tuple[str, type[Model], str, str]] = {
    "parts": ("funds", PlannedFunds, "part_id", "part__programme"),
    "deadlines": ("met", DeadlineMet, "deadline_id", "deadline__programme"),
    "documents": ("clauses", Clause, "document_id", "document__programme"),
}


def read_whole(programme: Programme, *names: str, **beside: QuerySet[Any, Any]) -> dict[str, list[Any]]:
    """Read what hangs on the programme under `names` (none: everything); the answer holds the rows of `beside`."""
    names = names or (*BREAKDOWN, *PLAIN)
    wanted = {name: _asked(programme, name) for name in names}
    under = {name: _below(programme, name) for name in names if name in UNDER}
    found = read_beside(**wanted, **{f"under_{name}": rows for name, rows in under.items()}, **beside)
    for name in names:
        hang([programme], name, found[name], "programme_id")
    for name in under:
        hang(found[name], UNDER[name][0], found[f"under_{name}"], UNDER[name][2])
    return {name: found[name] for name in beside}


def rows_of(programme: Programme, name: str) -> Any:
    """`programme.<name>` with what belongs to each row: as `read_whole` left it, otherwise asked for."""
    if is_hung(programme, name):
        return getattr(programme, name).all()
    rows = _asked(programme, name)
    below = UNDER.get(name)
    return rows.prefetch_related(Prefetch(below[0])) if below else rows


def _asked(programme: Programme, name: str) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = getattr(programme, name).all()
    return rows.select_related(*JOINS[name]) if name in JOINS else rows


def _below(programme: Programme, name: str) -> QuerySet[Any, Any]:
    _accessor, model, _key, path = UNDER[name]
    return model.objects.filter(**{path: programme}).order_by("pk")  # type: ignore[attr-defined,no-any-return]
